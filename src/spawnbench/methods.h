/* SPDX-License-Identifier: MIT */
/* The ways to launch a program that are compared, as one table. */
#ifndef SPAWNBENCH_METHODS_H
#define SPAWNBENCH_METHODS_H

#include <stddef.h>
#include <sys/types.h>

#include "target.h"
#include "spawnutil.h"

/* A launched child, between start and finish. */
struct launched {
	pid_t pid;
	struct spu_child child;
	int status;
};

/*
 * start() launches and returns when the method's call does; finish() waits for
 * the end and stores the wait status. Both return 0 or a negative errno value;
 * after a start() that failed there is nothing to finish.
 */
struct method {
	const char *name;
	int (*start)(const struct target *target, struct launched *launched);
	int (*finish)(struct launched *launched, int *ret_status);
	unsigned returns_at_end;	/* the call itself waits for the child */
};

/* The method that the others are divided by. */
#define FLOOR_METHOD "raw"

extern const struct method method_table[];
extern const size_t method_table_count;

/* NULL if there is none of this name. */
const struct method *method_find(const char *name);

#endif
