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

static inline int is_odd_byte(unsigned char c)
{
	return c <= ' ' || c == '"' || c == 0x7f;
}

/* Writes one byte of a name in quotes. Returns the length, up to 4. */
static inline int escape_byte(char *text, unsigned char c)
{
	static const char escaped[] = "\"\\\t\n\v\f\r", letters[] = "\"\\tnvfr";
	const char *found = strchr(escaped, c);

	if (found)
		return sprintf(text, "\\%c", letters[found - escaped]);
	return sprintf(text, c != ' ' && is_odd_byte(c) ? "\\%03o" : "%c", c);
}

/* The name itself, or what is written into buffer, of at least 16 bytes; a long name is cut. */
static inline const char *quote(const char *name, char *buffer, size_t size)
{
	size_t plain = 0, used = 0;

	while (name[plain] && !is_odd_byte((unsigned char)name[plain]))
		plain++;
	if (plain > 0 && !name[plain]) {
		if (plain < size)
			return name;
		snprintf(buffer, size, "%.*s...", (int)size - 4, name);
		return buffer;
	}
	buffer[used++] = '"';
	/* room for one more byte's escape, the quote, the dots and NUL */
	while (*name && used + 9 <= size)
		used += (size_t)escape_byte(buffer + used, (unsigned char)*name++);
	strcpy(buffer + used, *name ? "\"..." : "\"");
	return buffer;
}

/* In a buffer that lives as long as the block that it stands in. */
#define QUOTED(name, size) quote(name, (char [size]){""}, size)

#endif
