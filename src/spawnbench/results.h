/* SPDX-License-Identifier: MIT */
/*
 * The samples of one table. They lie in memory that the measuring process and
 * the one that prints share, and a sample is counted only after it is written:
 * what is there is good even if the measuring process is killed.
 */
#ifndef SPAWNBENCH_RESULTS_H
#define SPAWNBENCH_RESULTS_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds since the call. */
struct sample {
	uint64_t returned;
	uint64_t reaped;
};

struct results {
	size_t methods, rounds, launches;
	int *failed;		/* by method: 0, or why it can't launch (an errno value) */
	unsigned *counts;	/* by method and round: how many samples are there */
	struct sample *samples;	/* by method, round and launch */
	size_t size;
};

int results_init(struct results *results, size_t methods, size_t rounds, size_t launches);
void results_clear(struct results *results);

/* Nothing was measured and no method was found wanting. */
int results_empty(const struct results *results);

unsigned results_count(const struct results *results, size_t method, size_t round);
const struct sample *results_samples(const struct results *results, size_t method, size_t round);
void results_add(struct results *results, size_t method, size_t round,
		 const struct sample *sample);

#endif
