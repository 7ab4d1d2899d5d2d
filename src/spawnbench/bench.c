/* SPDX-License-Identifier: MIT */
/* Checks and crosses what was asked for. Knows no option's text, launches nothing. */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "clock.h"
#include "common/message.h"
#include "doubts.h"
#include "parent.h"
#include "stall_bench.h"
#include "worker.h"

/* The row-major index of a combination of all lists. */
static struct shape nth_shape(const struct options *options, size_t n)
{
	struct shape shape;

	for (size_t axis = AXIS_COUNT; axis-- > 0;) {
		const struct list *list = &options->axes[axis];

		shape.values[axis] = list->values[n % list->count];
		n /= list->count;
	}
	return shape;
}

static size_t shape_count(const struct options *options)
{
	size_t count = 1;

	for (size_t axis = 0; axis < AXIS_COUNT; axis++)
		count *= options->axes[axis].count;
	return count;
}

static int check_shapes(const struct options *options)
{
	int r = 0;

	for (size_t i = 0; i < shape_count(options) && r == 0; i++) {
		struct shape shape = nth_shape(options, i);

		r = parent_check(&shape);
	}
	return r;
}

static int choose_processor(struct bench *bench, int wish)
{
	int r, processor;

	bench->setting.processor = -1;
	if (wish == PIN_NONE)
		return 0;
	processor = wish == PIN_HERE ? sched_getcpu() : wish;
	r = parent_check_pin(processor);
	if (r == -EINVAL)
		say("--pin: processor %d isn't there, or isn't ours", processor);
	else if (r < 0)
		say_errno(r, "--pin: processor %d", processor);
	bench->setting.processor = processor;
	return r;
}

static int add_target(struct bench *bench, const char *path)
{
	int r = target_init(&bench->targets[bench->target_count], path);

	if (r < 0)
		say_errno(r, "child %s", NAMED(path));
	else
		bench->target_count++;
	return r;
}

static int add_usual_targets(struct bench *bench)
{
	char *path;
	int r = target_find_default(&path);

	if (r == 0) {
		r = add_target(bench, path);
		free(path);
	}
	/* Its start would be most of what is seen there. */
	if (r < 0 || bench->options->output.stall)
		return r;
	return add_target(bench, "/bin/true");
}

static void describe(struct bench *bench)
{
	const struct options *options = bench->options;

	machine_read(&bench->machine);
	if (getloadavg(&bench->load, 1) != 1)
		bench->load = 0;
	bench->setting.machine = &bench->machine;
	bench->setting.rounds = options->rounds;
	bench->setting.launches = options->launches;
	bench->setting.nice = getpriority(PRIO_PROCESS, 0);
}

int bench_prepare(struct bench *bench, const struct options *options)
{
	int r = 0;

	*bench = (struct bench){.options = options};
	for (size_t i = 0; i < options->child_count && r == 0; i++)
		r = add_target(bench, options->children[i]);
	if (options->child_count == 0)
		r = add_usual_targets(bench);
	if (r == 0)
		r = check_shapes(options);
	if (r == 0)
		r = choose_processor(bench, options->pin);
	parent_raise_priority();
	describe(bench);
	return r;
}

void bench_clear(struct bench *bench)
{
	for (size_t i = 0; i < bench->target_count; i++)
		target_clear(&bench->targets[i]);
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
		r = table_init(&table, shape, bench->targets[i].path, options->methods,
			       &results[i], options->baseline);
		if (r < 0) {
			say_errno(r, "the tables");
			return r;
		}
		table.conditions = *conditions;
		doubts_find(&table, bench->load, bench->machine.processors,
			    options->pin != PIN_NONE, ended_early);
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
	struct busy busy;
	int r = 0;

	while (ready < bench->target_count && r == 0) {
		r = results_init(&results[ready], options->method_count, options->rounds, jobs,
				 launches);
		if (r == 0)
			ready++;
	}
	conditions_begin(&busy);
	if (r < 0)
		say_errno(r, "memory for the samples");
	else
		r = worker_run(&work);
	conditions_end(&busy, &conditions);
	if (ready == bench->target_count &&
	    report(bench, shape, &conditions, results, r != 0) < 0 && r == 0)
		r = -1;
	while (ready > 0)
		results_clear(&results[--ready]);
	return r;
}

int bench_run(struct bench *bench)
{
	const struct options *options = bench->options;
	struct ticker ticker;
	int r;

	worker_prepare_signals();
	r = output_begin(&bench->output, &options->output, &bench->setting);
	if (r < 0)
		return r;
	ticker_begin(&ticker, shape_count(options), options->time);
	ticker.steps = bench->target_count * options->rounds * options->method_count;
	for (; ticker.shape < ticker.shapes && r == 0; ticker.shape++) {
		struct shape shape = nth_shape(options, ticker.shape);

		if (options->output.stall)
			r = stall_bench(bench, &shape, &ticker, deadline(bench, &ticker));
		else
			r = measure_shape(bench, &shape, &ticker);
	}
	if (output_end(&bench->output) < 0 && r == 0)
		r = -1;
	return r;
}
