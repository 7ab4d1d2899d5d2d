/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "../names.h"
#include "../quote.h"

struct row {
	const char *name;
	int number;
};

static const char *find_name(const struct row *rows, size_t count, int number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return "";
}

#define DEFINE_NAME_OF(function, names, number) \
	const char *function \
	{ \
		static const struct row rows[] = {names(NAME_ROW)}; \
\
		return find_name(rows, sizeof(rows) / sizeof(rows[0]), (number)); \
	}
DEFINE_NAME_OF(spu__signal_name(int number), SIGNAL_NAMES, number)
DEFINE_NAME_OF(spu__limit_name(int resource), LIMIT_NAMES, resource)
DEFINE_NAME_OF(spu__capability_name(int capability), CAPABILITY_NAMES, capability)
DEFINE_NAME_OF(spu__scheduler_name(int policy), SCHEDULER_NAMES, policy & ~SCHED_RESET_ON_FORK)

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

void spu__hide_own_entries(struct spu_error *ret_error, size_t from)
{
	if (ret_error && ret_error->index >= (int)from &&
	    (ret_error->step == SPU_STEP_PREPARE || ret_error->step == SPU_STEP_MOVE))
		ret_error->index = -1;
}
