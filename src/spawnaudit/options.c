/* SPDX-License-Identifier: MIT */
/*
 * The command line of all modes: one argp table, a parser that fills struct
 * options and does nothing else, and the rules between options.
 */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"
#include "common/message.h"
#include "common/parse.h"
#include "look/creators.h"
#include "record/findings.h"
#include "spawnutil.h"

enum { KEY_FDS = 256, KEY_STUCK, KEY_NO_STACK, KEY_EXPECT, KEY_JSON, KEY_LOG, KEY_STATUS,
       KEY_FAIL, KEY_CALLS, KEY_FUNCTIONS, KEY_PROGRAM, KEY_PROVENANCE, KEY_WATCH,
       KEY_CGROUP, KEY_SUPPRESSIONS, KEY_GENERATE };

static const struct argp_option table[] = {
	{0, 0, 0, 0, "What to look at:", 1},
	{"attach", 'p', "PID[,PID]", 0, "Trace that process and its children until it ends, or "
	 "until ^C lets it go", 0},
	{"fds", KEY_FDS, 0, 0, "The descriptors that would cross an exec of each PID now", 0},
	{"stuck", KEY_STUCK, 0, 0, "Is each PID a forked copy that waits for a lock for ever?", 0},
	{"watch", KEY_WATCH, "DURATION", OPTION_ARG_OPTIONAL, "All processes, or each PID and what "
	 "it launches, for so long or until ^C, without tracing", 0},
	{0, 0, 0, 0, "Tracing:", 2},
	{"all-calls", KEY_CALLS, 0, 0, "Record the system calls of every child, also where no "
	 "lock can be lost: slower", 0},
	{"fail-on", KEY_FAIL, "KIND[,KIND]", 0, "Exit with 1 after such a finding", 0},
	{"functions", KEY_FUNCTIONS, "WHICH", OPTION_ARG_OPTIONAL, "Which functions run between "
	 "fork and exec in copies of processes with threads: first (of each place; the default), "
	 "all, none", 0},
	{"follow-daemons", 'f', 0, 0, "Go on until all descendants have ended", 0},
	{"program", KEY_PROGRAM, "PATTERN", 0, "Tell only launches by programs whose path, "
	 "name or script fits that", 0},
	{"provenance", KEY_PROVENANCE, "CALLS", OPTION_ARG_OPTIONAL, "Tell who opened what leaked, "
	 "where; COMMAND and what it makes don't outlive spawnaudit", 0},
	{"verbose", 'v', 0, 0, "List every launch", 0},

	{0, 0, 0, 0, "Watching:", 3},
	{"cgroup", KEY_CGROUP, "DIR", 0, "Only what runs in that cgroup or below", 0},

	{0, 0, 0, 0, "Stuck copies:", 4},
	{"no-stack", KEY_NO_STACK, 0, 0, "Stop nothing, not even for the moment that reading the "
	 "stacks of a stuck process takes", 0},

	{0, 0, 0, 0, "Descriptors:", 5},
	{"all", 'a', 0, 0, "List those that exec closes as well", 0},
	{"expect-fd", KEY_EXPECT, "N[,N-M]", 0, "It is no finding when these cross an exec "
	 "(0 to 2 always are expected)", 0},

	{0, 0, 0, 0, "Output:", 6},
	{"json", KEY_JSON, 0, 0, "One JSON object a line", 0},
	{"log", KEY_LOG, "FILE", 0, "Report to FILE", 0},
	{"error-exitcode", KEY_STATUS, "N", 0, "Exit with N when something was found (1)", 0},
	{"suppressions", KEY_SUPPRESSIONS, "FILE", 0, "Don't tell what fits a line of FILE: "
	 "FINDING PROGRAM FUNCTION, or the name of a descriptor; patterns as the shell has", 0},
	{"gen-suppressions", KEY_GENERATE, "FILE", OPTION_ARG_OPTIONAL, "Print such lines for "
	 "what is told, or append them to FILE", 0},
	{0, 0, 0, 0, 0, 0},
};

static int set_mode(struct options *options, enum mode mode)
{
	if (options->mode != MODE_NONE && options->mode != mode) {
		say("-p, --fds, --stuck and --watch exclude each other");
		return EINVAL;
	}
	options->mode = mode;
	return 0;
}

