/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKETS 0x534f434b
#define PIPES 0x50495045
#define ANONYMOUS 0x09041934

/* The last name stands first: from the root directory down. */
static char *join(const struct event_path *path, const char *suffix)
{
	size_t used = path->used < EVENT_PATH ? path->used : EVENT_PATH, at = used;
	char *text = malloc(used + strlen(suffix) + 5), *end = text;

	if (!text)
		return NULL;
	end = stpcpy(end, path->is_whole ? "" : "...");
	while (at > 1) {
		size_t from = at - 1;

		while (from > 0 && path->text[from - 1])
			from--;
		*end++ = '/';
		end = stpcpy(end, path->text + from);
		at = from;
	}
	if (at == used && path->is_whole)
		end = stpcpy(end, "/");
	stpcpy(end, suffix);
	return text;
}

char *name_of_path(const struct event_path *path)
{
	return path->used || path->is_whole ? join(path, "") : NULL;
}

char *name_of_file(const struct event_crossed *file)
{
	const struct event_path *path = &file->path;
	const char *name = path->used ? path->text : "";
	int is_one = strlen(name) + 1 >= path->used;
	char *text = NULL;
	int r;

	if (file->magic == SOCKETS || (file->magic == PIPES && is_one))
		r = asprintf(&text, "%s:[%llu]", file->magic == SOCKETS ? "socket" : "pipe",
			     file->file.inode);
	else if (file->magic == ANONYMOUS)
		r = asprintf(&text, "anon_inode:%s", name);
	else if (!path->is_whole && is_one && file->is_deleted)
		r = asprintf(&text, "/%s (deleted)", name);	/* memfd, shared memory */
	else
		return join(path, file->is_deleted ? " (deleted)" : "");
	return r < 0 ? NULL : text;
}
