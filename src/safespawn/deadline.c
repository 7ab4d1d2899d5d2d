/* SPDX-License-Identifier: MIT */
#include "deadline.h"

#include <stddef.h>

#define SECOND_NS 1000000000

/* Of a time_t of 32 bits too, after 68 years: struct rusage keeps the library from a longer one */
#define LAST_SECOND (sizeof(time_t) < sizeof(int64_t) ? INT32_MAX : INT64_MAX)

void deadline_set(struct deadline *deadline, const struct timespec *from, int64_t ms)
{
	int64_t seconds = from->tv_sec + ms / 1000;
	long ns = from->tv_nsec + (long)(ms % 1000) * 1000000;

	if (ns >= SECOND_NS) {
		seconds++;
		ns -= SECOND_NS;
	}
	deadline->is_set = ms > 0;
	deadline->at.tv_sec = (time_t)(seconds < LAST_SECOND ? seconds : LAST_SECOND);
	deadline->at.tv_nsec = ns;
}

void deadline_set_from_now(struct deadline *deadline, int64_t ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	deadline_set(deadline, &now, ms);
}

static int is_before(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec != other->tv_sec ? one->tv_sec < other->tv_sec
					    : one->tv_nsec < other->tv_nsec;
}

struct deadline *deadline_first(struct deadline *one, struct deadline *other)
{
	if (!one->is_set)
		return other->is_set ? other : NULL;
	return other->is_set && is_before(&other->at, &one->at) ? other : one;
}

const struct timespec *deadline_left(const struct deadline *deadline, struct timespec *room)
{
	struct timespec now;

	if (!deadline || !deadline->is_set)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	room->tv_sec = deadline->at.tv_sec - now.tv_sec;
	room->tv_nsec = deadline->at.tv_nsec - now.tv_nsec;
	if (room->tv_nsec < 0) {
		room->tv_sec--;
		room->tv_nsec += SECOND_NS;
	}
	if (room->tv_sec < 0)
		*room = (struct timespec){0};
	return room;
}
