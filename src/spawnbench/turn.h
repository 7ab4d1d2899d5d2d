/* SPDX-License-Identifier: MIT */
/* A turn: one method launches some times, in one thread or in several at once. */
#ifndef SPAWNBENCH_TURN_H
#define SPAWNBENCH_TURN_H

#include "measurement.h"

/* Room for each thread's copy of the target. */
struct job;
struct job *jobs_new(const struct target *target, size_t count);
void jobs_free(struct job *jobs, size_t count);

struct turn {
	const struct measurement *m;
	struct job *jobs;
	size_t method, round;
	uint64_t limit;		/* nanoseconds that the launches may take; 0: any, but in warm-up */
};

/* Launches that don't count. 0, or -1 as below. */
int turn_warm_up(const struct turn *turn);

/* 0; the method may have been refused then. -1 for any other failure, which was said. */
int turn_take(const struct turn *turn);

/*
 * What a launch came to: a negative errno value of the method, or the child's
 * wait status. Whether it only says that the method can't launch here; and
 * saying what went wrong.
 */
int turn_is_refusal(int result);
void turn_say_failure(const char *method, const char *path, int result);

#endif
