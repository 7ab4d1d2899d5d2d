/* SPDX-License-Identifier: MIT */
#ifndef SPAWNAUDIT_ACCOUNT_H
#define SPAWNAUDIT_ACCOUNT_H

#include <stddef.h>

#include "../look/view.h"
#include "suspect.h"
#include "verdict.h"

struct sentences {
	char **list;
	size_t count;
};

/*
 * Adds sentences, for sentences_clear(). waiter is the thread that the reason is
 * about, or NULL; view names variables, and may be NULL.
 */
void account_make(const struct suspect *suspect, enum reason reason, const struct waiter *waiter,
		  struct view *view, struct sentences *known, struct sentences *inferred);
void sentences_clear(struct sentences *sentences);

#endif
