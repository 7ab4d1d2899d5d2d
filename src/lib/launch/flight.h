/* SPDX-License-Identifier: MIT */
/* One attempt at a launch: a child is made, and what became of it is found out. */
#ifndef LIB_FLIGHT_H
#define LIB_FLIGHT_H

#include "launch.h"

struct flight {
	int refusal;		/* no process was made: a negative errno value */
	pid_t pid;		/* of the child; of the one between, where it is detached */
	int pidfd;		/* -1; none where the launch failed or is detached */
	struct report report;	/* what it left; a report.at of -1: nothing */
	int ran;		/* its program was executed; else it is reaped */
	int status;		/* a wait status, where it is reaped */
	int is_overdue;		/* its time was over before its program was executed */
	int is_mute;		/* its memory was a copy, and there was no pipe to tell by */
};

void spu__fly(struct launch *launch, struct flight *ret);

/* Does the answer say that a call, or a flag of it, isn't to be had here, or now? */
int spu__is_refusal(long r);

/* The flags and exit signal that the next one would begin with; 0 or 1: is it clone3? */
int spu__clone_flags(const struct launch *launch, uint64_t *ret_flags, int *ret_exit_signal);

#endif
