/* SPDX-License-Identifier: MIT */
/*
 * What the peers in C share: the clock, and the line that spawnbench(1) reads of
 * each launch. How a process is launched stands in the peers and nowhere here.
 */
#ifndef PEER_H
#define PEER_H

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t peer_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void peer_report(uint64_t start, uint64_t returned, uint64_t reaped)
{
	printf("%llu %llu\n", (unsigned long long)(returned - start),
	       (unsigned long long)(reaped - start));
}

#endif
