/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int grow(struct text *text, size_t wanted)
{
	size_t room = 2 * text->room > wanted ? 2 * text->room : wanted;
	char *data = text->is_fixed ? NULL : realloc(text->data, room);

	if (!data)
		return 0;
	text->data = data;
	text->room = room;
	return 1;
}

void spu__add_text(struct text *text, const char *format, ...)
{
	va_list arguments;
	size_t left;
	int length;

	if (text->failed)
		return;
	for (;;) {
		left = text->room - text->size;
		va_start(arguments, format);
		length = vsnprintf(text->data ? text->data + text->size : NULL, left, format,
				   arguments);
		va_end(arguments);
		if (length >= 0 && (size_t)length < left) {
			text->size += (size_t)length;
			return;
		}
		if (length >= 0 && text->is_fixed) {
			text->size += left > 0 ? left - 1 : 0;
			return;
		}
		if (length < 0 || !grow(text, text->size + (size_t)length + 1)) {
			text->failed = 1;
			return;
		}
	}
}

int spu__take_text(struct text *text, char **ret_text)
{
	if (text->failed || !text->data) {
		free(text->data);
		return -ENOMEM;
	}
	*ret_text = text->data;
	return 0;
}
