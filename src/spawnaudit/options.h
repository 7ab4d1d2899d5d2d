/* SPDX-License-Identifier: MIT */
/* What the command line says; options.c fills it, nothing changes it later. */
#ifndef SPAWNAUDIT_OPTIONS_H
#define SPAWNAUDIT_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses of our own; EXIT_TROUBLE is safespawn's and env(1)'s */
#define EXIT_FINDINGS 1
#define EXIT_TROUBLE 125

enum functions_mode { FUNCTIONS_NONE, FUNCTIONS_FIRST, FUNCTIONS_ALL };

enum mode { MODE_NONE, MODE_FDS, MODE_STUCK, MODE_COMMAND, MODE_ATTACH,
	    MODE_WATCH };

struct fd_range {
	int first, last;
};

struct options {
	enum mode mode;
	pid_t *pids;		/* those of -p, or the operands of --fds, --stuck and --watch */
	size_t pid_count;

	char **command;		/* MODE_COMMAND; ends with NULL */
	int follow;		/* until all descendants have ended */
	char **programs;	/* patterns: tell only launches by these; none: by all */
	size_t program_count;
	int64_t watch_ms;	/* MODE_WATCH: so long; -1: until a signal */
	const char *cgroup;	/* MODE_WATCH: only there; NULL: everywhere */
	int all_calls;		/* record those of every child */
	enum functions_mode functions;	/* of which fork children they are looked at */
	int functions_given;
	unsigned provenance;	/* groups of creators.h; 0: nobody asked */
	int verbose;		/* list every launch */
	unsigned fail_on;	/* bits by enum finding: these decide how we exit */
	char **suppressions;	/* files: what fits a line of theirs isn't told */
	size_t suppression_count;
	int generates;		/* lines that would fit what was found: */
	const char *generated;	/* to that file; NULL: behind the report */

	int all;		/* descriptors that exec closes too */
	struct fd_range *expected;	/* --expect-fd; 0 to 2 aren't in it */
	size_t expected_count;

	int no_stack;		/* stop nothing, not even for a moment */

	int json;
	const char *log;	/* NULL: where the mode reports by default */
	int status_given;
	int findings_status;	/* how we exit when something was found */
};

/* Fills *ret or says what is wrong: 0, or -EINVAL. --help and --version exit. */
int options_parse(int argc, char **argv, struct options *ret);

/* Is it no finding when this descriptor crosses an exec? */
int options_expect_fd(const struct options *options, int fd);

#endif