static int add_pid(struct options *options, const char *text)
{
	pid_t *grown;
	long pid;

	if (parse_long(text, 1, INT_MAX, &pid) < 0) {
		say("'%s' isn't a process id", text);
		return EINVAL;
	}
	grown = reallocarray(options->pids, options->pid_count + 1, sizeof(*grown));
	if (!grown)
		return ENOMEM;
	grown[options->pid_count++] = (pid_t)pid;
	options->pids = grown;
	return 0;
}

/* With commas between them */
static int add_targets(struct options *options, char *text)
{
	int r = set_mode(options, MODE_ATTACH);
	char *pid;

	while (r == 0 && (pid = strsep(&text, ",")))
		r = add_pid(options, pid);
	return r;
}

static int add_text(char ***list, size_t *count, char *text)
{
	char **grown = reallocarray(*list, *count + 1, sizeof(*grown));

	if (!grown)
		return ENOMEM;
	grown[(*count)++] = text;
	*list = grown;
	return 0;
}

/* The first operand: a process of --fds, or the command, and then the rest is its own. */
static int take_operand(struct options *options, char *text, struct argp_state *state)
{
	if (options->mode == MODE_FDS || options->mode == MODE_STUCK ||
	    options->mode == MODE_WATCH)
		return add_pid(options, text);
	if (options->mode == MODE_ATTACH) {
		say("'%s': with -p nothing is run", text);
		return EINVAL;
	}
	options->mode = MODE_COMMAND;
	options->command = &state->argv[state->next - 1];
	state->next = state->argc;
	return 0;
}

static int set_watch(struct options *options, const char *text)
{
	options->watch_ms = -1;
	if (text && (parse_duration_ms(text, &options->watch_ms) < 0 || options->watch_ms == 0)) {
		say("--watch: '%s' isn't a time (as 10 or 1.5)", text);
		return EINVAL;
	}
	return set_mode(options, MODE_WATCH);
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
	options->status_given = 1;
	return 0;
}

static int set_functions(struct options *options, const char *text)
{
	static const char *const names[] = {
		[FUNCTIONS_NONE] = "none", [FUNCTIONS_FIRST] = "first", [FUNCTIONS_ALL] = "all",
	};

	options->functions_given = 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text ? text : "first", names[i]) == 0) {
			options->functions = (enum functions_mode)i;
			return 0;
		}
	say("--functions: '%s' is none of first, all, none", text);
	return EINVAL;
}

static int set_fail_on(struct options *options, const char *text)
{
	do {
		size_t length = strcspn(text, ",");
		enum finding kind = 0;

		while (kind < FINDING_KINDS &&
		       (strlen(finding_words[kind].name) != length ||
			memcmp(finding_words[kind].name, text, length) != 0))
			kind++;
		if (kind == FINDING_KINDS) {
			say("--fail-on: '%.*s' is no kind of finding; there are:%s", (int)length,
			    text, finding_names());
			return EINVAL;
		}
		options->fail_on |= 1u << kind;
		text += length + (text[length] == ',');
	} while (*text);
	return 0;
}

