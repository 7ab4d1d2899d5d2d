/* SPDX-License-Identifier: MIT */
/*
 * Where reports go, and the two shapes that they have: text for people, and one
 * JSON object a line. Knows no report.
 */
#ifndef SPAWNAUDIT_OUTPUT_H
#define SPAWNAUDIT_OUTPUT_H

#include <stdio.h>

#include "../options.h"
#include "common/json.h"

/* Raised when a key changes its meaning or goes; a new key doesn't raise it. */
#define OUTPUT_SCHEMA 1

/* by_default: where the mode reports without --log. Says what is wrong: 0 or -errno. */
int output_open(const struct options *options, FILE *by_default);

/* Flushes; says so and gives a negative errno value if anything that was printed is lost. */
int output_close(void);

/* For text. Names that others chose are printed by output_text(). */
FILE *output_stream(void);

/* Control characters, that could paint a terminal, become "?". */
void output_text(const char *text);

/* A line of JSON, with "schema" and "type" in it; add to it, and json_finish() it. */
struct json *output_begin(const char *type);

#endif
