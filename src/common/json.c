/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "quote.h"

#define JSON_DEPTH 64	/* bits of what is open */

/* Some take these for ends of lines: U+2028, U+2029. */
static int is_separator(const unsigned char *text)
{
	return text[0] == 0xe2 && text[1] == 0x80 && (text[2] | 1) == 0xa9;
}

/* One that is a control or a separator. */
static void write_escaped(FILE *stream, const unsigned char *text, size_t length)
{
	unsigned number = length == 3 ? 0x2000u | (text[2] & 0x3f) : text[length - 1];

	fprintf(stream, "\\u%04x", number);
}

static void write_text(FILE *stream, const char *text)
{
	size_t length;

	putc('"', stream);
	for (; *text; text += length ? length : 1) {
		const unsigned char *at = (const unsigned char *)text;

		length = utf8_length(text);
		if (length == 0)
			fputs("\xef\xbf\xbd", stream);
		else if (visible_length(text) == 0 || is_separator(at))
			write_escaped(stream, at, length);
		else
			fprintf(stream, "%s%.*s", *at == '"' || *at == '\\' ? "\\" : "",
				(int)length, text);
	}
	putc('"', stream);
}

/* What precedes a value. */
static void begin(struct json *json, const char *key)
{
	int is_in_object = json->objects & 1;

	if (is_in_object != (key != NULL) || (json->depth == 0 && json->follows))
		abort();
	if (json->follows)
		fputs(", ", json->stream);
	json->follows = 1;
	if (!key)
		return;
	write_text(json->stream, key);
	fputs(": ", json->stream);
}

static void open_bracket(struct json *json, const char *key, int is_object)
{
	begin(json, key);
	if (json->depth++ == JSON_DEPTH)
		abort();
	json->objects = json->objects << 1 | (unsigned)is_object;
	json->follows = 0;
	putc("[{"[is_object], json->stream);
}

void json_object(struct json *json, const char *key)
{
	open_bracket(json, key, 1);
}

void json_array(struct json *json, const char *key)
{
	open_bracket(json, key, 0);
}

void json_end(struct json *json)
{
	if (json->depth-- == 0)
		abort();
	putc("]}"[json->objects & 1], json->stream);
	json->objects >>= 1;
	json->follows = 1;
}

int json_finish(struct json *json)
{
	while (json->depth > 0)
		json_end(json);
	putc('\n', json->stream);
	json->follows = 0;
	return ferror(json->stream) ? -EIO : 0;
}

static __attribute__((format(printf, 3, 4))) void write_value(struct json *json, const char *key,
							      const char *format, ...)
{
	va_list arguments;

	begin(json, key);
	va_start(arguments, format);
	vfprintf(json->stream, format, arguments);
	va_end(arguments);
}

void json_null(struct json *json, const char *key)
{
	write_value(json, key, "null");
}

void json_boolean(struct json *json, const char *key, int value)
{
	write_value(json, key, value ? "true" : "false");
}

void json_integer(struct json *json, const char *key, int64_t value)
{
	write_value(json, key, "%" PRId64, value);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	write_value(json, key, "%" PRIu64, value);
}

void json_decimal(struct json *json, const char *key, double value, int digits)
{
	if (isfinite(value))
		write_value(json, key, "%.*f", digits, value);
	else
		json_null(json, key);
}

void json_string(struct json *json, const char *key, const char *text)
{
	if (!text) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	write_text(json->stream, text);
}
