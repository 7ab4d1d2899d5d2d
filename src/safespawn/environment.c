/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"

/* The last assignment to name, or NULL. */
static const char *find_assignment(const struct settings *settings, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = settings->assignments.count; i > 0; i--) {
		const char *text = settings->assignments.items[i - 1];

		if (strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

static int is_taken_out(const struct settings *settings, const char *name)
{
	if (settings->ignore_environment)
		return 1;
	for (size_t i = 0; i < settings->unset.count; i++)
		if (strcmp(settings->unset.items[i], name) == 0)
			return 1;
	return 0;
}

const char *command_getenv(const struct settings *settings, const char *name)
{
	const char *value = find_assignment(settings, name);

	if (value)
		return value;
	return is_taken_out(settings, name) ? NULL : getenv(name);
}

const char *command_path(const struct settings *settings, int *ret_changed)
{
	static char default_path[256];
	const char *path = command_getenv(settings, "PATH");

	*ret_changed = path != getenv("PATH");
	if (path)
		return path;
	confstr(_CS_PATH, default_path, sizeof(default_path));
	return default_path;
}

/* What speaks against executing it: 0 or an errno value. exec alone knows for sure. */
static int examine(int directory, const char *candidate)
{
	struct stat status;

	if (fstatat(directory, candidate, &status, 0) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return EACCES;
	return faccessat(directory, candidate, X_OK, 0) < 0 ? errno : 0;
}

/* Tries one; 1: the search is over. *err keeps EACCES over "not there", as execvp(3) does. */
static int try_candidate(int directory, char *candidate, int *err, char **ret_file,
			 void (*see)(const char *candidate, int err))
{
	int r = examine(directory, candidate);

	if (see)
		see(candidate, r);
	if (r == 0 || *err != EACCES)
		*err = r;
	if (r == 0 && ret_file)
		*ret_file = candidate;
	else
		free(candidate);
	return r != ENOENT && r != ENOTDIR && r != EACCES;
}

static char *join(const char *directory, size_t length, const char *file)
{
	char *joined;

	if (length == 0) {
		directory = ".";
		length = 1;
	}
	if (asprintf(&joined, "%.*s/%s", (int)length, directory, file) < 0)
		die_errno(EXIT_SETUP, ENOMEM, "%s", file);
	return joined;
}

static int search(int directory, const char *path, const char *file, char **ret_file,
		  void (*see)(const char *candidate, int err))
{
	int err = ENOENT;

	for (;;) {
		size_t length = strcspn(path, ":");

		if (try_candidate(directory, join(path, length, file), &err, ret_file, see) ||
		    !path[length])
			return err == ENOTDIR ? ENOENT : err;
		path += length + 1;
	}
}

int command_find(const struct settings *settings, const char *file, char **ret_file,
		 void (*see)(const char *candidate, int err))
{
	int directory = AT_FDCWD, changed, err = 0;

	if (!*file)
		return ENOENT;
	if (settings->chdir) {
		directory = open(settings->chdir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (directory < 0)
			return errno;
	}
	if (strchr(file, '/')) {
		char *candidate = strdup(file);

		if (!candidate)
			die_errno(EXIT_SETUP, ENOMEM, "%s", file);
		try_candidate(directory, candidate, &err, ret_file, see);
	} else {
		err = search(directory, command_path(settings, &changed), file, ret_file, see);
	}
	if (directory >= 0)
		close(directory);
	return err;
}
