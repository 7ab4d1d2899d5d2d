/* SPDX-License-Identifier: MIT */
/*
 * From samples to figures: what every output shows. Prints nothing, and
 * outlives the samples.
 */
#ifndef SPAWNBENCH_FIGURES_H
#define SPAWNBENCH_FIGURES_H

#include "axes.h"
#include "machine.h"
#include "methods.h"
#include "results.h"
#include "statistics.h"

/* Of all launches of a method together, in microseconds; NAN: not measured. */
struct spread {
	double p10, p50, p90, p99, max;
};

/* Quantiles of the whole time at equal steps from 0 to 1, for the shape of a distribution. */
#define CURVE_POINTS 101

struct figure {
	const char *method;
	char reason[REASON_SIZE];	/* "", or why there are no figures */
	size_t launches, rounds;
	struct spread spreads[METRIC_TIMES];
	double means[METRIC_COUNT];
	double rate;			/* launches in a second, all jobs together */
	struct estimate ratio;		/* of the whole time to the baseline's */
	double curve[CURVE_POINTS];
	double *medians;		/* of each round, of the whole time; NAN: it has none */
	struct estimate change;		/* of an old run's: the ratio to it */
};

#define DOUBTS_MAX 8
#define DOUBT_SIZE 512

/* One parent and one child: a figure for each method. */
struct table {
	struct shape shape;
	const char *child;
	size_t count, baseline;
	struct figure *figures;
	struct conditions conditions;
	size_t rounds;			/* that were wanted */
	const char *old;		/* the file of that run; NULL: nothing is compared */
	size_t doubt_count;
	char doubts[DOUBTS_MAX][DOUBT_SIZE];
};

/*
 * conditions and doubts are the caller's to fill in. -ENOMEM; else 0, and the
 * table is table_clear()'s.
 */
int table_init(struct table *table, const struct shape *shape, const char *child,
	       const struct method *const methods[], const struct results *results,
	       size_t baseline);
void table_clear(struct table *table);

#endif
