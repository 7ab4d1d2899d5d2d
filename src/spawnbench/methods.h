/* SPDX-License-Identifier: MIT */
/* The ways to launch a program that are compared, as one table. */
#ifndef SPAWNBENCH_METHODS_H
#define SPAWNBENCH_METHODS_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "target.h"
#include "spawnutil.h"

/* A child between start and finish, and after a start that failed why, if known. */
struct launched {
	pid_t pid;
	struct spu_child child;
	int status;
	FILE *stream;
	struct spu_error error;
};

/*
 * start() launches and returns when the method's call does; finish() waits for
 * the end and stores the wait status. Both return 0 or a negative errno value;
 * after a start() that failed there is nothing to finish. Both may run in
 * several threads at once, each with a target of its own.
 *
 * -ENOTSUP, -EBADFD, -ENOMEM, -EAGAIN and -EMFILE from start() say that the method can't
 * launch in this parent, which is no failure of the measurement.
 */
struct method {
	const char *name;
	int (*start)(const struct target *target, struct launched *launched);
	int (*finish)(struct launched *launched, int *ret_status);
	unsigned flags;
};

#define METHOD_WAITS (1u << 0)	/* the call itself waits for the child */
#define METHOD_COPIES (1u << 1)	/* copies the parent's page tables: leaves cold caches */
#define METHOD_UNUSUAL (1u << 2)	/* only when it is named */
#define METHOD_OUTSIDE (1u << 3)	/* a struct outside: has no start() and finish() */

/* The method that the others are divided by, unless told otherwise. */
#define FLOOR_METHOD "raw"

extern const struct method method_table[];
extern const size_t method_table_count;

/* NULL if there is none of this name. */
const struct method *method_find(const char *name);

/*
 * The functions of the table that lie in files of their own: what libc's
 * functions and ours do, by name.
 */
int posix_spawn_start(const struct target *target, struct launched *launched);
int closefrom_start(const struct target *target, struct launched *launched);
int system_start(const struct target *target, struct launched *launched);
int popen_start(const struct target *target, struct launched *launched);
int popen_finish(struct launched *launched, int *ret_status);

int spu_close_start(const struct target *target, struct launched *launched);
int spu_allow_start(const struct target *target, struct launched *launched);
int spu_fail_start(const struct target *target, struct launched *launched);
int spu_deadline_start(const struct target *target, struct launched *launched);
int spu_server_start_child(const struct target *target, struct launched *launched);
int spu_posix_spawn_start(const struct target *target, struct launched *launched);
int spu_posix_spawn_allow_start(const struct target *target, struct launched *launched);
int spu_posix_spawn_fail_start(const struct target *target, struct launched *launched);
int spu_finish(struct launched *launched, int *ret_status);
int spu_posix_spawn_call_start(const struct target *target, struct launched *launched);
int spu_system_start(const struct target *target, struct launched *launched);
int spu_popen_start(const struct target *target, struct launched *launched);
int spu_popen_finish(struct launched *launched, int *ret_status);

#endif
