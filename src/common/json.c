/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <stddef.h>
#include <string.h>

/* How many bytes of well-formed UTF-8 (RFC 3629) begin here; 0: none. Stops at a 0. */
static size_t utf8_length(const unsigned char *text)
{
	/* first byte from..to, and what its second may be: nothing overlong, no surrogate */
	static const struct {
		unsigned char first, last, low, high;
		size_t length;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	size_t i, at;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (*text >= forms[i].first && *text <= forms[i].last)
			break;
	if (i == sizeof(forms) / sizeof(forms[0]))
		return 0;
	if (forms[i].length > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
		return 0;
	for (at = 2; at < forms[i].length; at++)
		if ((text[at] & 0xc0) != 0x80)
			return 0;
	return forms[i].length;
}

static void write_text(FILE *stream, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	putc('"', stream);
	while (*at) {
		size_t length = utf8_length(at);

		if (length == 0)
			fprintf(stream, "\\udc%02x", *at);
		else if (*at == '"' || *at == '\\')
			fprintf(stream, "\\%c", *at);
		else if (*at < ' ' || *at == 0x7f)
			fprintf(stream, "\\u%04x", *at);
		else
			fwrite(at, 1, length, stream);
		at += length ? length : 1;
	}
	putc('"', stream);
}

static void begin(struct json *json, const char *key)
{
	if (json->follows)
		fputs(", ", json->stream);
	json->follows = 1;
	if (!key)
		return;
	write_text(json->stream, key);
	fputs(": ", json->stream);
}

static void open_bracket(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	putc(bracket, json->stream);
	json->follows = 0;
}

static void close_bracket(struct json *json, char bracket)
{
	putc(bracket, json->stream);
	json->follows = 1;
}

void json_object(struct json *json, const char *key)
{
	open_bracket(json, key, '{');
}

void json_object_end(struct json *json)
{
	close_bracket(json, '}');
}

void json_array(struct json *json, const char *key)
{
	open_bracket(json, key, '[');
}

void json_array_end(struct json *json)
{
	close_bracket(json, ']');
}

void json_string(struct json *json, const char *key, const char *text)
{
	begin(json, key);
	if (text)
		write_text(json->stream, text);
	else
		fputs("null", json->stream);
}

void json_integer(struct json *json, const char *key, int64_t value)
{
	begin(json, key);
	fprintf(json->stream, "%lld", (long long)value);
}

void json_decimal(struct json *json, const char *key, double value, int digits)
{
	begin(json, key);
	fprintf(json->stream, "%.*f", digits, value);
}

void json_boolean(struct json *json, const char *key, int value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->stream);
}
