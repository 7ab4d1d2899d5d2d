/* SPDX-License-Identifier: MIT */
/* What is launched: the child program, in the forms that the methods need. */
#ifndef SPAWNBENCH_TARGET_H
#define SPAWNBENCH_TARGET_H

#include <stddef.h>

struct target {
	char *path;		/* always with a slash: nothing searches PATH for it */
	char **argv;
	char *command;		/* for the shell: exec 'PATH' 'ARGUMENT' */
	char *text;		/* for people: PATH ARGUMENT */
	char **words;		/* where its arguments lie; NULL: there are none, or in another */
	int stamps;		/* the child that says when it runs */
	char lane[24];		/* its argument then */
};

/*
 * Where the child is that the build makes: beside the running program, else
 * where it is installed (which isn't looked at). *ret_path is the caller's to
 * free(). -ENOMEM.
 */
int target_find_default(char **ret_path);

/*
 * Fills a target for a program: the path of a file, or a command as words_split()
 * cuts it, whose first word is looked for in PATH unless it has a slash. Errors:
 * -ENOMEM, those of words_split(), and why the file can't be executed: -ENOENT,
 * -EACCES, -EISDIR, ... On success target_clear() frees it. target points into
 * itself: it must stay where it is.
 */
int target_init(struct target *target, const char *command);
void target_clear(struct target *target);

/*
 * The same for one of several threads that launch at once, each with a copy, which
 * is cleared before the first. -ENOMEM.
 */
int target_copy(struct target *target, const struct target *from, size_t lane);

#endif
