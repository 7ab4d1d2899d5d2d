/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "../names.h"
#include "../quote.h"

const char *spu__signal_name(int number)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {SIGNAL_NAMES(NAME_ROW)};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return "";
}

const char *spu__limit_name(int resource)
{
	static const struct {
		const char *name;
		int resource;
	} names[] = {LIMIT_NAMES(NAME_ROW)};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].resource == resource)
			return names[i].name;
	return "";
}

/*
 * What comes from others may hold anything: whoever fills makes one line of it, when
 * all is there. Returns the text's length, which may be more than there is room for.
 */
static int fill(struct spu_error *ret_error, int err, unsigned step, int index,
		const char *format, va_list arguments)
{
	int length;

	*ret_error = (struct spu_error){.err = err, .step = step, .index = index};
	length = vsnprintf(ret_error->text, sizeof(ret_error->text), format, arguments);
	if (length < 0)		/* of no memory, say */
		length = snprintf(ret_error->text, sizeof(ret_error->text), "%.100s", format);
	return length;
}

int spu__refusal(struct spu_error *ret_error, int err, unsigned step, int index,
		 const char *format, ...)
{
	va_list arguments;

	if (!ret_error)
		return -err;
	va_start(arguments, format);
	fill(ret_error, err, step, index, format, arguments);
	va_end(arguments);
	replace_controls(ret_error->text);
	return -err;
}

int spu__error(struct spu_error *ret_error, int err, unsigned step, int index,
	       const char *format, ...)
{
	int saved = errno, length;
	va_list arguments;

	if (!ret_error)
		return -err;
	va_start(arguments, format);
	length = fill(ret_error, err, step, index, format, arguments);
	va_end(arguments);
	/* A long thing is cut so that the reason still shows. */
	if (length > (int)sizeof(ret_error->text) - 64) {
		length = (int)sizeof(ret_error->text) - 64;
		length += snprintf(ret_error->text + length, 4, "...");
	}
	errno = err;
	snprintf(ret_error->text + length, sizeof(ret_error->text) - (size_t)length, ": %m");
	errno = saved;
	replace_controls(ret_error->text);
	return -err;
}
