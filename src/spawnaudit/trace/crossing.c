/* SPDX-License-Identifier: MIT */
#include "crossing.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../look/process.h"
#include "common/message.h"
#include "given.h"

/* A socket's addresses may change; what stands before them doesn't. */
static int is_same(const struct spu_audit_fd *one, const struct spu_audit_fd *other)
{
	size_t length;

	if (one->fd != other->fd || !one->name || !other->name)
		return 0;
	length = strncmp(one->name, "socket:", 7) == 0 ? strcspn(one->name, " ") : 0;
	return length ? strncmp(one->name, other->name, length) == 0
		      : strcmp(one->name, other->name) == 0;
}

static const struct spu_audit_fd *find(const struct spu_audit *audit, int fd)
{
	for (size_t i = 0; audit && i < audit->count; i++)
		if (audit->fds[i].fd == fd)
			return &audit->fds[i];
	return NULL;
}

/* A variable of the environment that exec gave to a process, for free(); or NULL. */
static char *read_variable(pid_t pid, const char *name)
{
	char path[32], *text = NULL, *found = NULL;
	size_t size = 0, length = strlen(name);
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	stream = fopen(path, "re");
	if (!stream)
		return NULL;
	while (!found && getdelim(&text, &size, '\0', stream) > 0)
		if (strncmp(text, name, length) == 0 && text[length] == '=')
			found = strdup(text + length + 1);
	free(text);
	fclose(stream);
	return found;
}

static int is_pipe_end(const struct spu_audit_fd *fd, int mode)
{
	return fd && fd->name && (fd->flags & O_ACCMODE) == mode &&
	       (strncmp(fd->name, "pipe:", 5) == 0);
}

/* The numbers of make's job server, if they are the two ends of a pipe; else -1. */
static void find_jobserver(pid_t pid, const struct spu_audit *audit, int *reader, int *writer)
{
	static const char *const options[] = {"--jobserver-auth=", "--jobserver-fds="};
	char *flags = read_variable(pid, "MAKEFLAGS");
	const char *value = NULL;

	for (size_t i = 0; flags && !value && i < 2; i++)
		for (const char *at = flags; (at = strstr(at, options[i]));)
			value = at += strlen(options[i]);
	if (!value || sscanf(value, "%9d,%9d", reader, writer) != 2 ||
	    !is_pipe_end(find(audit, *reader), O_RDONLY) ||
	    !is_pipe_end(find(audit, *writer), O_WRONLY))
		*reader = *writer = -1;
	free(flags);
}

static void add_leak(struct launch *launch, const struct spu_audit_fd *fd)
{
	struct leak *grown = reallocarray(launch->leaks, launch->leak_count + 1, sizeof(*grown));

	if (!grown)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	launch->leaks = grown;
	grown[launch->leak_count++] = (struct leak){
		.fd = fd->fd,
		.flags = fd->flags,
		.name = strdup(fd->name ? fd->name : "?"),
	};
}

static void list_leaks(struct launch *launch, const struct tracee *tracee,
		       const struct tracee *parent, const struct options *options)
{
	const struct spu_audit *audit = tracee->given->audit;
	const struct spu_audit *earlier = parent && parent->given ? parent->given->audit : NULL;
	int reader = -1, writer = -1, asked = 0;

	for (size_t i = 0; i < audit->count; i++) {
		const struct spu_audit_fd *fd = &audit->fds[i];
		const struct spu_audit_fd *before = find(earlier, fd->fd);

		if (options_expect_fd(options, fd->fd))
			continue;
		if (before && is_same(before, fd)) {
			launch->passed_on++;
			continue;
		}
		if (!asked++)
			find_jobserver(tracee->pid, audit, &reader, &writer);
		if (fd->fd != reader && fd->fd != writer)
			add_leak(launch, fd);
	}
}

/* Most programs get 0 to 2 alone: to see that takes less than an audit. */
static int has_more(pid_t pid)
{
	char path[32];
	int fd, more = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	if (!directory)
		return 1;
	while (!more && (fd = process_next_number(directory)) >= 0)
		more = fd > STDERR_FILENO;
	closedir(directory);
	return more;
}

void crossing_look(struct tracee *tracee, struct launch *launch, const struct tracee *parent,
		   const struct options *options)
{
	struct given *given = calloc(1, sizeof(*given));

	given_let_go(tracee->given);
	tracee->given = given;
	if (!given)
		return;
	given->users = 1;
	if (has_more(tracee->pid) &&
	    spu_audit(tracee->pid, SPU_AUDIT_NAMES, &given->audit) == 0 && launch)
		list_leaks(launch, tracee, parent, options);
}
