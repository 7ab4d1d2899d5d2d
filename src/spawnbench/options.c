/* SPDX-License-Identifier: MIT */
/*
 * The command line: one argp table, and a parser that fills struct options and
 * does nothing else.
 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "common/arguments.h"
#include "common/message.h"
#include "common/parse.h"
#include "plot.h"

enum {
	KEY_AXIS = 256,		/* and AXIS_COUNT more */
	KEY_METHODS = KEY_AXIS + AXIS_COUNT, KEY_BASELINE, KEY_CHILD, KEY_ROUNDS, KEY_LAUNCHES,
	KEY_QUICK, KEY_TIME, KEY_TIMEOUT, KEY_PIN, KEY_JSON, KEY_CSV, KEY_RAW, KEY_PLOT,
	KEY_EXEC_METHOD, KEY_STALL, KEY_RATE, KEY_COMPARE, KEY_THRESHOLD,
};

#define YES_LIST "yes|no[,...]"

static const struct argp_option table[] = {
	{0, 0, 0, 0, "The parent (lists are crossed, each combination in a fresh process):", 1},
	{"rss", KEY_AXIS + AXIS_RSS, "SIZE[,SIZE...]", 0, "Memory that it touched (0)", 0},
	{"thp", KEY_AXIS + AXIS_THP, YES_LIST, 0, "In huge pages (no)", 0},
	{"threads", KEY_AXIS + AXIS_THREADS, "N[,N...]", 0, "Idle threads (0)", 0},
	{"fds", KEY_AXIS + AXIS_FDS, "N[,N...]", 0, "Open descriptors (0)", 0},
	{"cloexec", KEY_AXIS + AXIS_CLOEXEC, YES_LIST, 0, "They are close-on-exec (yes)", 0},
	{"env", KEY_AXIS + AXIS_ENV, "N[,N...]", 0, "Variables added to the environment (0)", 0},
	{"jobs", KEY_AXIS + AXIS_JOBS, "N[,N...]", 0, "Threads that launch at once (1)", 0},

	{0, 0, 0, 0, "What is measured:", 2},
	{"methods", KEY_METHODS, "METHOD[,METHOD...]", 0,
	 "Ways to launch (all but spu-server, empty)", 0},
	{"exec-method", KEY_EXEC_METHOD, "NAME=COMMAND", 0, "A program that launches and times "
	 "itself, called with the child's path and a count; may be repeated", 0},
	{"baseline", KEY_BASELINE, "METHOD", 0, "The method that others are divided by (raw; "
	 "without it the first)", 0},
	{"child", KEY_CHILD, "COMMAND", 0, "The program that is launched, and its arguments; may "
	 "be repeated (a child without libc, and /bin/true)", 0},

	{"stall", KEY_STALL, 0, 0, "What two other threads lose while this one launches: one "
	 "writes to memory, one takes a lock that launches hold (rss: 1G)", 0},
	{"rate", KEY_RATE, "N", 0, "Launches in a second, for --stall (10)", 0},

	{0, 0, 0, 0, "How long and where:", 3},
	{"quick", KEY_QUICK, 0, 0, "Less than 20 seconds in all: 10 rounds of 30 launches", 0},
	{"rounds", KEY_ROUNDS, "N", 0, "Rounds; in each, each method has one turn (15)", 0},
	{"launches", KEY_LAUNCHES, "N", 0, "Launches of a turn (200)", 0},
	{"time", KEY_TIME, "DURATION", 0, "Leave out rounds that would end later (100s; 0: none)",
	 0},
	{"timeout", KEY_TIMEOUT, "DURATION", 0, "Give up when no launch ended for so long (10s; "
	 "0: never)", 0},
	{"pin", KEY_PIN, "CPU", OPTION_ARG_OPTIONAL,
	 "Stay on one processor: this one, or the one it runs on", 0},

	{0, 0, 0, 0, "Output (beside or instead of the tables):", 4},
	{"json", KEY_JSON, 0, 0, "JSON instead of the tables", 0},
	{"csv", KEY_CSV, "FILE", 0, "Comma-separated values, a line for each method (-: on "
	 "stdout instead of the tables)", 0},
	{"raw", KEY_RAW, 0, 0, "In CSV a line for each launch, in JSON the samples too", 0},
	{"compare", KEY_COMPARE, "FILE.json", 0, "Also ratios to an earlier run, as --json "
	 "wrote it", 0},
	{"compare-threshold", KEY_THRESHOLD, "PERCENT", 0, "Exit with 3 if a method is slower than "
	 "then by more", 0},
	{"plot", KEY_PLOT, "FILE.png|svg", 0, "A picture, drawn by gnuplot", 0},
	{0, 0, 0, 0, 0, 0},
};

