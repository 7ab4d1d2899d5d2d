/* SPDX-License-Identifier: MIT */
/*
 * Pure: the candidates that a PATH makes of a name, and the interpreter that a
 * script's first line names. Works on strings, opens nothing.
 */
#include <errno.h>
#include <string.h>

#include "path.h"

/* execvp(3): a name with a slash is not looked for; an empty one names nothing. */
static int is_searched(const char *file, const char *path)
{
	return path && *file && !strchr(file, '/');
}

void spu__measure_candidates(const char *file, const char *path, size_t *ret_count,
			     size_t *ret_bytes)
{
	size_t count = 1;
	const char *c;

	if (!is_searched(file, path)) {
		*ret_count = 1;
		*ret_bytes = 0;
		return;
	}
	for (c = path; *c; c++)
		count += *c == ':';
	*ret_count = count;
	/* each: directory or ".", slash, file, NUL */
	*ret_bytes = strlen(path) + count * (strlen(file) + 3);
}

void spu__write_candidates(const char *file, const char *path, const char **candidates,
			   char *text)
{
	size_t file_size = strlen(file) + 1;

	if (!is_searched(file, path)) {
		candidates[0] = file;
		candidates[1] = NULL;
		return;
	}
	for (;;) {
		const char *end = strchrnul(path, ':');
		size_t length = (size_t)(end - path);

		*candidates++ = text;
		if (length == 0) {
			*text++ = '.';	/* POSIX: an empty entry is the working directory */
		} else {
			memcpy(text, path, length);
			text += length;
		}
		*text++ = '/';
		memcpy(text, file, file_size);
		text += file_size;
		if (!*end)
			break;
		path = end + 1;
	}
	*candidates = NULL;
}

int spu__parse_interpreter(const char *head, size_t size, char *ret, size_t ret_size)
{
	size_t i = 2, length = 0;

	if (size < 2 || head[0] != '#' || head[1] != '!')
		return -ENOENT;
	while (i < size && (head[i] == ' ' || head[i] == '\t'))
		i++;
	while (i + length < size && !strchr(" \t\n", head[i + length]))
		length++;
	if (length == 0 || length >= ret_size)
		return -ENOENT;
	memcpy(ret, head + i, length);
	ret[length] = '\0';
	return 0;
}