static int set_provenance(struct options *options, const char *text)
{
	options->provenance = CREATOR_ALL;
	if (!text || creators_parse(text, &options->provenance) == 0)
		return 0;
	say("--provenance: '%s' isn't a list of calls; there are:%s", text, creators_names());
	return EINVAL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		return take_operand(options, text, state);
	case 'p':
		return add_targets(options, text);
	case 'f':
		options->follow = 1;
		return 0;
	case KEY_PROGRAM:
		return add_text(&options->programs, &options->program_count, text);
	case KEY_CALLS:
		options->all_calls = 1;
		return 0;
	case KEY_FUNCTIONS:
		return set_functions(options, text);
	case KEY_PROVENANCE:
		return set_provenance(options, text);
	case KEY_FAIL:
		return set_fail_on(options, text);
	case 'v':
		options->verbose = 1;
		return 0;
	case KEY_FDS:
		return set_mode(options, MODE_FDS);
	case KEY_STUCK:
		return set_mode(options, MODE_STUCK);
	case KEY_WATCH:
		return set_watch(options, text);
	case KEY_CGROUP:
		options->cgroup = text;
		return 0;
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
	case KEY_SUPPRESSIONS:
		return add_text(&options->suppressions, &options->suppression_count, text);
	case KEY_GENERATE:
		options->generates = 1;
		options->generated = text;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* An option of another mode would go unheard. */
static int check_mode(const struct options *options)
{
	int traces = options->mode == MODE_COMMAND || options->mode == MODE_ATTACH;
	int follows = traces || options->mode == MODE_WATCH;
	const struct {
		int is_lost;
		const char *option, *where;
	} rules[] = {
		{options->all_calls && !traces, "--all-calls", "COMMAND and -p"},
		{options->functions_given && !traces, "--functions", "COMMAND and -p"},
		{options->provenance && options->mode != MODE_COMMAND &&
			options->mode != MODE_WATCH, "--provenance", "COMMAND, since the filter "
			"must be there before its program is, and --watch"},
		{options->follow && !traces, "--follow-daemons", "COMMAND and -p"},
		{options->program_count > 0 && !traces, "--program", "COMMAND and -p"},
		{options->verbose && !follows, "--verbose", "COMMAND, -p and --watch"},
		{options->fail_on && !follows, "--fail-on", "COMMAND, -p and --watch"},
		{options->fail_on & 1u << FINDING_RACE && !options->provenance, "--fail-on=race",
			"--provenance"},
		{options->fail_on & 1u << FINDING_RACE && options->mode == MODE_WATCH,
			"--fail-on=race", "COMMAND"},
		{options->cgroup && options->mode != MODE_WATCH, "--cgroup", "--watch"},
		{options->no_stack && options->mode != MODE_STUCK, "--no-stack", "--stuck"},
		{options->all && options->mode != MODE_FDS, "--all", "--fds"},
		{options->expected_count > 0 && options->mode == MODE_STUCK, "--expect-fd",
			"COMMAND, -p, --watch and --fds"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_lost) {
			say("%s: only with %s", rules[i].option, rules[i].where);
			return -EINVAL;
		}
	return 0;
}

/* What no option can see alone. */
static int check(struct options *options)
{
	if (options->mode == MODE_NONE) {
		say("nothing to look at: COMMAND, -p PID, --fds PID, --stuck PID or --watch");
		return -EINVAL;
	}
	if (!options->command && options->mode != MODE_WATCH && options->pid_count == 0) {
		say("no PID");
		return -EINVAL;
	}
	if (check_mode(options) < 0)
		return -EINVAL;
	if (options->generates && !options->generated && options->json) {
		say("--gen-suppressions: with --json only to a file: --gen-suppressions=FILE");
		return -EINVAL;
	}
	/* what the command leaves behind can't go on without us */
	options->follow |= options->provenance && options->mode == MODE_COMMAND;
	/* A command's own status counts, unless somebody asked for another */
	if (options->status_given && !options->fail_on)
		options->fail_on = ~(1u << FINDING_RACE);
	return 0;
}

static char *help(int key, const char *text, void *input)
{
	char *words;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC ||
	    asprintf(&words, "KIND:%s\nCALLS:%s\n\n%s", finding_names(), creators_names(),
		     text) < 0)
		return (char *)text;
	return words;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.children = arguments_children,
		.help_filter = help,
		.args_doc = "COMMAND [ARG...]\n-p PID\n--fds PID...\n--stuck PID...\n"
			    "--watch[=DURATION] [PID...]",
		.doc = "Report what a program's launches do between fork and exec, and what they "
		       "hand on; which forked copies hang.\v"
		       "Exit status: with COMMAND its own, else 0; 1 something was found (with "
		       "COMMAND, -p and --watch only if --fail-on or --error-exitcode asks for "
		       "it); 125 spawnaudit failed.",
	};

	*ret = (struct options){.findings_status = EXIT_FINDINGS, .functions = FUNCTIONS_FIRST};
	if (arguments_parse(&argp, argc, argv, ARGP_IN_ORDER, ret, EXIT_TROUBLE))
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