/* Calls add() for each of the items between commas. text is cut up. */
static void each_item(const char *option, char *text,
		      void (*add)(void *context, char *item), void *context)
{
	size_t count = 0;
	char *item;

	while ((item = strsep(&text, ","))) {
		if (++count > LIST_MAX)
			die_usage(EXIT_USAGE, "--%s: more than %d values", option, LIST_MAX);
		add(context, item);
	}
}

struct axis_list {
	const struct axis *axis;
	struct list *list;
};

static void add_value(void *context, char *item)
{
	const struct axis_list *to = context;

	if (axis_parse(to->axis, item, &to->list->values[to->list->count]) < 0)
		die_usage(EXIT_USAGE, "--%s: '%s' isn't %s", to->axis->name, item,
			  to->axis->expected);
	to->list->count++;
}

static void parse_axis(struct options *options, int axis, char *text)
{
	struct axis_list to = {&axis_table[axis], &options->axes[axis]};

	to.list->count = 0;
	if (axis == AXIS_RSS)
		options->rss_given = 1;
	each_item(to.axis->name, text, add_value, &to);
}

/* All names, a space before each. */
static const char *method_names(void)
{
	static char names[512];
	size_t length = 0;

	for (size_t i = 0; i < method_table_count && length < sizeof(names); i++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, " %s",
					   method_table[i].name);
	return names;
}

static __attribute__((noreturn)) void unknown_method(const char *option,
								     const char *name)
{
	die_usage(EXIT_USAGE, "--%s: '%s' isn't one of:%s", option, name, method_names());
}

static void add_method(void *context, char *item)
{
	struct options *options = context;
	const struct method *method = method_find(item);

	if (!method)
		unknown_method("methods", item);
	options->methods[options->method_count++] = method;
}

/* NAME=COMMAND; text is cut up. */
static void add_outside(struct options *options, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || equals[1] == '\0')
		die_usage(EXIT_USAGE, "--exec-method: '%s' isn't NAME=COMMAND", text);
	*equals = '\0';
	replace_controls(text);	/* it goes to terminals */
	if (method_find(text))
		die_usage(EXIT_USAGE, "--exec-method: '%s' is a method of spawnbench's own", text);
	if (options->outside_count == LIST_MAX)
		die_usage(EXIT_USAGE, "--exec-method: more than %d", LIST_MAX);
	options->outside[options->outside_count++] = (struct outside){
		{.name = text, .flags = METHOD_OUTSIDE}, equals + 1,
	};
}

static void append_outside(struct options *options)
{
	if (options->method_count + options->outside_count > LIST_MAX)
		die_usage(EXIT_USAGE, "--methods, --exec-method: more than %d", LIST_MAX);
	for (size_t i = 0; i < options->outside_count; i++)
		options->methods[options->method_count++] = &options->outside[i].method;
}

static void add_child(struct options *options, const char *command)
{
	if (options->child_count == LIST_MAX)
		die_usage(EXIT_USAGE, "--child: more than %d", LIST_MAX);
	options->children[options->child_count++] = command;
}

static size_t parse_count(const char *option, const char *text)
{
	long value;

	if (parse_long(text, 1, SAMPLES_MAX, &value) < 0)
		die_usage(EXIT_USAGE, "--%s: '%s' isn't a number from 1 to %d", option, text,
			  SAMPLES_MAX);
	return (size_t)value;
}

