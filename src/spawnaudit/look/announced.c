/* SPDX-License-Identifier: MIT */
#include "announced.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* What is there, with a nul behind it; NULL where it can't be read. */
static char *read_strings(pid_t pid, const char *what, size_t *ret_size)
{
	char path[48], *text = NULL, *grown;
	size_t room = 0, size = 0, got = 1;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	stream = fopen(path, "re");
	while (stream && got > 0) {
		room = room ? 2 * room : 4096;
		grown = realloc(text, room);
		if (!grown)
			break;
		text = grown;
		got = fread(text + size, 1, room - size - 1, stream);
		size += got;
		text[size] = '\0';
	}
	if (stream)
		fclose(stream);
	*ret_size = size;
	return text;
}

/* The string behind one of such a list; NULL: the first, or no more. */
static const char *next(const char *list, size_t size, const char *at)
{
	const char *string = at ? at + strlen(at) + 1 : list;

	return string && string < list + size ? string : NULL;
}

/* -1: it is no number, or not one alone. */
static int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	return end > text && *end == '\0' && value >= 0 && value <= INT_MAX ? (int)value : -1;
}

static int compare(const void *one, const void *other)
{
	int a = *(const int *)one, b = *(const int *)other;

	return (a > b) - (a < b);
}

/* Without memory it isn't expected. */
static void add(struct announced *announced, long fd)
{
	size_t count = announced->count;
	int *grown = announced->numbers;

	if (fd < 0 || fd > INT_MAX)
		return;
	if ((count & (count + 1)) == 0)
		grown = reallocarray(grown, 2 * count + 1, sizeof(*grown));
	if (!grown)
		return;
	announced->numbers = grown;
	grown[announced->count++] = (int)fd;
}

/*
 * What names them
 */

/* "/dev/fd/63", wherever it stands in an argument */
static void read_argument(struct announced *announced, const char *argument)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	char *end;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		for (const char *at = argument; (at = strstr(at, directories[i]));) {
			long fd;

			at += strlen(directories[i]);
			fd = strtol(at, &end, 10);
			if (end > at)
				add(announced, fd);
		}
}

/* The two ends of make's job server; the last of such options counts. */
static void read_makeflags(struct announced *announced, const char *value)
{
	static const char *const options[] = {"--jobserver-auth=", "--jobserver-fds="};
	const char *ends = NULL;

	for (size_t i = 0; !ends && i < sizeof(options) / sizeof(options[0]); i++)
		for (const char *at = value; (at = strstr(at, options[i]));)
			ends = at += strlen(options[i]);
	announced->has_jobserver = ends && sscanf(ends, "%9d,%9d", &announced->reader,
						  &announced->writer) == 2;
}

static void read_number(struct announced *announced, const char *value)
{
	add(announced, number(value));
}

static void read_listened(struct announced *announced, const char *value)
{
	announced->listened = number(value);
}

static void read_listener(struct announced *announced, const char *value)
{
	announced->listener = number(value);
}

static const struct {
	const char *name;
	void (*read)(struct announced *announced, const char *value);
} variables[] = {
	{"MAKEFLAGS", read_makeflags},
	{"LISTEN_FDS", read_listened}, {"LISTEN_PID", read_listener},
	{"NODE_CHANNEL_FD", read_number}, {"WAYLAND_SOCKET", read_number},
};

/* The first of several that have the same name counts, as for getenv(3). */
static void read_variable(struct announced *announced, const char *variable, unsigned *seen)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		size_t length = strlen(variables[i].name);

		if (*seen & 1u << i || strncmp(variable, variables[i].name, length) != 0 ||
		    variable[length] != '=')
			continue;
		*seen |= 1u << i;
		variables[i].read(announced, variable + length + 1);
	}
}

/* The JDK's: it gets the pipes of the process to be made, and closes all else. */
static int is_jspawnhelper(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash ? slash + 1 : program, "jspawnhelper") == 0;
}

/* Behind the last string of both there is a nul. */
static void parse(struct announced *announced, pid_t pid, const char *arguments,
		  size_t arguments_size, const char *environment, size_t environment_size)
{
	struct process_status status;
	const char *at = NULL;
	unsigned seen = 0;

	/* as it knows itself, which may be in a namespace of its own */
	*announced = (struct announced){
		.pid = process_status(pid, 0, &status) == 0 ? status.inner_tid : pid,
	};
	while ((at = next(arguments, arguments_size, at))) {
		announced->is_jspawnhelper |= at == arguments && is_jspawnhelper(at);
		read_argument(announced, at);
	}
	while ((at = next(environment, environment_size, at)))
		read_variable(announced, at, &seen);
	if (announced->count > 0)
		qsort(announced->numbers, announced->count, sizeof(int), compare);
}

void announced_read(struct announced *announced, pid_t pid)
{
	size_t arguments_size, environment_size;
	char *arguments = read_strings(pid, "cmdline", &arguments_size);
	char *environment = read_strings(pid, "environ", &environment_size);

	parse(announced, pid, arguments, arguments_size, environment, environment_size);
	free(arguments);
	free(environment);
}

static char *copy_strings(const char *from, size_t size, size_t *ret_size)
{
	char *text = malloc(size + 1);

	if (text) {
		memcpy(text, from, size);
		text[size] = '\0';
	}
	*ret_size = text ? size : 0;
	return text;
}

void announced_take(struct announced *announced, pid_t pid, const char *arguments,
		    size_t arguments_size, const char *environment, size_t environment_size)
{
	char *own_arguments = copy_strings(arguments, arguments_size, &arguments_size);
	char *own_environment = copy_strings(environment, environment_size, &environment_size);

	parse(announced, pid, own_arguments, arguments_size, own_environment, environment_size);
	free(own_arguments);
	free(own_environment);
}

void announced_clear(struct announced *announced)
{
	free(announced->numbers);
	*announced = (struct announced){0};
}

/*
 * Is it one of these?
 */

static const struct spu_audit_fd *find(const struct spu_audit *all, int fd)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->fds[i].fd == fd)
			return &all->fds[i];
	return NULL;
}

static int is_pipe_end(const struct spu_audit_fd *fd, int mode)
{
	return fd && fd->name && (fd->flags & O_ACCMODE) == mode &&
	       strncmp(fd->name, "pipe:", 5) == 0;
}

/* What isn't a pipe there is something else's by now. */
static int is_jobservers(const struct announced *a, const struct spu_audit *all, int fd)
{
	return a->has_jobserver && (fd == a->reader || fd == a->writer) &&
	       is_pipe_end(find(all, a->reader), O_RDONLY) &&
	       is_pipe_end(find(all, a->writer), O_WRONLY);
}

/* sd_listen_fds(3): from 3 on, for the process with this number */
static int is_listened_at(const struct announced *a, int fd)
{
	return a->listener == a->pid && fd >= 3 && fd - 3 < a->listened;
}

static int is_named(const struct announced *a, int fd)
{
	return a->count > 0 && bsearch(&fd, a->numbers, a->count, sizeof(int), compare);
}

int announced_has(const struct announced *a, const struct spu_audit *all,
		  const struct spu_audit_fd *fd)
{
	return is_jobservers(a, all, fd->fd) || is_listened_at(a, fd->fd) || is_named(a, fd->fd) ||
	       (a->is_jspawnhelper && fd->name && strncmp(fd->name, "pipe:", 5) == 0);
}
