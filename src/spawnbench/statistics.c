/* SPDX-License-Identifier: MIT */
/* Order statistics and the bootstrap. Nothing here knows what was measured. */
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

double mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count ? sum / (double)count : NAN;
}

uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The median of count entries drawn from as many; drawn has room for them. */
static double draw_median(const double *values, size_t count, double *drawn, uint64_t *state)
{
	for (size_t i = 0; i < count; i++)
		drawn[i] = values[next_random(state) % count];
	sort_values(drawn, count);
	return quantile(drawn, count, 0.5);
}

static int bootstrap(const double *values, size_t count, uint64_t seed, struct estimate *ret)
{
	double *medians = calloc(RESAMPLES, sizeof(*medians));
	double *drawn = calloc(count + 1, sizeof(*drawn));
	int r = medians && drawn ? 0 : -ENOMEM;

	for (size_t i = 0; i < RESAMPLES && r == 0; i++)
		medians[i] = draw_median(values, count, drawn, &seed);
	if (r == 0) {
		sort_values(medians, RESAMPLES);
		ret->low = quantile(medians, RESAMPLES, 0.025);
		ret->high = quantile(medians, RESAMPLES, 0.975);
	}
	free(medians);
	free(drawn);
	return r;
}

int ratio_over_rounds(const double *value, const double *base, size_t rounds, uint64_t seed,
		      struct estimate *ret)
{
	double *ratios = calloc(rounds + 1, sizeof(*ratios));
	size_t count = 0;
	int r = 0;

	if (!ratios)
		return -ENOMEM;
	for (size_t i = 0; i < rounds; i++) {
		double ratio = value[i] / base[i];

		if (isfinite(ratio))
			ratios[count++] = ratio;
	}
	sort_values(ratios, count);
	ret->value = quantile(ratios, count, 0.5);
	ret->low = ret->high = NAN;
	if (count >= ROUNDS_FOR_INTERVAL)
		r = bootstrap(ratios, count, seed, ret);
	free(ratios);
	return r;
}

/* Those that are finite, in ascending order, with as much room behind them; how many. */
static double *take_finite(const double *values, size_t count, size_t *ret_count)
{
	double *finite = calloc(2 * count + 1, sizeof(*finite));

	*ret_count = 0;
	for (size_t i = 0; finite && i < count; i++) {
		if (isfinite(values[i]))
			finite[(*ret_count)++] = values[i];
	}
	if (finite)
		sort_values(finite, *ret_count);
	return finite;
}

int ratio_of_medians(const double *value, size_t values, const double *base, size_t bases,
		     uint64_t seed, struct estimate *ret)
{
	double *top = take_finite(value, values, &values), *ratios = NULL;
	double *bottom = take_finite(base, bases, &bases);
	int r = top && bottom ? 0 : -ENOMEM;

	*ret = (struct estimate){NAN, NAN, NAN};
	if (r == 0)
		ret->value = quantile(top, values, 0.5) / quantile(bottom, bases, 0.5);
	if (r == 0 && values >= ROUNDS_FOR_INTERVAL && bases >= ROUNDS_FOR_INTERVAL) {
		ratios = calloc(RESAMPLES, sizeof(*ratios));
		r = ratios ? 0 : -ENOMEM;
	}
	for (size_t i = 0; ratios && i < RESAMPLES; i++) {
		double drawn = draw_median(top, values, top + values, &seed);

		ratios[i] = drawn / draw_median(bottom, bases, bottom + bases, &seed);
	}
	if (ratios) {
		sort_values(ratios, RESAMPLES);
		ret->low = quantile(ratios, RESAMPLES, 0.025);
		ret->high = quantile(ratios, RESAMPLES, 0.975);
	}
	free(ratios);
	free(top);
	free(bottom);
	return r;
}
