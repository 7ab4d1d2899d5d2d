/* SPDX-License-Identifier: MIT */
/* What is to be measured, and where it goes, as the options have it. */
#ifndef SPAWNBENCH_BENCH_H
#define SPAWNBENCH_BENCH_H

#include "machine.h"
#include "old.h"
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
	struct old old;		/* its name is NULL: there is none */
	int is_slower;		/* than that, by more than the threshold */
	double load;		/* before anything was measured */
};

/*
 * Finds out, before anything is measured, whether all that is asked for can be
 * done here. What can't is said on stderr and the result is negative.
 */
int bench_prepare(struct bench *bench, const struct options *options);

void bench_clear(struct bench *bench);

/* Combinations of what the lists have for a parent, the last list's changing first. */
size_t bench_shape_count(const struct options *options);
struct shape bench_shape(const struct options *options, size_t n);

#endif
