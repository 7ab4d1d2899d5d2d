/* SPDX-License-Identifier: MIT */
#include "announced.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void announced_read(struct announced *announced, pid_t pid)
{
	*announced = (struct announced){.pid = pid};
	announced->arguments = read_strings(pid, "cmdline", &announced->arguments_size);
	announced->environment = read_strings(pid, "environ", &announced->environment_size);
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
	*announced = (struct announced){.pid = pid};
	announced->arguments = copy_strings(arguments, arguments_size,
					    &announced->arguments_size);
	announced->environment = copy_strings(environment, environment_size,
					      &announced->environment_size);
}

void announced_clear(struct announced *announced)
{
	free(announced->arguments);
	free(announced->environment);
}

/* The string behind one of such a list; NULL: the first, or no more. */
static const char *next(const char *list, size_t size, const char *at)
{
	const char *string = at ? at + strlen(at) + 1 : list;

	return string && string < list + size ? string : NULL;
}

static const char *variable(const struct announced *a, const char *name)
{
	size_t length = strlen(name);
	const char *at = NULL;

	while ((at = next(a->environment, a->environment_size, at)))
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return at + length + 1;
	return NULL;
}

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

/* The two ends of make's job server: 1, or 0 where none are. */
static int find_jobserver(const char *makeflags, int *ret_reader, int *ret_writer)
{
	static const char *const options[] = {"--jobserver-auth=", "--jobserver-fds="};
	const char *value = NULL;

	for (size_t i = 0; !value && i < sizeof(options) / sizeof(options[0]); i++)
		for (const char *at = makeflags; (at = strstr(at, options[i]));)
			value = at += strlen(options[i]);
	return value && sscanf(value, "%9d,%9d", ret_reader, ret_writer) == 2;
}

/* What isn't a pipe there is something else's by now. */
static int is_jobservers(const struct announced *a, const struct spu_audit *all, int fd)
{
	const char *flags = variable(a, "MAKEFLAGS");
	int reader, writer;

	return flags && find_jobserver(flags, &reader, &writer) &&
	       (fd == reader || fd == writer) && is_pipe_end(find(all, reader), O_RDONLY) &&
	       is_pipe_end(find(all, writer), O_WRONLY);
}

/* sd_listen_fds(3): from 3 on, for the process with this number */
static int is_listened_at(const struct announced *a, int fd)
{
	const char *count = variable(a, "LISTEN_FDS"), *pid = variable(a, "LISTEN_PID");

	return count && pid && atol(pid) == a->pid && fd >= 3 && fd - 3 < atol(count);
}

static int is_in_variable(const struct announced *a, int fd)
{
	static const char *const names[] = {"NODE_CHANNEL_FD", "WAYLAND_SOCKET"};
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = variable(a, names[i]);
		if (value && *value && atol(value) == fd)
			return 1;
	}
	return 0;
}

/* "/dev/fd/63", wherever it stands in an argument */
static int is_in_argument(const struct announced *a, int fd)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	const char *argument = NULL;
	char *end;

	while ((argument = next(a->arguments, a->arguments_size, argument)))
		for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
			for (const char *at = argument; (at = strstr(at, directories[i]));) {
				at += strlen(directories[i]);
				if (strtol(at, &end, 10) == fd && end > at)
					return 1;
			}
	return 0;
}

/* The JDK's: it gets the pipes of the process to be made, and closes all else. */
static int is_jspawnhelpers(const struct announced *a, const struct spu_audit_fd *fd)
{
	const char *program = next(a->arguments, a->arguments_size, NULL);
	const char *slash = program ? strrchr(program, '/') : NULL;

	return program && strcmp(slash ? slash + 1 : program, "jspawnhelper") == 0 && fd->name &&
	       strncmp(fd->name, "pipe:", 5) == 0;
}

int announced_has(const struct announced *a, const struct spu_audit *all,
		  const struct spu_audit_fd *fd)
{
	return is_jobservers(a, all, fd->fd) || is_listened_at(a, fd->fd) ||
	       is_in_variable(a, fd->fd) || is_in_argument(a, fd->fd) || is_jspawnhelpers(a, fd);
}
