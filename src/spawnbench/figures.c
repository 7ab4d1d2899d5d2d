/* SPDX-License-Identifier: MIT */
/* Gathering samples and handing them to the statistics. */
#include "figures.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Arrays to work in: one for all samples of a method, one with an entry a round. */
struct scratch {
	double *values, *base;
};

static void scratch_clear(struct scratch *scratch)
{
	free(scratch->values);
	free(scratch->base);
}

static int scratch_init(struct scratch *scratch, const struct results *results)
{
	size_t samples = results->rounds * results->jobs * results->launches;

	scratch->values = calloc(samples, sizeof(double));
	scratch->base = calloc(results->rounds, sizeof(double));
	if (scratch->values && scratch->base)
		return 0;
	scratch_clear(scratch);
	return -ENOMEM;
}

/* All values of a method; how many. */
static size_t take_all(const struct results *results, size_t method, enum metric metric,
		       double *ret)
{
	size_t count = 0;

	for (size_t round = 0; round < results->rounds; round++)
		count += results_take(results, method, round, metric, ret + count);
	return count;
}

/* The median of each round, NAN for one without samples. */
static void round_medians(const struct results *results, size_t method, double *values,
			  double *ret)
{
	for (size_t round = 0; round < results->rounds; round++) {
		size_t count = results_take(results, method, round, METRIC_REAPED, values);

		sort_values(values, count);
		ret[round] = quantile(values, count, 0.5);
	}
}

static void summarize(struct figure *figure, const struct results *results, size_t method,
		      enum metric metric, double *values)
{
	size_t count = take_all(results, method, metric, values);

	figure->means[metric] = mean(values, count);
	if (metric >= METRIC_TIMES)
		return;
	sort_values(values, count);
	figure->spreads[metric] = (struct spread){
		.p10 = quantile(values, count, 0.1), .p50 = quantile(values, count, 0.5),
		.p90 = quantile(values, count, 0.9), .p99 = quantile(values, count, 0.99),
		.max = quantile(values, count, 1),
	};
	for (size_t i = 0; metric == METRIC_REAPED && i < CURVE_POINTS; i++)
		figure->curve[i] = quantile(values, count, (double)i / (CURVE_POINTS - 1));
}

static int figure_init(struct figure *figure, const struct method *method,
		       const struct results *results, size_t index, struct scratch *scratch)
{
	const char *reason = results_reason(results, index);

	figure->method = method->name;
	snprintf(figure->reason, sizeof(figure->reason), "%s", reason ? reason : "");
	figure->launches = results_total(results, index, &figure->rounds);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		summarize(figure, results, index, (enum metric)i, scratch->values);
	figure->rate = results_rate(results, index);
	figure->medians = calloc(results->rounds, sizeof(double));
	if (!figure->medians)
		return -ENOMEM;
	round_medians(results, index, scratch->values, figure->medians);
	return ratio_over_rounds(figure->medians, scratch->base, results->rounds, RANDOM_SEED,
				 &figure->ratio);
}

int table_init(struct table *table, const struct shape *shape, const char *child,
	       const struct method *const methods[], const struct results *results,
	       size_t baseline)
{
	struct scratch scratch;
	int r = scratch_init(&scratch, results);

	if (r < 0)
		return r;
	*table = (struct table){.shape = *shape, .child = child, .count = results->methods,
				.baseline = baseline, .rounds = results->rounds};
	table->figures = calloc(results->methods, sizeof(*table->figures));
	r = table->figures ? 0 : -ENOMEM;
	round_medians(results, baseline, scratch.values, scratch.base);
	for (size_t i = 0; i < results->methods && r == 0; i++)
		r = figure_init(&table->figures[i], methods[i], results, i, &scratch);
	scratch_clear(&scratch);
	if (r < 0)
		table_clear(table);
	return r;
}

void table_clear(struct table *table)
{
	for (size_t i = 0; table->figures && i < table->count; i++)
		free(table->figures[i].medians);
	free(table->figures);
	table->figures = NULL;
}
