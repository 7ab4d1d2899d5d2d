/* SPDX-License-Identifier: MIT */
/*
 * How a message shows a name that others chose: as it is where one can see what
 * it is, else in double quotes and escaped as in C. Library and programs say it
 * the same way.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* How many bytes of well-formed UTF-8 (RFC 3629) begin here; 0: none. Stops at a 0. */
static inline size_t utf8_length(const char *name)
{
	/* first byte from..to, and what its second may be: nothing overlong, no surrogate */
	static const struct {
		unsigned char first, last, low, high, length;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *text = (const unsigned char *)name;
	size_t i = 0, at;

	while (*text < forms[i].first || *text > forms[i].last)
		if (++i == sizeof(forms) / sizeof(forms[0]))
			return 0;
	if (forms[i].length > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
		return 0;
	for (at = 2; at < forms[i].length; at++)
		if ((text[at] & 0xc0) != 0x80)
			return 0;
	return forms[i].length;
}

/*
 * The same of a character that only shows; 0: a control character, which a terminal
 * may obey (C1, U+0080 to U+009F, are some too), or no character at all.
 */
static inline size_t visible_length(const char *name)
{
	unsigned char c = (unsigned char)*name;

	if (c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)name[1] < 0xa0))
		return 0;
	return utf8_length(name);
}

/* And of one that needs no quotes. */
static inline size_t plain_length(const char *name)
{
	return *name == ' ' || *name == '"' ? 0 : visible_length(name);
}

/* In place: what doesn't only show becomes "?". */
static inline void replace_controls(char *text)
{
	size_t length;

	for (; *text; text += length) {
		length = visible_length(text);
		if (length == 0)
			*text = '?', length = 1;
	}
}

/* The same on a stream. */
static inline void put_visible(const char *text, FILE *stream)
{
	size_t length;

	for (; *text; text += length) {
		length = visible_length(text);
		if (length == 0)
			putc('?', stream), length = 1;
		else
			fwrite(text, 1, length, stream);
	}
}

/* Writes what stands for the character or byte at *name in quotes, up to 4 bytes: their number. */
static inline size_t escape(char *text, const char **name)
{
	static const char escaped[] = "\"\\\t\n\v\f\r", letters[] = "\"\\tnvfr";
	const char *from = *name, *found = strchr(escaped, *from);
	size_t length = found ? 0 : visible_length(from);

	*name += length ? length : 1;
	if (found)
		return (size_t)sprintf(text, "\\%c", letters[found - escaped]);
	if (length == 0)
		return (size_t)sprintf(text, "\\%03o", (unsigned char)*from);
	memcpy(text, from, length);
	return length;
}

/* The name itself, or what is written into buffer, of at least 16 bytes; a long name is cut. */
static inline const char *quote(const char *name, char *buffer, size_t size)
{
	size_t plain = 0, fits = 0, used = 0, length;

	while ((length = plain_length(name + plain)) > 0) {
		plain += length;
		if (plain + 4 <= size)
			fits = plain;
	}
	if (plain > 0 && !name[plain]) {
		if (plain < size)
			return name;
		snprintf(buffer, size, "%.*s...", (int)fits, name);
		return buffer;
	}
	buffer[used++] = '"';
	/* room for one more character's escape, the quote, the dots and NUL */
	while (*name && used + 9 <= size)
		used += escape(buffer + used, &name);
	strcpy(buffer + used, *name ? "\"..." : "\"");
	return buffer;
}

/* In a buffer that lives as long as the block that it stands in. */
#define QUOTED(name, size) quote(name, (char [size]){""}, size)

#endif
