/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON: one value a call, and the commas between them are seen to. Text
 * that is UTF-8 stays as it is; a byte that isn't becomes \udc80 to \udcff, a
 * surrogate alone, as Python's "surrogateescape" has it: nothing is lost.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *stream;
	int follows;	/* a comma is due before the next value */
};

/* key NULL: in an array, or the outermost value. */
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

/* text NULL: null. */
void json_string(struct json *json, const char *key, const char *text);
void json_integer(struct json *json, const char *key, int64_t value);
void json_decimal(struct json *json, const char *key, double value, int digits);
void json_boolean(struct json *json, const char *key, int value);

#endif
