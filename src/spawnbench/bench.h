/* SPDX-License-Identifier: MIT */
/* From options to tables: every shape of parent, one after the other. */
#ifndef SPAWNBENCH_BENCH_H
#define SPAWNBENCH_BENCH_H

#include "machine.h"
#include "options.h"
#include "output.h"
#include "target.h"

struct bench {
	const struct options *options;
	struct target targets[LIST_MAX];
	size_t target_count;
	struct machine machine;
	struct setting setting;
	struct output output;
	double load;		/* before anything was measured */
};

/*
 * Finds out, before anything is measured, whether all that is asked for can be
 * done here. What can't is said on stderr and the result is negative.
 */
int bench_prepare(struct bench *bench, const struct options *options);

/* 0; the number of the signal that ended it early; or -1. */
int bench_run(struct bench *bench);

void bench_clear(struct bench *bench);

#endif
