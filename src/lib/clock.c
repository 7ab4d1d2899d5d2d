/* SPDX-License-Identifier: MIT */
#include "clock.h"

int64_t spu__now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t spu__deadline_in(int timeout_ms)
{
	if (timeout_ms <= 0)
		return timeout_ms < 0 ? NEVER : 0;
	return spu__now_us() + (int64_t)timeout_ms * 1000;
}

int64_t spu__deadline_of(int timeout_ms)
{
	return timeout_ms ? spu__deadline_in(timeout_ms) : NEVER;
}

struct timespec spu__timespec(int64_t us)
{
	if (us < 0)
		us = 0;
	return (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
}
