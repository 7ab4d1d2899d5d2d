/* SPDX-License-Identifier: MIT */
/* The stall experiment of one parent, from its process to the table. */
#ifndef SPAWNBENCH_STALL_BENCH_H
#define SPAWNBENCH_STALL_BENCH_H

#include "axes.h"
#include "bench.h"
#include "progress.h"

/* As series_run() for one shape. */
int stall_bench(struct bench *bench, const struct shape *shape, const struct ticker *ticker,
		uint64_t deadline);

#endif
