/* SPDX-License-Identifier: MIT */
#include "common/arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/message.h"
#include "spawnutil.h"

#define KEY_USAGE 0x10000	/* above what any program uses */

static const struct argp_option table[] = {
	{"help", 'h', 0, 0, "Give this help list", -1},
	{0, '?', 0, OPTION_ALIAS | OPTION_HIDDEN, 0, -1},
	{"usage", KEY_USAGE, 0, 0, "Give a short usage message", -1},
	{"version", 'V', 0, 0, "Print program version", -1},
	{0, 0, 0, 0, 0, 0},
};

static int status_if_lost;

/* Help and version end the program, here or in argp. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	(void)text;
	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL;	/* message.c's hint is shorter */
		return 0;
	case 'h':
	case '?':
		stdout_finish_at_exit(status_if_lost);
		argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		stdout_finish_at_exit(status_if_lost);
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		stdout_finish_at_exit(status_if_lost);
		fprintf(state->out_stream, "%s (libspawnutil) " SPU_VERSION "\n",
			message_program());
		exit(EXIT_SUCCESS);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp_common = {.options = table, .parser = parse};
const struct argp_child arguments_children[] = {{&argp_common, 0, NULL, 0}, {0}};

error_t arguments_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
			void *input, int failure_status)
{
	error_t r;

	status_if_lost = failure_status;
	/* getopt's messages begin with it */
	if (argc > 0)
		argv[0] = (char *)message_program();
	r = argp_parse(argp, argc, argv, flags | ARGP_NO_HELP, NULL, input);
	/* What parsers refuse they have said */
	if (r == ENOMEM)
		say_errno(r, "command line");
	return r;
}
