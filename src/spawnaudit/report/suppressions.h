/* SPDX-License-Identifier: MIT */
/*
 * Findings that nobody wants to be told of: those that a line "FINDING PROGRAM WHAT" of a
 * file fits. And such lines for what was found.
 */
#ifndef SPAWNAUDIT_SUPPRESSIONS_H
#define SPAWNAUDIT_SUPPRESSIONS_H

#include "../look/place.h"
#include "../options.h"
#include "../record/findings.h"

struct suppression {
	const char *file;
	size_t line;		/* in the file, from 1 */
	char *finding, *program, *what;	/* patterns of the shell */
	int is_used;		/* it did fit something */
	struct suppression *next;
};

/* What is looked for: a kind of finding, in a program. */
struct culprit {
	enum finding kind;
	const char *program;	/* path; NULL: unknown */
	const char *script;	/* that it runs; NULL: none */
};

/* Reads and opens the files that the options name. Says what is wrong: 0 or -errno. */
int suppressions_open(const struct options *options);

/* All lines of the files, in their order */
const struct suppression *suppressions_list(void);

/* Does the pattern fit the path of the program or of its script, or the last part of one? */
int program_fits(const char *pattern, const char *program, const char *script);

/*
 * Does a line fit it, and a descriptor's name, or a function of the stack? Its frames have
 * their names; place NULL: unknown.
 */
int suppressions_fit(const struct culprit *culprit, const char *descriptor);
int suppressions_fit_place(const struct culprit *culprit, const struct place *place);

/* Lines for --gen-suppressions, that fit this run and the next. */
void suppressions_propose(const struct culprit *culprit, const char *descriptor);
void suppressions_propose_place(const struct culprit *culprit, const struct place *place);

/* Writes them, behind the report: 0, or -errno, and says so. */
int suppressions_close(void);

#endif
