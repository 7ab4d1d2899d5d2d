/* SPDX-License-Identifier: MIT */
#include "common/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* A result of 0 is an error to glibc's streams, and to musl's it isn't: hence a flag of our own. */
static ssize_t add(void *cookie, const char *bytes, size_t size)
{
	struct draft *draft = cookie;
	size_t wanted = draft->size + size + 1;
	char *grown;

	if (wanted > draft->room) {
		if (wanted < 2 * draft->room)
			wanted = 2 * draft->room;
		grown = realloc(draft->text, wanted);
		if (!grown) {
			draft->is_short = 1;
			return 0;
		}
		draft->text = grown;
		draft->room = wanted;
	}
	memcpy(draft->text + draft->size, bytes, size);
	draft->size += size;
	return (ssize_t)size;
}

int draft_begin(struct draft *draft)
{
	const cookie_io_functions_t functions = {.write = add};

	*draft = (struct draft){0};
	draft->stream = fopencookie(draft, "w", functions);
	return draft->stream ? 0 : -ENOMEM;
}

int draft_end(struct draft *draft, char **ret_text, size_t *ret_size)
{
	if (fclose(draft->stream) != 0)
		draft->is_short = 1;
	if (!draft->text)
		draft->text = malloc(1);
	if (draft->is_short || !draft->text) {
		free(draft->text);
		return -ENOMEM;
	}
	draft->text[draft->size] = '\0';
	*ret_text = draft->text;
	if (ret_size)
		*ret_size = draft->size;
	return 0;
}
