/* SPDX-License-Identifier: MIT */
/* How stacks and runtimes look in JSON and in text, the same in all modes. */
#ifndef SPAWNAUDIT_SHAPES_H
#define SPAWNAUDIT_SHAPES_H

#include <jansson.h>

#include "runtimes.h"
#include "stack.h"

/* {"frames": [{pc, function, module, file, line}], "ended": WHY or null} */
json_t *shapes_stack(const struct stack *stack);

/* The first frames of such a value, a line each. */
void shapes_print_stack(const json_t *stack);

/* [{name, file}] */
json_t *shapes_runtimes(const struct runtimes *runtimes);

#endif
