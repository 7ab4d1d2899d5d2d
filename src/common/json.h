/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON, one value a line: one value a call, and brackets and commas are
 * seen to. What is written is valid for every reader and stays in its line, whatever
 * the text: control characters and line separators are escaped, and each byte that
 * isn't part of UTF-8 becomes U+FFFD.
 *
 *	struct json json = {.stream = stdout};
 *
 *	json_object(&json, NULL);
 *	json_integer(&json, "pid", 4711);
 *	json_array(&json, "names");
 *	json_string(&json, NULL, "true");
 *	r = json_finish(&json);
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *stream;
	/* json.c's own */
	unsigned depth;		/* how many brackets are open */
	uint64_t objects;	/* a bit for each of these, the innermost lowest: it is an object */
	int follows;		/* a comma is due before the next value */
};

/*
 * The key is that of a member of an object, and NULL elsewhere. What can't be JSON is a fault
 * of the program, and aborts it: a key too many or too few, a second outermost value, or an
 * end of what isn't open.
 */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);

/* Ends the innermost that is open. */
void json_end(struct json *json);

/*
 * Ends all that is open, and the line; then another value may follow. Writes need no check
 * before: 0, or -EIO when something that was written to the stream is lost.
 */
int json_finish(struct json *json);

void json_null(struct json *json, const char *key);
void json_boolean(struct json *json, const char *key, int value);
void json_integer(struct json *json, const char *key, int64_t value);
void json_unsigned(struct json *json, const char *key, uint64_t value);
/* null where the value is no number or infinite */
void json_decimal(struct json *json, const char *key, double value, int digits);
/* text NULL: null */
void json_string(struct json *json, const char *key, const char *text);

#endif
