/* SPDX-License-Identifier: MIT */
/* The bounds beyond which a figure is doubtful, and the words for it. */
#include "doubts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STEAL_BOUND 0.01	/* of the processors' time */
#define OTHERS_BOUND 0.05
#define LOAD_BOUND 0.5		/* processes ready to run, for each processor */
#define SPREAD_BOUND 1.5	/* the 90th percentile, in medians */
#define INTERVAL_BOUND 0.1	/* its width, in ratios */

__attribute__((format(printf, 2, 3)))
static void add(struct table *table, const char *format, ...)
{
	va_list arguments;

	if (table->doubt_count == DOUBTS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(table->doubts[table->doubt_count++], DOUBT_SIZE, format, arguments);
	va_end(arguments);
}

static int is_measured(const struct figure *figure)
{
	return !figure->reason[0] && figure->launches;
}

static int is_cut_short(const struct table *table, const struct figure *figure)
{
	return figure->rounds < table->rounds;
}

static int has_no_interval(const struct table *table, const struct figure *figure)
{
	(void)table;
	return figure->rounds < ROUNDS_FOR_INTERVAL;
}

static int is_spread(const struct table *table, const struct figure *figure)
{
	const struct spread *spread = &figure->spreads[METRIC_REAPED];

	(void)table;
	return spread->p90 > SPREAD_BOUND * spread->p50;
}

static int is_vague(const struct table *table, const struct figure *figure)
{
	const struct estimate *ratio = &figure->ratio;

	(void)table;
	return ratio->high - ratio->low > INTERVAL_BOUND * ratio->value;
}

/* The names of the methods that it holds for, "all" for all; none: "". */
static const char *collect(const struct table *table,
			   int (*holds)(const struct table *, const struct figure *),
			   char names[DOUBT_SIZE / 2])
{
	size_t measured = 0, found = 0;
	char *end = names;

	names[0] = '\0';
	for (size_t i = 0; i < table->count; i++) {
		const struct figure *figure = &table->figures[i];
		size_t room = DOUBT_SIZE / 2 - (size_t)(end - names);

		measured += (size_t)is_measured(figure);
		if (!is_measured(figure) || !holds(table, figure))
			continue;
		if (strlen(figure->method) + sizeof(", ") < room)
			end += snprintf(end, room, "%s%s", found ? ", " : "", figure->method);
		found++;
	}
	return found > 1 && found == measured ? "all" : names;
}

static void doubt_machine(struct table *table, double load, long processors)
{
	const struct conditions *conditions = &table->conditions;

	if (conditions->steal > STEAL_BOUND)
		add(table, "the hypervisor took %.0f %% of the processors' time (steal): measure "
		    "at another time or on another machine", conditions->steal * 100);
	if (conditions->others > OTHERS_BOUND)
		add(table, "other programs used %.0f %% of the processors' time: end them, or see "
		    "with more --rounds whether it matters", conditions->others * 100);
	if (load > LOAD_BOUND * (double)processors)
		add(table, "the load was %.2f on %ld processor%s when it began: wait until the "
		    "machine is quiet", load, processors, processors == 1 ? "" : "s");
}

void doubts_find(struct table *table, double load, long processors, int pinned,
		 int ended_early)
{
	char names[DOUBT_SIZE / 2];
	const char *who;

	doubt_machine(table, load, processors);
	who = ended_early ? "" : collect(table, is_cut_short, names);
	if (who[0])
		add(table, "fewer rounds than %zu for want of time (%s): a longer --time, or fewer "
		    "--launches", table->rounds, who);
	who = collect(table, has_no_interval, names);
	if (who[0])
		add(table, "too few rounds for an interval (%s): at least --rounds=%d", who,
		    ROUNDS_FOR_INTERVAL);
	who = collect(table, is_spread, names);
	if (who[0])
		add(table, "one launch in ten takes more than %.1f times the median (%s): %s",
		    SPREAD_BOUND, who, pinned ? "more --rounds of fewer --launches" : "--pin");
	who = collect(table, is_vague, names);
	if (who[0])
		add(table, "the interval is wider than %.0f %% of the ratio (%s): more --rounds",
		    INTERVAL_BOUND * 100, who);
}
