/* SPDX-License-Identifier: MIT */
/*
 * Which functions a fork child enters before its exec: writes breakpoints into its copy
 * of the text at its birth, records each that it meets, and puts the text back. The child
 * sees nothing of it: its mask, its handlers and its own traps are as without us.
 */
#ifndef SPAWNAUDIT_ENTRIES_H
#define SPAWNAUDIT_ENTRIES_H

#include "../look/machine.h"
#include "../options.h"
#include "../record/launch.h"
#include "tasks.h"

void entries_setup(const struct options *options);
void entries_free(void);

/* The creator is stopped at the birth of a process, or (child NULL) of a thread. */
void entries_birth(struct task *creator, struct tracee *child, uint64_t flags);

/* A new thread or process stands at its first stop, and goes on after this. */
void entries_admit(struct task *task);

/* It is stopped by this signal: what it is to get. 0: nothing, the signal was ours. */
int entries_signal(struct task *task, int signal_number);

/* It is stopped where a system call begins, */
void entries_call(struct task *task, const struct registers *entry);

/* or ends; interrupted: by a signal. */
void entries_return(struct task *task, int interrupted);

/* Is such a call one of the function that is to be blamed, if there is one? */
int entries_explain(const struct task *task, const struct registers *entry);

/* It makes no stops at its system calls from now on. */
void entries_give_up(struct task *task);

/* Its window is over; in a new program nothing is to be put back. */
void entries_end(struct tracee *tracee, enum outcome outcome);

/* After that: it is let go, and runs maybe. The text is put back before. */
void entries_leave(struct tracee *tracee);

#endif
