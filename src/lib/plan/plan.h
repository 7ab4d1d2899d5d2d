/* SPDX-License-Identifier: MIT */
/*
 * The plan: what a child will do, as data. A flat array of steps with every
 * argument resolved; made in the parent, carried out by the child, printed by
 * shown.c, translated by posix_spawn.c.
 */
#ifndef LIB_PLAN_H
#define LIB_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../kernel.h"
#include "given.h"
#include "step.h"

/* What the child leaves for the parent, in shared memory or in the error pipe. */
struct report {
	int err;	/* 0, an errno value, or REPORT_STOP */
	int at;		/* stamped before each step: its place in the plan */
	int index;	/* exec: the candidate that is tried, or that err is about */
	pid_t pid;	/* written by the kernel before the child runs */
};

/* A stop signal waits behind the mask: the parent lets it happen and launches again. */
#define REPORT_STOP 4096	/* above every errno value */

/* Words of the mask of processors: as many as the kernel can be built for. */
#define CPU_WORDS 128

/* A process number's digits, and a newline or NUL. */
#define PID_ROOM 12

/* Everything that the child reads; lives in the parent's frame and heap. */
struct plan {
	struct step *steps;
	int count;
	int start;		/* 1 where step 0 (handlers) isn't needed */
	int error_pipe;		/* the write end, or -1 */
	int closes_by_hand;	/* close_range isn't to be had here */
	uint64_t clone_flags;	/* beside those that each launch has */
	uint64_t mask;		/* the child's signal mask */
	const char *const *candidates;	/* for exec; NULL ends */
	int program;		/* a descriptor; its candidate is ""; or -1 */
	char *const *argv;
	char *const *env;
	uint64_t *cpus;		/* CPU_WORDS of them, or NULL */
	char *cgroup;		/* the file of its members */
	char oom[8];		/* the text of oom_score_adj */
	struct kernel_cap_head cap_head;
	struct kernel_cap_sets inheritable[2];
	struct kernel_cap_sets securebits_right[2];
	struct kernel_filter filter;
	int sched_priority;	/* all of a struct sched_param */
	char *pid_value;	/* in env */
	char pid_line[PID_ROOM];	/* written by the child, as what follows */
	int pid_size;		/* of its number as text, and what stands behind it */
	struct kernel_sigevent overdue;	/* SIGKILL */
	struct kernel_itimerspec left;	/* of the time until exec, which deletes the timer */
	int timer;
	pid_t group;		/* that foreground names; 0: the child's own, which is report.pid */
	char *spare_stack;	/* its top: for the child that detach makes */
	int exit_signal;	/* and that one's, until exec */
	volatile struct report report;
};

/* A front: what it asks for, in its order. */

/* Appends a step; arguments that aren't given are 0. */
struct step *spu__add_step(struct plan *plan, enum step_kind kind, int index);
void spu__add_step1(struct plan *plan, enum step_kind kind, int index, long a);
void spu__add_step3(struct plan *plan, enum step_kind kind, int index, long a, long b, long c);
/* plan->group becomes that of the terminal. */
void spu__add_foreground(struct plan *plan, int index, int terminal);

/* Public number and name of a kind. */
unsigned spu__step_number(enum step_kind kind);
const char *spu__kind_name(enum step_kind kind);

#endif
