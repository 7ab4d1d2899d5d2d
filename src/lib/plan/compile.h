/* SPDX-License-Identifier: MIT */
/* The front of struct spu_options: what its members become, and in which order. */
#ifndef LIB_COMPILE_H
#define LIB_COMPILE_H

#include "../arena.h"
#include "actions.h"
#include "capabilities.h"

/* What a plan is made of; all of it stays alive as long as the plan. */
struct plan_request {
	char *const *argv;
	char *const *environ;	/* the caller's environment */
	const char *path;	/* to search: options.path, or the caller's PATH; NULL: nothing */
	const struct spu_options *options;
	const struct actions *actions;	/* in place of what options give, or NULL */
	struct table table;
	int64_t left_us;	/* of the time until exec; 0: any */
	uint64_t mask;		/* the calling thread's, for SPU_KEEP_MASK */
	struct arena *arena;	/* where the plan gets its memory, or NULL */
	pid_t group;		/* the caller's process group */
	int nice;		/* the calling thread's */
	struct capabilities capabilities;
	int is_born_in_cgroup;	/* no step is needed for it */
};

/* *ret_block is the one allocation that the plan lives in, to be given back. 0, -ENOMEM. */
int spu__compile(const struct plan_request *request, struct plan *ret_plan, void **ret_block);

#endif
