/* SPDX-License-Identifier: MIT */
/* Order statistics. Nothing here knows what was measured. */
#include "statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void sort_values(double *values, size_t count)
{
	if (count > 1)
		qsort(values, count, sizeof(*values), compare);
}

double quantile(const double *sorted, size_t count, double p)
{
	double position;
	size_t below;

	if (count == 0)
		return NAN;
	position = p * (double)(count - 1);
	below = (size_t)position;
	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* The median of the finite ones; reorders. */
static double median_finite(double *values, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (isfinite(values[i]))
			values[kept++] = values[i];
	}
	sort_values(values, kept);
	return quantile(values, kept, 0.5);
}

int median_over_rounds(const double *value, size_t rounds, double *ret)
{
	double *values = calloc(rounds + 1, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < rounds; i++)
		values[i] = value[i];
	*ret = median_finite(values, rounds);
	free(values);
	return 0;
}

int ratio_over_rounds(const double *value, const double *base, size_t rounds, double *ret)
{
	double *ratios = calloc(rounds + 1, sizeof(*ratios));

	if (!ratios)
		return -ENOMEM;
	for (size_t i = 0; i < rounds; i++)
		ratios[i] = value[i] / base[i];
	*ret = median_finite(ratios, rounds);
	free(ratios);
	return 0;
}
