/* SPDX-License-Identifier: MIT */
/* An earlier run, as --json wrote it, and what has changed since. */
#ifndef SPAWNBENCH_OLD_H
#define SPAWNBENCH_OLD_H

#include "figures.h"
#include "report.h"

struct json_value;

struct old {
	const char *name;	/* of the file; NULL: there is none */
	char *text;
	struct json_value *tree;
};

/* What is wrong is said, and the result negative. Then there is nothing to clear. */
int old_read(struct old *old, const char *name);
void old_clear(struct old *old);

/* The same for a run that was made otherwise: how it was pinned, and its priority. */
int old_check_setting(const struct old *old, const struct setting *setting);

/* ...and for one that lacks the parent, the child, or a method. */
int old_check_table(const struct old *old, const struct shape *shape, const char *child,
		    const struct method *const methods[], size_t count);

/* Fills in what the figures are compared with it, and a doubt where the machine is another. */
int old_compare(const struct old *old, const struct machine *machine, struct table *table);

#endif