/* Nanoseconds. */
static uint64_t parse_duration(const char *option, const char *text)
{
	const int64_t most = INT64_MAX / 4 / NANOSECONDS_PER_MILLISECOND;
	int64_t value;
	int r = parse_duration_ms(text, &value);

	if (r == -ERANGE)
		die_usage(EXIT_USAGE, "--%s: '%s' is too long; without end is inf", option, text);
	if (r < 0)
		die_usage(EXIT_USAGE, "--%s: '%s' isn't a duration (a number, then nothing, s, m, "
			  "h or d)", option, text);
	return (uint64_t)(value < most ? value : most) * NANOSECONDS_PER_MILLISECOND;
}

static unsigned parse_rate(const char *text)
{
	long value;

	if (parse_long(text, 1, RATE_MAX, &value) < 0)
		die_usage(EXIT_USAGE, "--rate: '%s' isn't a number from 1 to %d", text, RATE_MAX);
	return (unsigned)value;
}

static long parse_percent(const char *text)
{
	long value;

	if (parse_long(text, 0, PERCENT_MAX, &value) < 0)
		die_usage(EXIT_USAGE, "--compare-threshold: '%s' isn't a number from 0 to %d", text,
			  PERCENT_MAX);
	return value;
}

static int parse_processor(const char *text)
{
	long value = PIN_HERE;

	if (text && parse_long(text, 0, 1 << 20, &value) < 0)
		die_usage(EXIT_USAGE, "--pin: '%s' isn't the number of a processor", text);
	return (int)value;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	if (key >= KEY_AXIS && key < KEY_AXIS + AXIS_COUNT) {
		parse_axis(options, key - KEY_AXIS, text);
		return 0;
	}
	switch (key) {
	case KEY_METHODS:
		options->method_count = 0;
		options->methods_given = 1;
		each_item("methods", text, add_method, options);
		return 0;
	case KEY_EXEC_METHOD:
		add_outside(options, text);
		return 0;
	case KEY_STALL:
		options->output.stall = 1;
		return 0;
	case KEY_RATE:
		options->rate = parse_rate(text);
		return 0;
	case KEY_BASELINE:
		options->baseline_name = text;
		return 0;
	case KEY_CHILD:
		add_child(options, text);
		return 0;
	case KEY_QUICK:
		options->quick = 1;
		return 0;
	case KEY_ROUNDS:
		options->rounds = parse_count("rounds", text);
		return 0;
	case KEY_LAUNCHES:
		options->launches = parse_count("launches", text);
		return 0;
	case KEY_TIME:
		options->time = parse_duration("time", text);
		options->time_given = 1;
		return 0;
	case KEY_TIMEOUT:
		options->timeout = parse_duration("timeout", text);
		return 0;
	case KEY_PIN:
		options->pin = parse_processor(text);
		return 0;
	case KEY_JSON:
		options->output.json = 1;
		return 0;
	case KEY_CSV:
		options->output.csv = text;
		return 0;
	case KEY_RAW:
		options->output.raw = 1;
		return 0;
	case KEY_COMPARE:
		options->compare = text;
		return 0;
	case KEY_THRESHOLD:
		options->threshold = parse_percent(text);
		return 0;
	case KEY_PLOT:
		options->output.plot = text;
		return 0;
	case ARGP_KEY_ARG:
		die_usage(EXIT_USAGE, "'%s': there are only options", text);
	}
	return ARGP_ERR_UNKNOWN;
}

static char *help(int key, const char *text, void *input)
{
	char *words;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || asprintf(&words, "METHOD:%s", method_names()) < 0)
		return (char *)text;
	return words;
}

static void set_defaults(struct options *options)
{
	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < AXIS_COUNT; i++)
		options->axes[i] = (struct list){1, {axis_table[i].usual}};
	for (size_t i = 0; i < method_table_count; i++)
		if (!(method_table[i].flags & METHOD_UNUSUAL))
			options->methods[options->method_count++] = &method_table[i];
	options->timeout = 10 * (uint64_t)NANOSECONDS;
	options->pin = PIN_NONE;
	options->threshold = -1;
}

