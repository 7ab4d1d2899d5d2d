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
static char *shell_command(const char *path, const char *argument)
{
	static const char escaped[] = "'\\''";
	size_t size = strlen(path) * (sizeof(escaped) - 1) + strlen(argument) + sizeof "exec '' ";
	char *command = malloc(size), *end = command;

	if (!command)
		return NULL;
	end = stpcpy(end, "exec '");
	for (; *path; path++) {
		if (*path == '\'')
			end = stpcpy(end, escaped);
		else
			*end++ = *path;
	}
	end = stpcpy(end, argument[0] ? "' " : "'");
	stpcpy(end, argument);
	return command;
}

/* The path is the target's from here on. */
static int fill(struct target *target, char *path, int stamps, size_t lane)
{
	target->path = path;
	target->stamps = stamps;
	target->lane[0] = '\0';
	if (stamps)
		snprintf(target->lane, sizeof(target->lane), "%zu", lane);
	target->argv[0] = target->path;
	target->argv[1] = stamps ? target->lane : NULL;
	target->argv[2] = NULL;
	target->command = path ? shell_command(path, target->lane) : NULL;
	if (target->command)
		return 0;
	free(path);
	return -ENOMEM;
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

int target_init(struct target *target, const char *path)
{
	char *full;
	int r;

	if (asprintf(&full, "%s%s", strchr(path, '/') ? "" : "./", path) < 0)
		return -ENOMEM;
	r = executable(full);
	if (r < 0) {
		free(full);
		return r;
	}
	return fill(target, full, is_default(full), 0);
}

int target_copy(struct target *target, const struct target *from, size_t lane)
{
	return fill(target, strdup(from->path), from->stamps, lane);
}

void target_clear(struct target *target)
{
	free(target->path);
	free(target->command);
}
