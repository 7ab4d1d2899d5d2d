/* SPDX-License-Identifier: MIT */
/*
 * The command line: one argp table, one table that says where each value goes,
 * and a parser that fills struct options and does nothing else.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/parse.h"

enum {
	KEY_RSS = 256, KEY_THREADS, KEY_FDS, KEY_METHODS, KEY_CHILD, KEY_ROUNDS, KEY_LAUNCHES,
	KEY_PIN,
};

static const struct argp_option table[] = {
	{0, 0, 0, 0, "The parent (lists are crossed, each combination in a fresh process):", 1},
	{"rss", KEY_RSS, "SIZE[,SIZE...]", 0, "Memory that it touched (0)", 0},
	{"threads", KEY_THREADS, "N[,N...]", 0, "Idle threads (0)", 0},
	{"fds", KEY_FDS, "N[,N...]", 0, "Open close-on-exec descriptors (0)", 0},

	{0, 0, 0, 0, "What is measured:", 2},
	{"methods", KEY_METHODS, "NAME[,NAME...]", 0, "Ways to launch (all)", 0},
	{"child", KEY_CHILD, "PATH", 0, "The program that is launched; may be repeated "
	 "(a child without libc, and /bin/true)", 0},
	{"rounds", KEY_ROUNDS, "N", 0, "Rounds; in each, each method has one turn (15)", 0},
	{"launches", KEY_LAUNCHES, "N", 0, "Launches of a turn (200)", 0},
	{"pin", KEY_PIN, "CPU", OPTION_ARG_OPTIONAL,
	 "Stay on one processor: this one, or the one it runs on", 0},
	{0, 0, 0, 0, 0, 0},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	long value;
	int r = parse_long(text, 0, (long)max, &value);

	if (r == 0)
		*ret = (uint64_t)value;
	return r;
}

static int parse_memory(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value;
	int r = parse_size(text, &value);

	if (r == 0 && value > max)
		r = -ERANGE;
	if (r == 0)
		*ret = value;
	return r;
}

/* The lists of numbers: where they go and what a value may be. */
static const struct axis {
	int key;
	const char *option, *expected;
	size_t offset;
	int (*parse)(const char *text, uint64_t max, uint64_t *ret);
	uint64_t max;
} axes[] = {
	{KEY_RSS, "rss", "a size (a number, then nothing, K, M, G or T) up to 1024T",
	 offsetof(struct options, rss), parse_memory, (uint64_t)1 << 50},
	{KEY_THREADS, "threads", "a number from 0 to 1000000",
	 offsetof(struct options, threads), parse_number, 1000000},
	{KEY_FDS, "fds", "a number from 0 to 100000000",
	 offsetof(struct options, fds), parse_number, 100000000},
};

/* Calls add() for each of the items between commas. text is cut up. */
static void each_item(const char *option, char *text,
		      void (*add)(void *context, char *item), void *context)
{
	size_t count = 0;
	char *item;

	while ((item = strsep(&text, ","))) {
		if (++count > LIST_MAX)
			die(EXIT_USAGE, "--%s: more than %d values", option, LIST_MAX);
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

	if (to->axis->parse(item, to->axis->max, &to->list->values[to->list->count]) < 0)
		die(EXIT_USAGE, "--%s: '%s' isn't %s", to->axis->option, item, to->axis->expected);
	to->list->count++;
}

static int parse_axis(struct options *options, int key, char *text)
{
	for (size_t i = 0; i < COUNT(axes); i++) {
		struct axis_list to = {&axes[i], NULL};

		if (axes[i].key != key)
			continue;
		to.list = (struct list *)((char *)options + axes[i].offset);
		to.list->count = 0;
		each_item(axes[i].option, text, add_value, &to);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static __attribute__((noreturn)) void unknown_method(const char *name)
{
	char known[256] = "";

	for (size_t i = 0; i < method_table_count; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 i ? ", " : "", method_table[i].name);
	die(EXIT_USAGE, "--methods: '%s' isn't one of: %s", name, known);
}

static void add_method(void *context, char *item)
{
	struct options *options = context;
	const struct method *method = method_find(item);

	if (!method)
		unknown_method(item);
	options->methods[options->method_count++] = method;
}

static void add_child(struct options *options, const char *path)
{
	if (options->child_count == LIST_MAX)
		die(EXIT_USAGE, "--child: more than %d", LIST_MAX);
	options->children[options->child_count++] = path;
}

static size_t parse_count(const char *option, const char *text)
{
	long value;

	if (parse_long(text, 1, SAMPLES_MAX, &value) < 0)
		die(EXIT_USAGE, "--%s: '%s' isn't a number from 1 to %d", option, text,
		    SAMPLES_MAX);
	return (size_t)value;
}

static int parse_processor(const char *text)
{
	long value = PIN_HERE;

	if (text && parse_long(text, 0, 1 << 20, &value) < 0)
		die(EXIT_USAGE, "--pin: '%s' isn't the number of a processor", text);
	return (int)value;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_METHODS:
		options->method_count = 0;
		each_item("methods", text, add_method, options);
		return 0;
	case KEY_CHILD:
		add_child(options, text);
		return 0;
	case KEY_ROUNDS:
		options->rounds = parse_count("rounds", text);
		return 0;
	case KEY_LAUNCHES:
		options->launches = parse_count("launches", text);
		return 0;
	case KEY_PIN:
		options->pin = parse_processor(text);
		return 0;
	case ARGP_KEY_ARG:
		die(EXIT_USAGE, "'%s': there are only options (see --help)", text);
	}
	return parse_axis(options, key, text);
}

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "spawnbench (libspawnutil) %s\n", spu_version());
}

static void set_defaults(struct options *options)
{
	const struct list zero = {.count = 1};

	memset(options, 0, sizeof(*options));
	options->rss = options->threads = options->fds = zero;
	for (size_t i = 0; i < method_table_count; i++)
		options->methods[options->method_count++] = &method_table[i];
	options->rounds = 15;
	options->launches = 200;
	options->pin = PIN_NONE;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.doc = "Compare what it costs to launch a program: fork, vfork, posix_spawn, "
		       "system and libspawnutil, each as a ratio to the bare system calls.",
	};

	argp_err_exit_status = EXIT_USAGE;
	argp_program_version_hook = print_version;
	set_defaults(options);
	argp_parse(&argp, argc, argv, 0, NULL, options);
	if (options->rounds * options->launches > SAMPLES_MAX)
		die(EXIT_USAGE, "--rounds, --launches: more than %d launches of a method",
		    SAMPLES_MAX);
}
