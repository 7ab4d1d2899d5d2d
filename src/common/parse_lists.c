/* SPDX-License-Identifier: MIT */
/* Lists, with commas between, of what parse.c reads. */
#include <errno.h>
#include <string.h>

#include "common/parse.h"
#include "spawnutil.h"

/* The item that begins at text, as a string of its own; NULL: none, or too long for any. */
static const char *next_item(const char *text, char *buffer, size_t size, const char **ret_next)
{
	size_t length = strcspn(text, ",");

	if (length == 0 || length >= size)
		return NULL;
	memcpy(buffer, text, length);
	buffer[length] = '\0';
	*ret_next = text[length] ? text + length + 1 : NULL;
	return buffer;
}

int parse_signals(const char *text, uint64_t *ret)
{
	uint64_t set = 0;
	char item[32];
	int number, r;

	while (text) {
		if (!next_item(text, item, sizeof(item), &text))
			return -EINVAL;
		r = parse_signal(item, &number);
		if (r < 0)
			return r;
		set |= SPU_SIGNAL(number);
	}
	*ret = set;
	return 0;
}

/* ":2" behind a range: cuts it off, and is 1 where there is none. */
static int cut_stride(char *item, long max, long *ret)
{
	char *colon = strchr(item, ':');

	*ret = 1;
	if (!colon)
		return 0;
	*colon = '\0';
	return strchr(item + 1, '-') ? parse_long(colon + 1, 1, max, ret) : -EINVAL;
}

int parse_strided_ranges(const char *text, long min, long max, long *stride,
			 int (*add)(void *context, long first, long last), void *context)
{
	char item[48];
	char *dash;
	long first, last;
	int r = 0;

	while (text) {
		if (!next_item(text, item, sizeof(item), &text))
			return -EINVAL;
		if (stride)
			r = cut_stride(item, max, stride);
		dash = strchr(item + 1, '-');
		if (dash)
			*dash = '\0';
		if (r == 0)
			r = parse_long(item, min, max, &first);
		if (r == 0)
			r = dash ? parse_long(dash + 1, min, max, &last) : (last = first, 0);
		if (r == 0 && last < first)
			r = -ERANGE;
		if (r == 0)
			r = add(context, first, last);
		if (r < 0)
			return r;
	}
	return 0;
}

int parse_ranges(const char *text, long min, long max,
		 int (*add)(void *context, long first, long last), void *context)
{
	return parse_strided_ranges(text, min, max, NULL, add, context);
}

int parse_pairs(const char *text, long min, long max,
		int (*add)(void *context, long first, long second), void *context)
{
	char item[48];
	char *colon;
	long first, second;
	int r;

	while (text) {
		if (!next_item(text, item, sizeof(item), &text))
			return -EINVAL;
		colon = strchr(item, ':');
		if (!colon)
			return -EINVAL;
		*colon = '\0';
		r = parse_long(item, min, max, &first);
		if (r == 0)
			r = parse_long(colon + 1, min, max, &second);
		if (r == 0)
			r = add(context, first, second);
		if (r < 0)
			return r;
	}
	return 0;
}
