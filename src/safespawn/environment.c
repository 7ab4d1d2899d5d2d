/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "exit_status.h"

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

/* libc's posix_spawn can't tell the command its number. */
int command_sockets(const struct settings *settings)
{
	const char *pid_text = command_getenv(settings, "LISTEN_PID");
	const char *count_text = command_getenv(settings, "LISTEN_FDS");
	long pid, count;

	if (settings->method == SPU_METHOD_POSIX_SPAWN || !pid_text || !count_text ||
	    parse_long(pid_text, 1, INT_MAX, &pid) < 0 || pid != getpid() ||
	    parse_long(count_text, 0, INT_MAX - 3, &count) < 0)
		return 0;
	return (int)count;
}

/* The texts with others before, up to a NULL, and one behind, or NULL. */
static const char *const *surround(const char *const before[], const struct texts *texts,
				   const char *last)
{
	const char **all;
	size_t count = 0;

	while (before[count])
		count++;
	if (count == 0 && !last)
		return texts->items;
	all = calloc(count + texts->count + 2, sizeof(*all));
	if (!all)
		die_errno(EXIT_SETUP, ENOMEM, "environment");
	memcpy(all, before, count * sizeof(*all));
	if (texts->count)
		memcpy(all + count, texts->items, texts->count * sizeof(*all));
	all[count + texts->count] = last;
	return all;
}

const char *const *command_assignments(const struct settings *settings,
				       const char *const implied[], const char *last)
{
	return surround(implied, &settings->assignments, last);
}

const char *const *command_removals(const struct settings *settings, const char *last)
{
	static const char *const none[] = {NULL};

	return surround(none, &settings->unset, last);
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

/*
 * Where the command will begin. Below another root a path counts from there; a
 * symbolic link to an absolute name is not seen as the command will see it.
 */
static int open_directory(const struct settings *settings)
{
	const char *directory = settings->chdir ? settings->chdir : "/";
	char *joined = NULL;
	int fd, saved;

	if (settings->root) {
		if (asprintf(&joined, "%s/%s", settings->root, directory) < 0)
			die_errno(EXIT_SETUP, ENOMEM, "%s", directory);
		directory = joined;
	}
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	saved = errno;
	free(joined);
	errno = saved;
	return fd;
}

/* Where paths count from; root -1: it is ours. */
struct place {
	int directory, root;
};

/* What speaks against executing it: 0 or an errno value. exec alone knows for sure. */
static int examine(const struct place *place, const char *candidate)
{
	int directory = place->directory;
	struct stat status;

	if (*candidate == '/' && place->root >= 0) {
		directory = place->root;
		candidate += strspn(candidate, "/");
	}
	if (fstatat(directory, candidate, &status, 0) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return EACCES;
	return faccessat(directory, candidate, X_OK, 0) < 0 ? errno : 0;
}

/* Tries one; 1: the search is over. *err keeps EACCES over "not there", as execvp(3) does. */
static int try_candidate(const struct place *place, char *candidate, int *err, char **ret_file,
			 void (*see)(const char *candidate, int err))
{
	int r = examine(place, candidate);

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

static int search(const struct place *place, const char *path, const char *file, char **ret_file,
		  void (*see)(const char *candidate, int err))
{
	int err = ENOENT;

	for (;;) {
		size_t length = strcspn(path, ":");

		if (try_candidate(place, join(path, length, file), &err, ret_file, see) ||
		    !path[length])
			return err == ENOTDIR ? ENOENT : err;
		path += length + 1;
	}
}

static int find_at(const struct place *place, const struct settings *settings, const char *file,
		   char **ret_file, void (*see)(const char *candidate, int err))
{
	int changed, err = 0;
	char *candidate;

	if (!strchr(file, '/'))
		return search(place, command_path(settings, &changed), file, ret_file, see);
	candidate = strdup(file);
	if (!candidate)
		die_errno(EXIT_SETUP, ENOMEM, "%s", file);
	try_candidate(place, candidate, &err, ret_file, see);
	return err;
}

static void leave_place(const struct place *place)
{
	if (place->directory >= 0)
		close(place->directory);
	if (place->root >= 0)
		close(place->root);
}

int command_find(const struct settings *settings, const char *file, char **ret_file,
		 void (*see)(const char *candidate, int err))
{
	struct place place = {AT_FDCWD, -1};
	int err = 0;

	if (!*file)
		return ENOENT;
	if (settings->root) {
		place.root = open(settings->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		err = place.root < 0 ? errno : 0;
	}
	if (err == 0 && (settings->chdir || settings->root)) {
		place.directory = open_directory(settings);
		err = place.directory < 0 ? errno : 0;
	}
	if (err == 0)
		err = find_at(&place, settings, file, ret_file, see);
	leave_place(&place);
	return err;
}
