/* SPDX-License-Identifier: MIT */
/* Questions about a process that was launched a moment ago. They change nothing. */
#ifndef LIB_EXECUTED_H
#define LIB_EXECUTED_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Has it let go of the memory that it was cloned with, by exec or by its end? 1,
 * 0, or -1: not to be told. is_child: it is the caller's own, and not reaped.
 */
int spu__has_executed(pid_t pid, int is_child);

/* Until it has, or that isn't to be told, or the time is over. */
void spu__await_executed(pid_t pid, int is_child, int64_t deadline);

/*
 * Of a child that isn't reaped, whether it has ended or not: did it execute a program?
 * 1, 0, or -1: not to be told.
 */
int spu__was_executed(pid_t pid);

/*
 * Was it sent SIGKILL, or has another signal ended it? If not, that takes a
 * millisecond: there is a moment at which the one is over and the other doesn't show
 * yet. Where /proc doesn't tell: no.
 */
int spu__was_killed(pid_t pid);

/* The system call that it is in. -1: none, or not to be told. */
long spu__current_call(pid_t pid);

/* Does /proc number processes as this one does? Else it names strangers. */
int spu__proc_is_ours(void);

/*
 * Was it killed on its way into exec? Not to be seen by its last stamp, but the
 * exit signal 0, that it was made with, is SIGCHLD only once exec can't fail any
 * more. Of a child.
 */
int spu__never_executed(pid_t pid);

#endif
