/* SPDX-License-Identifier: MIT */
/* The axes and their texts. Nothing here knows how a parent is made so. */
#include "axes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

const struct axis axis_table[AXIS_COUNT] = {
	[AXIS_RSS] = {"rss", "memory of the parent [bytes]",
		      "a size (a number, then nothing, K, M, G or T) up to 1024T",
		      KIND_SIZE, 0, (uint64_t)1 << 50, 0},
	[AXIS_THP] = {"thp", "huge pages", "yes or no", KIND_YES, 0, 1, 0},
	[AXIS_THREADS] = {"threads", "idle threads of the parent",
			  "a number from 0 to 1000000", KIND_NUMBER, 0, 1000000, 0},
	[AXIS_FDS] = {"fds", "open descriptors of the parent",
		      "a number from 0 to 100000000", KIND_NUMBER, 0, 100000000, 0},
	[AXIS_CLOEXEC] = {"cloexec", "close-on-exec", "yes or no", KIND_YES, 0, 1, 1},
	[AXIS_ENV] = {"env", "environment variables added", "a number from 0 to 10000000",
		      KIND_NUMBER, 0, 10000000, 0},
	[AXIS_JOBS] = {"jobs", "threads that launch at once", "a number from 1 to 1024",
		       KIND_NUMBER, 1, 1024, 1},
};

static int parse_yes(const char *text, uint64_t *ret)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return -EINVAL;
	*ret = text[0] == 'y';
	return 0;
}

static int parse_number(const char *text, uint64_t *ret)
{
	long value;
	int r = parse_long(text, 0, INT32_MAX, &value);

	if (r == 0)
		*ret = (uint64_t)value;
	return r;
}

int axis_parse(const struct axis *axis, const char *text, uint64_t *ret)
{
	static int (*const parsers[])(const char *text, uint64_t *ret) = {
		[KIND_SIZE] = parse_size, [KIND_NUMBER] = parse_number, [KIND_YES] = parse_yes,
	};
	uint64_t value;
	int r = parsers[axis->kind](text, &value);

	if (r == 0 && (value < axis->min || value > axis->max))
		r = -ERANGE;
	if (r == 0)
		*ret = value;
	return r;
}

static const char *size_text(uint64_t value, char *buffer)
{
	static const char units[] = "KMGT";
	char unit[2] = "";

	for (size_t i = 0; units[i] && value && value % 1024 == 0; i++) {
		value /= 1024;
		unit[0] = units[i];
	}
	snprintf(buffer, AXIS_TEXT_SIZE, "%llu%s", (unsigned long long)value, unit);
	return buffer;
}

const char *axis_text(const struct axis *axis, uint64_t value, char buffer[AXIS_TEXT_SIZE])
{
	if (axis->kind == KIND_SIZE)
		return size_text(value, buffer);
	if (axis->kind == KIND_YES)
		return value ? "yes" : "no";
	snprintf(buffer, AXIS_TEXT_SIZE, "%llu", (unsigned long long)value);
	return buffer;
}

const char *shape_text(const struct shape *shape, char buffer[SHAPE_TEXT_SIZE])
{
	char text[AXIS_TEXT_SIZE], *end = buffer;

	for (size_t i = 0; i < AXIS_COUNT; i++)
		end += snprintf(end, SHAPE_TEXT_SIZE - (size_t)(end - buffer), "%s%s %s",
				i ? ", " : "", axis_table[i].name,
				axis_text(&axis_table[i], shape->values[i], text));
	return buffer;
}
