/* SPDX-License-Identifier: MIT */
#include "learning.h"

#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

struct kind {
	char *program;
	enum method method;
	int is_known;
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

int learning_closes_rest(const struct launch *launch)
{
	return launch->recorded ? launch->closes_rest : find(launch)->closes_rest;
}

void learning_note(const struct launch *launch)
{
	int failed = launch->outcome == OUTCOME_EXITED &&
		     (launch->shares_memory || launch->status == 126 || launch->status == 127);

	if (failed && !launch->recorded)
		find(launch)->is_known = 0;
	if (launch->recorded)
		find(launch)->closes_rest = launch->closes_rest;
}
