/* SPDX-License-Identifier: MIT */
/*
 * One-shot breakpoints at all functions of a process: written into its own copy of the
 * text, so that nobody else meets them. Each is gone once it was hit.
 */
#ifndef SPAWNAUDIT_BREAKPOINTS_H
#define SPAWNAUDIT_BREAKPOINTS_H

#include <stdint.h>
#include <sys/types.h>

#include "../look/machine.h"
#include "starts.h"

struct breakpoints;

/* A place in the text: NULL where it is in no file, or before its first function */
struct spot {
	const struct starts *file;
	const struct start *function;
	uint64_t offset;	/* in the file */
};

struct hit {
	struct spot at, caller;	/* caller: where it returns to */
	uint64_t sp, back;	/* it returns there, which lies at sp */
	int is_return;		/* of what breakpoints_await() is for: only at and sp count */
};

/* Those of this processor? */
int breakpoints_are_known(void);

/*
 * The process must not run, and share its memory with no other. NULL: there is nothing
 * to write, or it can't be written, or breakpoints aren't known.
 */
struct breakpoints *breakpoints_plant(pid_t pid);
struct breakpoints *breakpoints_share(struct breakpoints *breakpoints);
void breakpoints_let_go(struct breakpoints *breakpoints);

/* Are they in all files whose code it may run? */
int breakpoints_are_whole(const struct breakpoints *breakpoints);

/* Puts the text back, in the process that they were written to or in a copy of it. */
void breakpoints_remove(const struct breakpoints *breakpoints, pid_t pid);

/*
 * Could they be put back in a copy of the process, too? It hides its memory from who
 * isn't privileged by setuid(2), and by prctl(2).
 */
int breakpoints_can_be_reached(const struct breakpoints *breakpoints);

/* One more, where a function returns to, if that can be. It may be asked for again. */
void breakpoints_await(const struct breakpoints *breakpoints, uint64_t address);

/*
 * The thread is stopped by SIGTRAP: was it one of these? Then that one is gone, and the
 * thread goes on as if it had never been. *ret_own: there is a SIGTRAP of the program's
 * besides.
 */
int breakpoints_take(const struct breakpoints *breakpoints, pid_t tid, struct hit *ret,
		     int *ret_own);

#endif
