/* SPDX-License-Identifier: MIT */
/* What the command's end makes of ours: an exit status, or the same death. */
#ifndef SAFESPAWN_ENDING_H
#define SAFESPAWN_ENDING_H

#include <sys/resource.h>

#include "settings.h"

struct ending {
	int wait_status;	/* the command's */
	int timed_out;
	int is_output_lost;	/* of what --pty shows */
	struct rusage usage;
	int exit_status;	/* ours, as a shell's $? has it: 128+N for a signal */
	int signal;		/* what we die of; 0: we exit */
};

/* Fills in what is ours. */
void ending_judge(const struct settings *settings, struct ending *ending);

/* As --map-status has it. */
void ending_map(const struct settings *settings, struct ending *ending);

/*
 * Dies of the signal, without a core of our own. Returns where that isn't to be
 * had: in process 1, which the kernel spares. Then 128+N has to do.
 */
void ending_die(int number);

#endif
