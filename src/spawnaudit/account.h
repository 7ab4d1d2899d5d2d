/* SPDX-License-Identifier: MIT */
#ifndef SPAWNAUDIT_ACCOUNT_H
#define SPAWNAUDIT_ACCOUNT_H

#include <jansson.h>

#include "suspect.h"
#include "verdict.h"
#include "view.h"

/*
 * Adds sentences to two JSON arrays. waiter is the thread that the reason is
 * about, or NULL; view names variables, and may be NULL.
 */
void account_make(const struct suspect *suspect, enum reason reason, const struct waiter *waiter,
		  struct view *view, json_t *known, json_t *inferred);

#endif
