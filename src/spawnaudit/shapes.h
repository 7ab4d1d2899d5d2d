/* SPDX-License-Identifier: MIT */
/* How stacks and runtimes look in JSON and in text, the same in all modes. */
#ifndef SPAWNAUDIT_SHAPES_H
#define SPAWNAUDIT_SHAPES_H

#include <jansson.h>

#include "place.h"
#include "runtimes.h"

/* The last part of a path; "?" for NULL. */
const char *base_name(const char *path);

/* {"frames": [{function, file, line, module, offset}], "ended": WHY or null}; NULL: null */
json_t *shapes_place(const struct place *place);

/* The first frames, a line each; head stands before the first and is ten columns wide. */
void shapes_print_place(const char *head, const struct place *place);

/* [{name, file}] */
json_t *shapes_runtimes(const struct runtimes *runtimes);

#endif
