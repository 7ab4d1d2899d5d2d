/* SPDX-License-Identifier: MIT */
/*
 * What the tables say about samples. Pure: arrays in, numbers out. NAN stands
 * for "there is none" in what comes in and what goes out.
 */
#ifndef SPAWNBENCH_STATISTICS_H
#define SPAWNBENCH_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Ascending, in place. NANs aren't allowed here. */
void sort_values(double *values, size_t count);

/*
 * The quantile p (0 to 1) of values in ascending order, interpolated between
 * neighbours: at position p * (count - 1), counted from 0. This is type 7 of
 * Hyndman and Fan (1996), what R's quantile() does unless told otherwise.
 */
double quantile(const double *sorted, size_t count, double p);

double mean(const double *values, size_t count);

/* A figure and the interval that it lies in with a probability of 95 %. */
struct estimate {
	double value, low, high;
};

/*
 * Over rounds, where entry i belongs to round i: the median of the ratios
 * value / base of the rounds that have both. A drift of the machine, slow
 * against a round, cancels in it.
 *
 * The interval is a percentile bootstrap (Efron 1979): rounds are drawn with
 * replacement, as many as there are, RESAMPLES times, and the quantiles 0.025
 * and 0.975 of the medians taken. Which rounds are drawn comes from seed
 * alone. With fewer than 5 rounds there is no interval worth the name: NAN.
 *
 * -ENOMEM, else 0.
 */
#define RESAMPLES 2000
#define ROUNDS_FOR_INTERVAL 5
int ratio_over_rounds(const double *value, const double *base, size_t rounds, uint64_t seed,
		      struct estimate *ret);

/*
 * The median of the values by that of the bases, whose rounds have nothing to do with
 * each other; the interval as above, rounds drawn from both. NANs are left out.
 */
int ratio_of_medians(const double *value, size_t values, const double *base, size_t bases,
		     uint64_t seed, struct estimate *ret);

/* xorshift64 (Marsaglia 2003); *state is never 0. */
#define RANDOM_SEED 88172645463325252u
uint64_t next_random(uint64_t *state);

#endif