/* The experiment has one thread that launches, methods and memory that show something. */
static void set_stall(struct options *options)
{
	static const char *const usual[] = {"fork", "vfork", "posix_spawn", "spu"};

	if (options->rate && !options->output.stall)
		die_usage(EXIT_USAGE, "--rate: only with --stall");
	if (!options->output.stall)
		return;
	if (options->outside_count)
		die_usage(EXIT_USAGE, "--stall: outside programs don't launch from this process");
	if (options->pin != PIN_NONE || options->baseline_name ||
	    options->axes[AXIS_JOBS].count > 1 || options->axes[AXIS_JOBS].values[0] > 1 ||
	    options->output.raw || options->output.plot || options->compare)
		die_usage(EXIT_USAGE, "--stall: not with --pin, --jobs, --baseline, --raw, "
			  "--plot or --compare");
	if (!options->rate)
		options->rate = 10;
	if (!options->rss_given)
		options->axes[AXIS_RSS].values[0] = (uint64_t)1 << 30;
	if (options->rounds == 0)
		options->rounds = options->quick ? 3 : 5;
	if (options->launches == 0)
		options->launches = options->rate;
	if (options->methods_given)
		return;
	options->method_count = 0;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		options->methods[options->method_count++] = method_find(usual[i]);
}

/* What wasn't given depends on --quick. */
static void set_lengths(struct options *options)
{
	if (options->rounds == 0)
		options->rounds = options->quick ? 10 : 15;
	if (options->launches == 0)
		options->launches = options->quick ? 30 : 200;
	if (!options->time_given)
		options->time = (options->quick ? 15 : 100) * (uint64_t)NANOSECONDS;
	if (options->rounds * options->launches > SAMPLES_MAX)
		die_usage(EXIT_USAGE, "--rounds, --launches: more than %d launches of a method",
			  SAMPLES_MAX);
}

/* Its place in the list of methods: the first of that name. */
static int find_baseline(struct options *options, const char *name)
{
	for (size_t i = 0; i < options->method_count; i++) {
		if (strcmp(options->methods[i]->name, name) == 0) {
			options->baseline = i;
			return 1;
		}
	}
	return 0;
}

static void set_baseline(struct options *options)
{
	const char *name = options->baseline_name;

	options->baseline = 0;
	if (find_baseline(options, name ? name : FLOOR_METHOD) || !name)
		return;
	if (!method_find(name))
		unknown_method("baseline", name);
	die_usage(EXIT_USAGE, "--baseline: '%s' isn't among the --methods", name);
}

static void check_output(const struct output_wish *output)
{
	if (output->plot && !plot_is_picture(output->plot))
		die_usage(EXIT_USAGE, "--plot: '%s' doesn't end in .png or .svg", output->plot);
	if (output->json && output_is_stdout(output->csv))
		die_usage(EXIT_USAGE, "--csv=-, --json: only one of them fits on stdout");
	if (output->raw && !output->csv && !output->json)
		die_usage(EXIT_USAGE, "--raw: needs --csv or --json, the tables have no samples");
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.children = arguments_children,
		.help_filter = help,
		.doc = "Compare what it costs to launch a program: fork, vfork, posix_spawn, "
		       "system and libspawnutil, each as a ratio to the bare system calls.",
	};

	set_defaults(options);
	if (arguments_parse(&argp, argc, argv, 0, options, EXIT_FAILURE)) {
		say_hint();
		exit(EXIT_USAGE);
	}
	set_stall(options);
	append_outside(options);
	set_lengths(options);
	set_baseline(options);
	check_output(&options->output);
	if (options->threshold >= 0 && !options->compare)
		die_usage(EXIT_USAGE, "--compare-threshold: only with --compare");
	if (options->compare && !output_has_tables(&options->output))
		die_usage(EXIT_USAGE, "--compare: not with --json or --csv=-, it is for the "
			  "tables");
}
