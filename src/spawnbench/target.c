/* SPDX-License-Identifier: MIT */
/* Finding and checking the child program. Launches nothing. */
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static char *beside_program(void)
{
	char self[PATH_MAX], *slash, *path;
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return NULL;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	return asprintf(&path, "%s/" CHILD_NAME, self) < 0 ? NULL : path;
}

int target_find_default(char **ret_path)
{
	char *path = beside_program();

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
static char *shell_command(const char *path)
{
	static const char escaped[] = "'\\''";
	char *command = malloc(strlen(path) * (sizeof(escaped) - 1) + sizeof "exec ''");
	char *end = command;

	if (!command)
		return NULL;
	end = stpcpy(end, "exec '");
	for (; *path; path++) {
		if (*path == '\'')
			end = stpcpy(end, escaped);
		else
			*end++ = *path;
	}
	stpcpy(end, "'");
	return command;
}

int target_init(struct target *target, const char *path)
{
	int r;

	if (asprintf(&target->path, "%s%s", strchr(path, '/') ? "" : "./", path) < 0)
		return -ENOMEM;
	r = executable(target->path);
	target->command = r < 0 ? NULL : shell_command(target->path);
	if (!target->command) {
		free(target->path);
		return r < 0 ? r : -ENOMEM;
	}
	target->argv[0] = target->path;
	target->argv[1] = NULL;
	return 0;
}

void target_clear(struct target *target)
{
	free(target->path);
	free(target->command);
}
