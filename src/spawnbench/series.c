/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <math.h>

#include "clock.h"
#include "common/message.h"
#include "doubts.h"
#include "stall_bench.h"
#include "worker.h"

/* What an interval shows: its low end is above. Without one the ratio has to do. */
static int compare(struct bench *bench, struct table *table)
{
	double bound = 1 + (double)bench->options->threshold / 100;
	int r = old_compare(&bench->old, &bench->machine, table);

	if (r < 0)
		say_errno(r, "--compare");
	for (size_t i = 0; i < table->count && bench->options->threshold >= 0; i++) {
		const struct estimate *change = &table->figures[i].change;

		bench->is_slower |= change->low > bound ||
			(isnan(change->low) && change->value > bound);
	}
	return r;
}

static int report(struct bench *bench, const struct shape *shape,
		  const struct conditions *conditions, const struct results *results,
		  int ended_early)
{
	const struct options *options = bench->options;

	int r = 0;

	for (size_t i = 0; i < bench->target_count && r == 0; i++) {
		struct table table;

		if (results_empty(&results[i]))
			continue;
		r = table_init(&table, shape, bench->targets[i].text, options->methods,
			       &results[i], options->baseline);
		if (r < 0) {
			say_errno(r, "the tables");
			return r;
		}
		table.conditions = *conditions;
		doubts_find(&table, bench->load, bench->machine.processors,
			    options->pin != PIN_NONE, ended_early);
		if (bench->old.name)
			r = compare(bench, &table);
		if (r < 0) {
			table_clear(&table);
			return r;
		}
		r = output_table(&bench->output, &table, &results[i]);
	}
	return r;
}

/* Nanoseconds: what is left of the time, in equal parts for the parents to come. */
static uint64_t deadline(const struct bench *bench, const struct ticker *ticker)
{
	uint64_t now = clock_now(), end = ticker->begin + ticker->limit;

	if (!bench->options->time)
		return 0;
	return end <= now ? now : now + (end - now) / (ticker->shapes - ticker->shape);
}

/* All that was measured is printed, however the measuring ended. */
static int measure_shape(struct bench *bench, const struct shape *shape, struct ticker *ticker)
{
	const struct options *options = bench->options;
	size_t jobs = shape->values[AXIS_JOBS], ready = 0;
	size_t launches = (options->launches + jobs - 1) / jobs;
	struct results results[LIST_MAX];
	struct work work = {
		.shape = shape, .methods = options->methods, .targets = bench->targets,
		.results = results, .count = bench->target_count,
		.processor = bench->setting.processor, .timeout = options->timeout,
		.deadline = deadline(bench, ticker), .ticker = ticker,
	};
	struct conditions conditions;
	int r = 0;

	while (ready < bench->target_count && r == 0) {
		r = results_init(&results[ready], options->method_count, options->rounds, jobs,
				 launches);
		if (r == 0)
			ready++;
	}
	if (r < 0)
		say_errno(r, "memory for the samples");
	else
		r = worker_run(&work, &conditions);
	if (ready == bench->target_count &&
	    report(bench, shape, &conditions, results, r != 0) < 0 && r == 0)
		r = -1;
	while (ready > 0)
		results_clear(&results[--ready]);
	return r;
}

int series_run(struct bench *bench)
{
	const struct options *options = bench->options;
	struct ticker ticker;
	int r, late;

	worker_prepare_signals();
	r = output_begin(&bench->output, &options->output, &bench->setting);
	if (r < 0)
		return r;
	ticker_begin(&ticker, bench_shape_count(options), options->time);
	ticker.steps = bench->target_count * options->rounds * options->method_count;
	for (; ticker.shape < ticker.shapes && r == 0; ticker.shape++) {
		struct shape shape = bench_shape(options, ticker.shape);

		if (options->output.stall)
			r = stall_bench(bench, &shape, &ticker, deadline(bench, &ticker));
		else
			r = measure_shape(bench, &shape, &ticker);
	}
	if (output_end(&bench->output) < 0 && r == 0)
		r = -1;
	if (r > 0)
		say("ended by signal %d: the last figures are of fewer launches", r);
	/* one that came when nothing was measured any more */
	late = worker_late_signal();
	return late && r <= 0 ? late : r;
}
