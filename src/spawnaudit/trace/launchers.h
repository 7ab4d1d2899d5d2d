/* SPDX-License-Identifier: MIT */
/*
 * The places in programs that launches come from, as their stacks tell them apart, and
 * what the first child of each did.
 */
#ifndef SPAWNAUDIT_LAUNCHERS_H
#define SPAWNAUDIT_LAUNCHERS_H

#include <stdint.h>

#include "../record/functions.h"
#include "../record/launch.h"

struct launcher {
	char *program;
	uint64_t key;
	struct functions *functions;	/* NULL: not known yet */
	unsigned users;			/* it is kept while there are some */
	struct launcher *next;
};

/*
 * Its child has run nothing yet. NULL: no more of this program are looked at, or its
 * place can't be told.
 */
struct launcher *launchers_find(const struct launch *launch);
void launchers_forget(void);

#endif
