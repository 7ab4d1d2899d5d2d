/* SPDX-License-Identifier: MIT */
/* Outside programs that launch and time themselves: what spawnbench(1) asks of them. */
#ifndef SPAWNBENCH_OUTSIDE_H
#define SPAWNBENCH_OUTSIDE_H

#include <stddef.h>

#include "axes.h"
#include "methods.h"
#include "results.h"
#include "target.h"

struct outside {
	struct method method;	/* the first, so that it can stand among the methods */
	const char *command;	/* for the shell */
};

/* NULL, or why a program that is its own can't have such a parent, or launch such a child. */
const char *outside_refusal(const struct shape *shape, const struct target *target);

/*
 * Has the shell run the command of a METHOD_OUTSIDE with two more arguments, the child's
 * path and count, and calls add() for each of the count lines that it prints, as
 * they come. A failure is said on stderr and the result is negative; what the
 * program started may go on running then.
 */
int outside_run(const struct method *method, const char *child, size_t count,
		void (*add)(void *context, const struct sample *sample), void *context);

#endif
