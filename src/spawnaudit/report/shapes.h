/* SPDX-License-Identifier: MIT */
/* How stacks and runtimes look in JSON and in text, the same in all modes. */
#ifndef SPAWNAUDIT_SHAPES_H
#define SPAWNAUDIT_SHAPES_H

#include "../look/place.h"
#include "../look/runtimes.h"
#include "common/json.h"

/* The last part of a path; "?" for NULL. */
const char *base_name(const char *path);

/* "server", or "python3.11 build.py" */
void shapes_print_program(const char *program, const char *script);

/* KEY: {"frames": [{function, file, line, module, offset}], "ended": WHY or null}, or null */
void shapes_write_place(struct json *json, const char *key, const struct place *place);

/* One function, to the end of the line. */
void shapes_print_frame(const struct frame *frame);

/* The first frames, a line each; head stands before the first and is ten columns wide. */
void shapes_print_place(const char *head, const struct place *place);

/* "runtimes": [{name, file}] */
void shapes_write_runtimes(struct json *json, const struct runtimes *runtimes);

#endif
