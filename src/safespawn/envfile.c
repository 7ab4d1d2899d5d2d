/* SPDX-License-Identifier: MIT */
#include "envfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 4096

/* Its size is known at the end only: it may be a pipe. */
static int read_all(int fd, struct env_file *ret)
{
	size_t size = 0;
	char *text = NULL, *grown;
	ssize_t n;

	for (;; size += (size_t)n) {
		grown = realloc(text, size + PIECE + 1);
		if (!grown)
			n = -ENOMEM;
		else
			n = read(fd, (text = grown) + size, PIECE);
		if (n == 0)
			break;
		if (n > 0)
			continue;
		n = grown ? -errno : n;
		free(text);
		return (int)n;
	}
	*ret = (struct env_file){text, text + size, 1};
	return 0;
}

int env_file_read(const char *path, struct env_file *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = read_all(fd, ret);
	close(fd);
	return r;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static int is_at_end_of_line(const struct env_file *file)
{
	return file->at == file->end || is_newline(*file->at);
}

static char take(struct env_file *file)
{
	file->line += *file->at == '\n';
	return *file->at++;
}

static void skip_blanks(struct env_file *file)
{
	while (file->at < file->end && is_blank(*file->at))
		file->at++;
}

/* Empty lines and comments; the latter end with the line, whatever stands there. */
static void skip_lines(struct env_file *file)
{
	for (;;) {
		while (file->at < file->end && (is_blank(*file->at) || is_newline(*file->at)))
			take(file);
		if (file->at == file->end || (*file->at != '#' && *file->at != ';'))
			return;
		while (!is_at_end_of_line(file))
			take(file);
	}
}

static int is_name(const char *name, const char *end)
{
	if (name == end || isdigit((unsigned char)*name))
		return 0;
	while (name < end && (isalnum((unsigned char)*name) || *name == '_'))
		name++;
	return name == end;
}

/* What a backslash takes the meaning from in double quotes; elsewhere it stands for itself. */
static int is_special(char c)
{
	return c == '"' || c == '\\' || c == '`' || c == '$';
}

/* Behind the quote: where to go on writing, or NULL when none ends it. */
static char *take_quoted(struct env_file *file, char quote, char *to)
{
	while (file->at < file->end) {
		char c = take(file);

		if (c == quote)
			return to;
		if (c == '\\' && quote == '"' && file->at < file->end) {
			c = take(file);
			if (c == '\n')
				continue;
			if (!is_special(c))
				*to++ = '\\';
		}
		*to++ = c;
	}
	return NULL;
}

/* The rest of a line, without what is blank at its end; a backslash may continue it. */
static char *take_bare(struct env_file *file, char *to)
{
	char *kept = to;

	while (!is_at_end_of_line(file)) {
		char c = take(file);
		int is_escaped = c == '\\';

		if (is_escaped) {
			if (file->at == file->end)
				break;
			c = take(file);
		}
		if (!is_escaped || !is_newline(c))
			*to++ = c;
		if (is_escaped || !is_blank(c))
			kept = to;
	}
	return kept;
}

/* Quotes count at the beginning, and behind each other. NULL: one isn't closed. */
static char *take_value(struct env_file *file, char *to)
{
	for (;;) {
		skip_blanks(file);
		if (is_at_end_of_line(file))
			return to;
		if (*file->at != '\'' && *file->at != '"')
			return take_bare(file, to);
		to = take_quoted(file, take(file), to);
		if (!to)
			return NULL;
	}
}

/* In place: what is written is never longer than what it is read from. */
int env_file_next(struct env_file *file, char **ret_assignment, const char **ret_why)
{
	unsigned line;
	char *end;

	skip_lines(file);
	if (file->at == file->end)
		return 0;
	line = file->line;
	*ret_assignment = file->at;
	while (!is_at_end_of_line(file) && *file->at != '=')
		file->at++;
	end = file->at;
	while (end > *ret_assignment && is_blank(end[-1]))
		end--;
	*ret_why = "not NAME=VALUE (a value of several lines needs quotes)";
	if (is_at_end_of_line(file) || !is_name(*ret_assignment, end))
		return -EINVAL;
	file->at++;
	*end++ = '=';
	end = take_value(file, end);
	if (end && !memchr(*ret_assignment, '\0', (size_t)(end - *ret_assignment))) {
		if (file->at < file->end)
			take(file);
		*end = '\0';
		return 1;
	}
	*ret_why = end ? "a NUL byte" : "a quote isn't closed";
	file->line = line;
	return -EINVAL;
}
