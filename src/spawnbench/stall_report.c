/* SPDX-License-Identifier: MIT */
/* The figures of the stall experiment, and the lines. */
#include "stall_report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "clock.h"
#include "report.h"

#define NO_METHOD "no launches"
#define NAME_WIDTH 22
#define BAR_WIDTH 25

const char *const stall_names[STALL_ENTRIES] = {
	[STALL_WRITER] = "writer", [STALL_TAKER] = "taker", [STALL_HELD] = "held",
};

static int is_complete(const struct stall *stall, size_t row, size_t round)
{
	return (int)__atomic_load_n(&stall_turn(stall, row, round)->complete, __ATOMIC_ACQUIRE);
}

/* How often a thread went round in a nanosecond of a turn. */
static double speed(const struct stall *stall, size_t row, size_t round, int thread)
{
	const struct stall_turn *turn = stall_turn(stall, row, round);

	return is_complete(stall, row, round) ? (double)turn->work[thread] / (double)turn->span :
		NAN;
}

/* scratch holds two values for each round. */
static int find_kept(const struct stall *stall, size_t row, int thread, double *scratch,
		     struct estimate *ret)
{
	double *base = scratch + stall->rounds;

	for (size_t round = 0; round < stall->rounds; round++) {
		scratch[round] = speed(stall, row, round, thread);
		base[round] = speed(stall, 0, round, thread);
	}
	return ratio_over_rounds(scratch, base, stall->rounds, RANDOM_SEED, ret);
}

/*
 * scratch holds a value for each launch. A thread that went round not once after
 * a launch was in the pause then that ended after a later one.
 */
static struct stall_spread find_spread(const struct stall *stall, size_t row, int which,
				       double *scratch)
{
	size_t count = 0;

	for (size_t round = 0; round < stall->rounds; round++) {
		const uint64_t *entries = stall_entries(stall, row, round, which);
		unsigned launches = stall_turn(stall, row, round)->launches;
		uint64_t entry = 0;

		for (unsigned i = launches; i-- > 0 && is_complete(stall, row, round);) {
			if (entries[i])
				entry = entries[i];
			scratch[count++] = (double)entry / NANOSECONDS_PER_MILLISECOND;
		}
	}
	sort_values(scratch, count);
	return (struct stall_spread){
		quantile(scratch, count, 0.5), quantile(scratch, count, 0.99),
		quantile(scratch, count, 1),
	};
}

static void count_launches(const struct stall *stall, size_t row, struct stall_figure *figure)
{
	double span = 0;

	for (size_t round = 0; round < stall->rounds; round++) {
		if (!is_complete(stall, row, round))
			continue;
		figure->launches += stall_turn(stall, row, round)->launches;
		span += (double)stall_turn(stall, row, round)->span / NANOSECONDS;
	}
	figure->rate = span > 0 ? (double)figure->launches / span : NAN;
}

static int find_figure(const struct stall *stall, size_t row, double *scratch,
		       struct stall_figure *figure)
{
	int r = 0;

	for (int i = 0; i < STALL_THREADS && r == 0; i++)
		r = find_kept(stall, row, i, scratch, &figure->kept[i]);
	for (int i = 0; i < STALL_ENTRIES; i++)
		figure->spreads[i] = find_spread(stall, row, i, scratch);
	count_launches(stall, row, figure);
	if (row == 0) {
		figure->launches = 0;
		figure->rate = NAN;
		figure->spreads[STALL_HELD] = (struct stall_spread){NAN, NAN, NAN};
	}
	return r;
}

int stall_table_init(struct stall_table *table, const struct shape *shape, const char *child,
		     const struct method *const methods[], const struct stall *stall)
{
	double *scratch = calloc(stall->rounds * (stall->launches + 2), sizeof(*scratch));
	int r = 0;

	*table = (struct stall_table){
		.frame = {.shape = *shape, .child = child}, .stall = stall,
		.figures = calloc(stall->rows, sizeof(*table->figures)),
	};
	if (!scratch || !table->figures)
		r = -ENOMEM;
	for (size_t row = 0; row < stall->rows && r == 0; row++) {
		struct stall_figure *figure = &table->figures[row];

		figure->method = row ? methods[row - 1]->name : NO_METHOD;
		figure->reason = stall->reasons[row][0] ? stall->reasons[row] : NULL;
		r = find_figure(stall, row, scratch, figure);
	}
	free(scratch);
	if (r < 0)
		stall_table_clear(table);
	return r;
}

void stall_table_clear(struct stall_table *table)
{
	free(table->figures);
}

static void print_value(FILE *out, int width, int decimals, double value)
{
	if (isfinite(value))
		fprintf(out, " %*.*f", width, decimals, value);
	else
		fprintf(out, " %*s", width, "-");
}

static void print_spread(FILE *out, const struct stall_spread *spread)
{
	print_value(out, 9, 3, spread->p50);
	print_value(out, 9, 3, spread->p99);
	print_value(out, 9, 3, spread->max);
}

static void print_launches(FILE *out, const struct stall_table *table)
{
	fprintf(out, "%-*s %9s %9s %9s %9s %9s\n", NAME_WIDTH, "lock held, ms", "p50", "p99",
		"max", "per s", "launches");
	for (size_t row = 1; row < table->stall->rows; row++) {
		const struct stall_figure *figure = &table->figures[row];

		fprintf(out, "%-*s", NAME_WIDTH, figure->method);
		if (figure->reason) {
			fprintf(out, "  %s\n", figure->reason);
			continue;
		}
		print_spread(out, &figure->spreads[STALL_HELD]);
		print_value(out, 9, 1, figure->rate);
		fprintf(out, " %9zu\n", figure->launches);
	}
}

static void print_kept(FILE *out, const struct estimate *kept)
{
	char interval[40] = "-";

	print_value(out, 8, 1, kept->value * 100);
	if (isfinite(kept->low))
		snprintf(interval, sizeof(interval), "%.1f to %.1f", kept->low * 100,
			 kept->high * 100);
	fprintf(out, " %16s  ", interval);
	for (int i = 0; i < BAR_WIDTH && i + 0.5 < kept->value * BAR_WIDTH; i++)
		fputc('#', out);
}

static void print_thread(FILE *out, const struct stall_table *table, int thread, const char *title)
{
	fprintf(out, "\n%-*s %9s %9s %9s %8s %16s\n", NAME_WIDTH, title, "p50", "p99", "max",
		"kept %", "95 % interval");
	for (size_t row = 0; row < table->stall->rows; row++) {
		const struct stall_figure *figure = &table->figures[row];

		if (figure->reason)
			continue;
		fprintf(out, "%-*s", NAME_WIDTH, figure->method);
		print_spread(out, &figure->spreads[thread]);
		print_kept(out, &figure->kept[thread]);
		fputc('\n', out);
	}
}

void stall_report(FILE *out, const struct stall_table *table)
{
	const struct stall *stall = table->stall;

	report_frame(out, &table->frame);
	fprintf(out, "stall     %u launches a second for %g s, in each of %zu rounds\n\n",
		stall->rate, (double)stall->launches / stall->rate, stall->rounds);
	print_launches(out, table);
	print_thread(out, table, STALL_WRITER, "memory writer, ms");
	print_thread(out, table, STALL_TAKER, "lock taker, ms");
	for (size_t i = 0; i < table->frame.doubt_count; i++)
		fprintf(out, "%s%s\n", i ? "" : "\n", table->frame.doubts[i]);
}
