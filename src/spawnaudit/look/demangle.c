/* SPDX-License-Identifier: MIT */
#include "demangle.h"

#include <setjmp.h>
#include <string.h>

#define LONGEST 2048

#define DMGL_PARAMS 1	/* with the types of arguments */
#define DMGL_ANSI 2	/* with const, volatile */

/* The text comes piece by piece. 0: it is no such name. NULL where we weren't linked with it. */
extern __attribute__((weak)) int
cplus_demangle_v3_callback(const char *symbol, int options,
			   void (*take)(const char *piece, size_t size, void *context),
			   void *context);

struct text {
	char bytes[LONGEST];
	size_t length;
	jmp_buf too_long;
};

static void take(const char *piece, size_t size, void *context)
{
	struct text *text = context;

	/* nothing has to be released on the way: it keeps all on its stack */
	if (size > sizeof(text->bytes) - text->length)
		longjmp(text->too_long, 1);
	memcpy(text->bytes + text->length, piece, size);
	text->length += size;
}

char *demangle(const char *symbol)
{
	struct text text;

	text.length = 0;
	if (strncmp(symbol, "_Z", 2) != 0 || strlen(symbol) >= LONGEST ||
	    !cplus_demangle_v3_callback || setjmp(text.too_long) ||
	    !cplus_demangle_v3_callback(symbol, DMGL_PARAMS | DMGL_ANSI, take, &text))
		return NULL;
	return strndup(text.bytes, text.length);
}
