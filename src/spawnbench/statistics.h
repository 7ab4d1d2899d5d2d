/* SPDX-License-Identifier: MIT */
/*
 * What the tables say about samples. Pure: arrays in, numbers out. NAN stands
 * for "there is none" in what comes in and what goes out.
 */
#ifndef SPAWNBENCH_STATISTICS_H
#define SPAWNBENCH_STATISTICS_H

#include <stddef.h>

/* Ascending, in place. NANs aren't allowed here. */
void sort_values(double *values, size_t count);

/*
 * The quantile p (0 to 1) of values in ascending order, interpolated between
 * neighbours: at position p * (count - 1), counted from 0. This is type 7 of
 * Hyndman and Fan (1996), what R's quantile() does unless told otherwise.
 */
double quantile(const double *sorted, size_t count, double p);

/*
 * Over rounds, where entry i belongs to round i: the median of the entries
 * that aren't NAN, and the median of the ratios value / base of the rounds that
 * have both. A drift of the machine, slow against a round, cancels in the ratio.
 * -ENOMEM, else 0.
 */
int median_over_rounds(const double *value, size_t rounds, double *ret);
int ratio_over_rounds(const double *value, const double *base, size_t rounds, double *ret);

#endif
