/* SPDX-License-Identifier: MIT */
/* What is known of the command while it runs, and how it is sent a signal. */
#ifndef SAFESPAWN_SUPERVISOR_H
#define SAFESPAWN_SUPERVISOR_H

#include <signal.h>
#include <stdint.h>

#include "deadline.h"
#include "ending.h"
#include "relay.h"
#include "settings.h"
#include "tree.h"

struct supervisor {
	const struct settings *settings;
	const sigset_t *waited;
	struct spu_child *child;
	pid_t pid;		/* the child's */
	int leads_group;	/* then its group gets the signals */
	uint64_t sent;		/* the signals that it has had from us */
	sigset_t early;		/* came when there was perhaps no command to get them with us */
	int stopped;		/* the command is */
	int goes_on;		/* it is to, once what came with that is taken */
	int terminal;		/* -1: none, or not looked for */
	pid_t holder;		/* the command's group, if it's to have the terminal; or 0 */
	struct deadline limit;	/* the end of time, for the first signal */
	struct deadline kill;	/* for SIGKILL */
	int is_killed;		/* has had it */
	struct deadline told;	/* somebody else has told it to end: so long it may be why */
	struct tree *tree;	/* with --kill-tree */
	struct relay *relay;	/* with --pty */
	struct ending *ending;
};

void signal_command(struct supervisor *s, int number);

#endif
