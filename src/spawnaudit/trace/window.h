/* SPDX-License-Identifier: MIT */
/*
 * The window of a launch, from the birth of a process to its first exec or its
 * end: opens the record, writes the calls into it, closes it and hands it on.
 * Knows the threads that it is told of; stops and continues none.
 */
#ifndef SPAWNAUDIT_WINDOW_H
#define SPAWNAUDIT_WINDOW_H

#include <stdint.h>

#include "../look/machine.h"
#include "../options.h"
#include "../record/launch.h"
#include "tasks.h"

/* Gets each launch when it is over, and frees it. */
typedef void window_taker(struct launch *launch);

void windows_setup(const struct options *options, window_taker *take);
size_t windows_open(void);

/* The call by which a process or thread is made */
struct birth {
	uint64_t flags;		/* of clone */
	int has_stack;		/* the child doesn't go on in its creator's frames */
	struct registers creator;	/* where it was called; all 0: unknown */
};

/* creator is stopped at a ptrace event that tells of the birth of the thread or process made. */
void birth_read(pid_t creator, int event, pid_t made, struct birth *ret);

/*
 * creator is stopped at the event of making child; NULL: it was killed there.
 * The result says whether the child is to stop at its system calls.
 */
int window_begin(const struct task *creator, struct tracee *child, const struct birth *birth);

/* The creator tells of a process whose window began without it. */
void window_tell(struct tracee *child, const struct task *creator, const struct birth *birth);

/* A thread in a window is stopped at a system call: 0 when it needs to stop at them no more. */
int window_call(struct task *task);

/* Looks at children that don't stop at their calls: often enough is each tenth of a second. */
void windows_look(void);

/* The process stands at its exec, has ended, or is left behind. */
void window_end(struct tracee *tracee, enum outcome outcome, int status);

#endif
