/* SPDX-License-Identifier: MIT */
/* The clone instruction and all that runs between it and exec. */
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

#include "../plan/plan.h"

/* Bytes of stack that a child needs, and the one between us and a detached child. */
#define CHILD_STACK 3072
#define MIDDLE_STACK 1536
#define CHILD_STACKS (MIDDLE_STACK + CHILD_STACK)

/*
 * The two system calls that make a child. It carries the plan out from
 * plan->start, on the stack whose top is given, and never returns; the caller
 * gets a pid or a negative errno value. flags of clone hold the exit signal;
 * parent_word is where it writes a pidfd, or the pid (CLONE_PARENT_SETTID).
 */
long spu__clone_child(unsigned long flags, void *stack_top, int *parent_word, struct plan *plan);
long spu__clone3_child(const struct kernel_clone_args *args, size_t size, struct plan *plan);

/* Carries the plan out in the calling process; returns only on failure, with report filled in. */
void spu__run_plan(struct plan *plan);

#endif
