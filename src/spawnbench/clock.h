/* SPDX-License-Identifier: MIT */
/* The one clock of all figures: CLOCK_MONOTONIC, in nanoseconds. */
#ifndef SPAWNBENCH_CLOCK_H
#define SPAWNBENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NANOSECONDS 1000000000u
#define NANOSECONDS_PER_MILLISECOND 1000000u
#define NANOSECONDS_PER_MICROSECOND 1000u

static inline uint64_t clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

#endif
