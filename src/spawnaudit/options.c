/* SPDX-License-Identifier: MIT */
/*
 * The command line of all modes: one argp table, a parser that fills struct
 * options and does nothing else, and the rules between options.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "common/message.h"
#include "common/parse.h"
#include "spawnutil.h"

enum { KEY_FDS = 256, KEY_STUCK, KEY_NO_STACK, KEY_EXPECT, KEY_JSON, KEY_LOG, KEY_STATUS };

static const struct argp_option table[] = {
	{0, 0, 0, 0, "What to look at:", 1},
	{"fds", KEY_FDS, 0, 0, "The descriptors that would cross an exec of each PID now", 0},

	{"stuck", KEY_STUCK, 0, 0, "Is each PID a forked copy that waits for a lock for ever?", 0},

	{0, 0, 0, 0, "Stuck copies:", 2},
	{"no-stack", KEY_NO_STACK, 0, 0, "Stop nothing, not even for the moment that reading the "
	 "stacks of a stuck process takes", 0},

	{0, 0, 0, 0, "Descriptors:", 3},
	{"all", 'a', 0, 0, "List those that exec closes as well", 0},
	{"expect-fd", KEY_EXPECT, "N[,N-M]", 0, "It is no finding when these cross an exec "
	 "(0 to 2 always are expected)", 0},

	{0, 0, 0, 0, "Output:", 4},
	{"json", KEY_JSON, 0, 0, "One JSON object a line", 0},
	{"log", KEY_LOG, "FILE", 0, "Report to FILE", 0},
	{"error-exitcode", KEY_STATUS, "N", 0, "Exit with N when something was found (1)", 0},
	{0, 0, 0, 0, 0, 0},
};

static int set_mode(struct options *options, enum mode mode)
{
	if (options->mode != MODE_NONE && options->mode != mode) {
		say("--fds and --stuck exclude each other");
		return EINVAL;
	}
	options->mode = mode;
	return 0;
}

static int add_pid(struct options *options, const char *text)
{
	long pid;

	if (options->mode == MODE_NONE) {
		say("'%s': what about it, --fds or --stuck?", text);
		return EINVAL;
	}
	if (parse_long(text, 1, INT_MAX, &pid) < 0) {
		say("'%s' isn't a process id", text);
		return EINVAL;
	}
	options->pids[options->pid_count++] = (pid_t)pid;
	return 0;
}

static int add_range(void *context, long first, long last)
{
	struct options *options = context;
	struct fd_range *grown = reallocarray(options->expected, options->expected_count + 1,
					      sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[options->expected_count++] = (struct fd_range){(int)first, (int)last};
	options->expected = grown;
	return 0;
}

static int add_expected(struct options *options, const char *text)
{
	if (parse_ranges(text, 0, INT_MAX, add_range, options) == 0)
		return 0;
	say("--expect-fd: '%s' isn't a list of descriptors (as 3,7-9)", text);
	return EINVAL;
}

static int set_status(struct options *options, const char *text)
{
	long status;

	if (parse_long(text, 0, 255, &status) < 0) {
		say("--error-exitcode: '%s' isn't a number from 0 to 255", text);
		return EINVAL;
	}
	options->findings_status = (int)status;
	return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL;	/* one line is enough: no "Try --help" */
		return 0;
	case ARGP_KEY_ARG:
		return add_pid(options, text);
	case KEY_FDS:
		return set_mode(options, MODE_FDS);
	case KEY_STUCK:
		return set_mode(options, MODE_STUCK);
	case KEY_NO_STACK:
		options->no_stack = 1;
		return 0;
	case 'a':
		options->all = 1;
		return 0;
	case KEY_EXPECT:
		return add_expected(options, text);
	case KEY_JSON:
		options->json = 1;
		return 0;
	case KEY_LOG:
		options->log = text;
		return 0;
	case KEY_STATUS:
		return set_status(options, text);
	}
	return ARGP_ERR_UNKNOWN;
}

/* What no option can see alone. */
static int check(const struct options *options)
{
	if (options->mode == MODE_NONE) {
		say("nothing to look at: --fds PID or --stuck PID (see --help)");
		return -EINVAL;
	}
	if (options->pid_count == 0) {
		say("no PID");
		return -EINVAL;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "--fds PID...\n--stuck PID...",
		.doc = "Report what a program's launches hand on, and which forked copies hang.\v"
		       "Exit status: 0 nothing was found, 1 something was, 125 spawnaudit failed.",
	};
	static char name[] = "spawnaudit";

	*ret = (struct options){
		.pids = calloc((size_t)argc + 1, sizeof(pid_t)),
		.findings_status = EXIT_FINDINGS,
	};
	if (!ret->pids)
		die_errno(EXIT_TROUBLE, ENOMEM, "command line");
	argp_program_version = "spawnaudit (libspawnutil) " SPU_VERSION;
	argp_err_exit_status = EXIT_TROUBLE;
	if (argc > 0)
		argv[0] = name;	/* getopt's messages begin with it */
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, ret))
		return -EINVAL;
	return check(ret);
}

int options_expect_fd(const struct options *options, int fd)
{
	if (fd <= 2)
		return 1;
	for (size_t i = 0; i < options->expected_count; i++)
		if (fd >= options->expected[i].first && fd <= options->expected[i].last)
			return 1;
	return 0;
}
