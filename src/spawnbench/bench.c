/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "common/message.h"
#include "parent.h"

struct shape bench_shape(const struct options *options, size_t n)
{
	struct shape shape;

	for (size_t axis = AXIS_COUNT; axis-- > 0;) {
		const struct list *list = &options->axes[axis];

		shape.values[axis] = list->values[n % list->count];
		n /= list->count;
	}
	return shape;
}

size_t bench_shape_count(const struct options *options)
{
	size_t count = 1;

	for (size_t axis = 0; axis < AXIS_COUNT; axis++)
		count *= options->axes[axis].count;
	return count;
}

static int check_shapes(const struct options *options)
{
	int r = 0;

	for (size_t i = 0; i < bench_shape_count(options) && r == 0; i++) {
		struct shape shape = bench_shape(options, i);

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

static int add_target(struct bench *bench, const char *command)
{
	int r = target_init(&bench->targets[bench->target_count], command);

	if (r == -EINVAL)
		say("child %s: no word, or a quote or backslash without its end", NAMED(command));
	else if (r < 0)
		say_errno(r, "child %s", NAMED(command));
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

static void take_date(struct setting *setting)
{
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc))
		strftime(setting->date, sizeof(setting->date), "%Y-%m-%dT%H:%M:%SZ", &utc);
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
	take_date(&bench->setting);
}

static int prepare_old(struct bench *bench)
{
	const struct options *options = bench->options;
	int r = old_read(&bench->old, options->compare);

	if (r == 0)
		r = old_check_setting(&bench->old, &bench->setting);
	for (size_t i = 0; i < bench_shape_count(options) && r == 0; i++) {
		struct shape shape = bench_shape(options, i);

		for (size_t j = 0; j < bench->target_count && r == 0; j++)
			r = old_check_table(&bench->old, &shape, bench->targets[j].text,
					    options->methods, options->method_count);
	}
	return r;
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
	if (r == 0 && options->compare)
		r = prepare_old(bench);
	return r;
}

void bench_clear(struct bench *bench)
{
	for (size_t i = 0; i < bench->target_count; i++)
		target_clear(&bench->targets[i]);
	old_clear(&bench->old);
}
