/* SPDX-License-Identifier: MIT */
/* A point in time until which something may take, or none. */
#ifndef SAFESPAWN_DEADLINE_H
#define SAFESPAWN_DEADLINE_H

#include <stdint.h>
#include <time.h>

struct deadline {
	int is_set;
	struct timespec at;	/* of CLOCK_MONOTONIC */
};

/* 0 ms: none */
void deadline_set(struct deadline *deadline, const struct timespec *from, int64_t ms);
void deadline_set_from_now(struct deadline *deadline, int64_t ms);

/* The earlier one; NULL where neither is set. */
struct deadline *deadline_first(struct deadline *one, struct deadline *other);

/* What is left, at least nothing, in room; NULL where that is for ever, as ppoll(2) takes it. */
const struct timespec *deadline_left(const struct deadline *deadline, struct timespec *room);

#endif
