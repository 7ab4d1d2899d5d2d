/* SPDX-License-Identifier: MIT */
/* Finding and checking the child program. Launches nothing. */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/beside.h"
#include "common/draft.h"
#include "words.h"

#define CHILD_NAME "spawnbench-child"

#ifndef SPAWNBENCH_CHILD
#define SPAWNBENCH_CHILD "/usr/local/libexec/spawnutil/" CHILD_NAME
#endif

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return access(path, X_OK) < 0 ? -errno : 0;
}

int target_find_default(char **ret_path)
{
	char *path = path_beside_program(CHILD_NAME);

	if (path && executable(path) == 0) {
		*ret_path = path;
		return 0;
	}
	free(path);
	path = strdup(SPAWNBENCH_CHILD);
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

/* In single quotes a shell takes everything as it is, but for the quote itself. */
static void write_quoted(FILE *out, const char *word)
{
	putc('\'', out);
	for (; *word; word++)
		*word == '\'' ? fputs("'\\''", out) : putc(*word, out);
	putc('\'', out);
}

/* Those that are harmless stay as they are: it is for people. */
static void write_word(FILE *out, const char *word)
{
	if (!*word || strpbrk(word, " \t\n'\"\\"))
		write_quoted(out, word);
	else
		fputs(word, out);
}

/* All of argv, with a space between. */
static char *join(const char *begin, char *const argv[], void (*write)(FILE *, const char *))
{
	struct draft draft;
	char *text;

	if (draft_begin(&draft) < 0)
		return NULL;
	fputs(begin, draft.stream);
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			putc(' ', draft.stream);
		write(draft.stream, argv[i]);
	}
	return draft_end(&draft, &text, NULL) < 0 ? NULL : text;
}

/* path, then what stands in words behind the first, and the lane where one is told. */
static int fill(struct target *target, char *path, char *const words[], int stamps, size_t lane)
{
	size_t count = 1;

	while (words[count])
		count++;
	*target = (struct target){.path = path, .stamps = stamps};
	target->argv = calloc(count + 2, sizeof(*target->argv));
	if (!path || !target->argv)
		return -ENOMEM;
	memcpy(target->argv, words, count * sizeof(*words));
	target->argv[0] = path;
	target->text = words[1] ? join("", target->argv, write_word) : strdup(path);
	if (stamps) {
		snprintf(target->lane, sizeof(target->lane), "%zu", lane);
		target->argv[count] = target->lane;
	}
	target->command = join("exec ", target->argv, write_quoted);
	return target->text && target->command ? 0 : -ENOMEM;
}

/* Under whatever name. */
static int is_default(const char *path)
{
	struct stat usual, st;
	char *usual_path;
	int is = 0;

	if (target_find_default(&usual_path) < 0)
		return 0;
	if (stat(usual_path, &usual) == 0 && stat(path, &st) == 0)
		is = usual.st_dev == st.st_dev && usual.st_ino == st.st_ino;
	free(usual_path);
	return is;
}

/* As execvp(3) looks for it, but once and for all methods. */
static int find_in_path(const char *name, char **ret_path)
{
	const char *path = getenv("PATH"), *at = path ? path : "/bin:/usr/bin", *end;
	int r = -ENOENT;

	for (;; at = end + 1) {
		int is, length;

		end = strchrnul(at, ':');
		length = (int)(end - at);
		if (asprintf(ret_path, "%.*s/%s", length ? length : 1, length ? at : ".", name) < 0)
			return -ENOMEM;
		is = executable(*ret_path);
		if (is == 0)
			return 0;
		free(*ret_path);
		r = is == -EACCES ? is : r;
		if (!*end)
			return r;
	}
}

static int find_program(const char *name, char **ret_path)
{
	int r;

	if (!strchr(name, '/'))
		return find_in_path(name, ret_path);
	r = executable(name);
	if (r < 0)
		return r;
	*ret_path = strdup(name);
	return *ret_path ? 0 : -ENOMEM;
}

static int init(struct target *target, char **words)
{
	char *path;
	int r = find_program(words[0], &path);

	if (r < 0)
		return r;
	r = fill(target, path, words, !words[1] && is_default(path), 0);
	if (r < 0)
		target_clear(target);
	return r;
}

int target_init(struct target *target, const char *command)
{
	char *alone[] = {(char *)command, NULL}, **words;
	int r;

	/* blanks and quotes in a path need no quotes */
	if (strchr(command, '/') && executable(command) == 0)
		return init(target, alone);
	r = words_split(command, &words);
	if (r < 0)
		return r;
	r = init(target, words);
	if (r < 0)
		free(words);
	else
		target->words = words;
	return r;
}

int target_copy(struct target *target, const struct target *from, size_t lane)
{
	char *argv[] = {from->path, NULL};
	int r = fill(target, strdup(from->path), from->words ? from->words : argv, from->stamps,
		     lane);

	if (r < 0)
		target_clear(target);
	return r;
}

void target_clear(struct target *target)
{
	free(target->path);
	free(target->argv);
	free(target->command);
	free(target->text);
	free(target->words);
}
