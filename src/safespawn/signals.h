/* SPDX-License-Identifier: MIT */
/* Mask and dispositions: as they were found, for the command, and as we need them. */
#ifndef SAFESPAWN_SIGNALS_H
#define SAFESPAWN_SIGNALS_H

#include <signal.h>
#include <stdint.h>

struct signals {
	uint64_t blocked;	/* when we began */
	int child_was_ignored;	/* SIGCHLD was */
	sigset_t waited;	/* what we block and wait for: all */
};

void signals_read(struct signals *ret);

/*
 * Asked when one has come, since a blocked signal is queued even when it is
 * ignored: asking for all of them beforehand costs as much as the launch.
 */
int signals_is_ignored(int number);

/* Whether it is a terminal's stop, which may be blocked. */
int signals_is_stop(int number);

/*
 * Blocks them, before the launch, so that no SIGCHLD is missed. An ignored
 * SIGCHLD becomes default, since the kernel would reap the command for us.
 */
void signals_block(const struct signals *signals);

#endif
