/* SPDX-License-Identifier: MIT */
#include "learning.h"

#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

/* A program's children get few; a loop over all numbers isn't learnt. */
#define MANY_GIVEN 64

struct kind {
	char *program;
	enum method method;
	int is_known;
	int *given;
	size_t given_count;
	int closes_rest;
	struct kind *next;
};

static struct kind *kinds;

static struct kind *find(const struct launch *launch)
{
	const char *program = launch->program ? launch->program : "";
	struct kind *kind = kinds;

	while (kind && (kind->method != launch->method || strcmp(kind->program, program) != 0))
		kind = kind->next;
	if (kind)
		return kind;
	kind = calloc(1, sizeof(*kind));
	if (!kind || !(kind->program = strdup(program)))
		die(EXIT_TROUBLE, "no memory for another program");
	kind->method = launch->method;
	kind->next = kinds;
	return kinds = kind;
}

int learning_wants(const struct launch *launch)
{
	struct kind *kind = find(launch);

	if (kind->is_known)
		return 0;
	kind->is_known = 1;
	return 1;
}

static int has(const int *list, size_t count, int fd)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == fd)
			return 1;
	return 0;
}

int learning_gives(const struct launch *launch, int fd)
{
	const struct kind *kind = find(launch);

	return has(launch->given, launch->given_count, fd) ||
	       (!launch->recorded && has(kind->given, kind->given_count, fd));
}

int learning_gives_some(const struct launch *launch)
{
	return !launch->recorded && find(launch)->given_count > 0;
}

int learning_closes_rest(const struct launch *launch)
{
	return launch->recorded ? launch->closes_rest : find(launch)->closes_rest;
}

static void remember(struct kind *kind, int fd)
{
	int *grown;

	if (has(kind->given, kind->given_count, fd) || kind->given_count >= MANY_GIVEN)
		return;
	grown = reallocarray(kind->given, kind->given_count + 1, sizeof(*grown));
	if (!grown)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	kind->given = grown;
	grown[kind->given_count++] = fd;
}

void learning_note(const struct launch *launch)
{
	int failed = launch->outcome == OUTCOME_EXITED &&
		     (launch->shares_memory || launch->status == 126 || launch->status == 127);

	if (failed && !launch->recorded)
		find(launch)->is_known = 0;
	if (launch->recorded)
		find(launch)->closes_rest = launch->closes_rest;
	for (size_t i = 0; i < launch->given_count; i++)
		remember(find(launch), launch->given[i]);
}
