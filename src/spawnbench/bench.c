/* SPDX-License-Identifier: MIT */
/* Checks and crosses what was asked for. Knows no option's text, reads no clock. */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/message.h"
#include "parent.h"
#include "report.h"
#include "worker.h"

/* The row-major index of a combination of the three lists. */
static struct shape nth_shape(const struct options *options, size_t n)
{
	size_t fds = options->fds.count, threads = options->threads.count;

	return (struct shape){
		.rss = options->rss.values[n / fds / threads],
		.threads = options->threads.values[n / fds % threads],
		.fds = options->fds.values[n % fds],
	};
}

static size_t shape_count(const struct options *options)
{
	return options->rss.count * options->threads.count * options->fds.count;
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

static int pin(struct bench *bench, int wish)
{
	int r;

	bench->processor = -1;
	if (wish == PIN_NONE)
		return 0;
	bench->processor = wish == PIN_HERE ? sched_getcpu() : wish;
	r = parent_pin(bench->processor);
	if (r == -EINVAL)
		say("--pin: processor %d isn't there, or isn't ours", bench->processor);
	else if (r < 0)
		say_errno(r, "--pin: processor %d", bench->processor);
	return r;
}

static int add_target(struct bench *bench, const char *path)
{
	int r = target_init(&bench->targets[bench->target_count], path);

	if (r < 0)
		say_errno(r, "child %s", path);
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
	return r < 0 ? r : add_target(bench, "/bin/true");
}

int bench_prepare(struct bench *bench, const struct options *options)
{
	int r = 0;

	bench->options = options;
	bench->target_count = 0;
	for (size_t i = 0; i < options->child_count && r == 0; i++)
		r = add_target(bench, options->children[i]);
	if (options->child_count == 0)
		r = add_usual_targets(bench);
	if (r == 0)
		r = check_shapes(options);
	if (r == 0)
		r = pin(bench, options->pin);
	parent_raise_priority();
	return r;
}

void bench_clear(struct bench *bench)
{
	for (size_t i = 0; i < bench->target_count; i++)
		target_clear(&bench->targets[i]);
}

static int report(const struct bench *bench, const struct shape *shape,
		  const struct results *results)
{
	int r = 0;

	for (size_t i = 0; i < bench->target_count && r == 0; i++)
		r = report_table(stdout, shape, &bench->targets[i], bench->options->methods,
				 &results[i]);
	if (r < 0)
		say_errno(r, "the tables");
	return r;
}

/* All that was measured is printed, however the measuring ended. */
static int measure_shape(const struct bench *bench, const struct shape *shape)
{
	const struct options *options = bench->options;
	struct results results[LIST_MAX];
	size_t ready = 0;
	int r = 0;

	while (ready < bench->target_count && r == 0) {
		r = results_init(&results[ready], options->method_count, options->rounds,
				 options->launches);
		if (r == 0)
			ready++;
	}
	if (r < 0)
		say_errno(r, "memory for the samples");
	else
		r = worker_run(shape, options->methods, bench->targets, results, ready);
	if (ready == bench->target_count && report(bench, shape, results) < 0 && r == 0)
		r = -1;
	while (ready > 0)
		results_clear(&results[--ready]);
	return r;
}

int bench_run(const struct bench *bench)
{
	int r = 0;

	worker_prepare_signals();
	report_head(stdout, bench->options->rounds, bench->options->launches, bench->processor);
	for (size_t i = 0; i < shape_count(bench->options) && r == 0; i++) {
		struct shape shape = nth_shape(bench->options, i);

		r = measure_shape(bench, &shape);
	}
	return r;
}
