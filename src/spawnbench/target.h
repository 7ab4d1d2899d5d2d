/* SPDX-License-Identifier: MIT */
/* What is launched: the child program, in the forms that the methods need. */
#ifndef SPAWNBENCH_TARGET_H
#define SPAWNBENCH_TARGET_H

struct target {
	char *path;		/* always with a slash: nothing searches PATH for it */
	char *argv[2];
	char *command;		/* for the shell: exec 'PATH' */
};

/*
 * Where the child is that the build makes: beside the running program, else
 * where it is installed (which isn't looked at). *ret_path is the caller's to
 * free(). -ENOMEM.
 */
int target_find_default(char **ret_path);

/*
 * Fills a target for a program. Errors: -ENOMEM, and why the file can't be
 * executed: -ENOENT, -EACCES, -EISDIR, ... On success target_clear() frees it.
 */
int target_init(struct target *target, const char *path);
void target_clear(struct target *target);

#endif
