/* SPDX-License-Identifier: MIT */
/* From samples to lines. Knows no method but the floor, and no shape specially. */
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "machine.h"
#include "statistics.h"

#define NANOSECONDS_PER_MICROSECOND 1000.0

/* Of one method: what its line shows, in microseconds. */
struct summary {
	size_t launches;
	double median, p90, ratio, returned;
};

static double sample_reaped(const struct sample *sample)
{
	return (double)sample->reaped / NANOSECONDS_PER_MICROSECOND;
}

static double sample_returned(const struct sample *sample)
{
	return (double)sample->returned / NANOSECONDS_PER_MICROSECOND;
}

/* Appends the values of a round to ret, which has room; how many. */
static size_t take_round(const struct results *results, size_t method, size_t round,
			 double (*value)(const struct sample *), double *ret)
{
	const struct sample *samples = results_samples(results, method, round);
	size_t count = results_count(results, method, round);

	for (size_t i = 0; i < count; i++)
		ret[i] = value(&samples[i]);
	return count;
}

/* The median of each round, NAN for one without samples. scratch holds a round. */
static void round_medians(const struct results *results, size_t method,
			  double (*value)(const struct sample *), double *scratch, double *ret)
{
	for (size_t round = 0; round < results->rounds; round++) {
		size_t count = take_round(results, method, round, value, scratch);

		sort_values(scratch, count);
		ret[round] = quantile(scratch, count, 0.5);
	}
}

static size_t take_all(const struct results *results, size_t method, double *ret)
{
	size_t count = 0;

	for (size_t round = 0; round < results->rounds; round++)
		count += take_round(results, method, round, sample_reaped, ret + count);
	sort_values(ret, count);
	return count;
}

/* scratch holds all samples of a method, medians a round's worth of them. */
static int summarize(const struct results *results, size_t method, const double *base,
		     double *scratch, double *medians, struct summary *ret)
{
	int r;

	round_medians(results, method, sample_returned, scratch, medians);
	r = median_over_rounds(medians, results->rounds, &ret->returned);
	round_medians(results, method, sample_reaped, scratch, medians);
	if (r == 0)
		r = median_over_rounds(medians, results->rounds, &ret->median);
	ret->ratio = NAN;
	if (r == 0 && base)
		r = ratio_over_rounds(medians, base, results->rounds, &ret->ratio);
	ret->launches = take_all(results, method, scratch);
	ret->p90 = quantile(scratch, ret->launches, 0.9);
	return r;
}

static void print_figure(FILE *out, int width, int decimals, double figure)
{
	if (isfinite(figure))
		fprintf(out, " %*.*f", width, decimals, figure);
	else
		fprintf(out, " %*s", width, "-");
}

static void print_line(FILE *out, const struct method *method, const struct summary *summary)
{
	fprintf(out, "%-16s", method->name);
	print_figure(out, 10, 1, summary->median);
	print_figure(out, 10, 1, summary->p90);
	print_figure(out, 8, 2, summary->ratio);
	print_figure(out, 10, 1, method->returns_at_end ? NAN : summary->returned);
	fprintf(out, " %9zu\n", summary->launches);
}

static void print_title(FILE *out, const struct shape *shape, const struct target *target)
{
	fprintf(out, "\nparent    rss %.0f MiB, %llu threads, %llu descriptors\nchild     %s\n\n",
		(double)shape->rss / (1024.0 * 1024.0), (unsigned long long)shape->threads,
		(unsigned long long)shape->fds, target->path);
	fprintf(out, "%-16s %10s %10s %8s %10s %9s\n", "method", "median us", "p90 us",
		"x " FLOOR_METHOD, "blocked us", "launches");
}

static int find_floor(const struct method *const methods[], size_t count, size_t *ret)
{
	for (*ret = 0; *ret < count; ++*ret) {
		if (strcmp(methods[*ret]->name, FLOOR_METHOD) == 0)
			return 1;
	}
	return 0;
}

static int print_lines(FILE *out, const struct method *const methods[],
		       const struct results *results, double *scratch, double *medians,
		       double *base)
{
	struct summary summary;
	size_t floor;
	int r = 0;

	if (find_floor(methods, results->methods, &floor))
		round_medians(results, floor, sample_reaped, scratch, base);
	else
		base = NULL;
	for (size_t i = 0; i < results->methods && r == 0; i++) {
		r = summarize(results, i, base, scratch, medians, &summary);
		if (r == 0 && results->failed[i])
			fprintf(out, "%-16s %s\n", methods[i]->name, strerror(results->failed[i]));
		else if (r == 0)
			print_line(out, methods[i], &summary);
	}
	return r;
}

int report_table(FILE *out, const struct shape *shape, const struct target *target,
		 const struct method *const methods[], const struct results *results)
{
	double *scratch = calloc(results->rounds * results->launches, sizeof(*scratch));
	double *medians = calloc(results->rounds, sizeof(*medians));
	double *base = calloc(results->rounds, sizeof(*base));
	int r = -ENOMEM;

	if (results_empty(results)) {
		r = 0;
	} else if (scratch && medians && base) {
		print_title(out, shape, target);
		r = print_lines(out, methods, results, scratch, medians, base);
	}
	free(scratch);
	free(medians);
	free(base);
	return r;
}

void report_head(FILE *out, size_t rounds, size_t launches, int processor)
{
	machine_print(out);
	fprintf(out, "measured  %zu rounds of %zu launches, ", rounds, launches);
	if (processor >= 0)
		fprintf(out, "pinned to processor %d", processor);
	else
		fprintf(out, "not pinned");
	fprintf(out, ", nice %d\n", getpriority(PRIO_PROCESS, 0));
}
