/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "descriptors.h"
#include "environment.h"

static int keep_ranges(const struct settings *settings, struct fd_list *fds)
{
	for (size_t i = 0; i < settings->keep_count; i++) {
		const struct range *range = &settings->keep[i];

		/* Ends at the first that isn't open, so no range is too long */
		for (long fd = range->first; fd <= range->last; fd++) {
			if (!fd_was_inherited((int)fd)) {
				say("--keep-fd=%ld: not open", fd);
				return -EBADF;
			}
			fd_list_set(fds, SPU_FD_KEEP, (int)fd, 0);
		}
	}
	return 0;
}

/* 0 to 2 are inherited anyway, and an entry would stand against --background's. */
static void keep_if_inherited(struct fd_list *fds, int fd)
{
	if (fd > STDERR_FILENO && fd_was_inherited(fd))
		fd_list_set(fds, SPU_FD_KEEP, fd, 0);
}

static int ends_with(const char *text, const char *end, const char *tail)
{
	size_t length = strlen(tail);

	return (size_t)(end - text) >= length && memcmp(end - length, tail, length) == 0;
}

/* Each /dev/fd/N and /proc/self/fd/N in the text: what a shell makes of <(...). */
static void find_paths(struct fd_list *fds, const char *text,
		       void (*found)(struct fd_list *fds, int fd))
{
	for (const char *at = text; (at = strstr(at, "/fd/"));) {
		int is_ours = ends_with(text, at, "/dev") || ends_with(text, at, "/proc/self");
		char digits[12];
		long fd;
		size_t length;

		at += strlen("/fd/");
		length = strspn(at, "0123456789");
		snprintf(digits, sizeof(digits), "%.*s", (int)length, at);
		if (is_ours && length < sizeof(digits) &&
		    parse_long(digits, 0, INT_MAX, &fd) == 0)
			found(fds, (int)fd);
	}
}

static int is_pipe_end(long fd, int mode)
{
	struct stat status;
	int flags;

	if (fd <= STDERR_FILENO || !fd_was_inherited((int)fd))
		return 0;
	flags = fcntl((int)fd, F_GETFL);
	return fstat((int)fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
	       (flags & O_ACCMODE) == mode;
}

/*
 * make exports the numbers of its job server also to recipes that don't get
 * the descriptors; the numbers may then be anybody's. The last one counts.
 */
static void keep_jobserver(const struct settings *settings, struct fd_list *fds)
{
	static const char *const options[] = {"--jobserver-auth=", "--jobserver-fds="};
	const char *flags = command_getenv(settings, "MAKEFLAGS");
	const char *value = NULL;
	int reader, writer;

	for (size_t i = 0; flags && !value && i < 2; i++)
		for (const char *at = flags; (at = strstr(at, options[i]));)
			value = at += strlen(options[i]);
	if (!value || sscanf(value, "%9d,%9d", &reader, &writer) != 2)
		return;
	if (is_pipe_end(reader, O_RDONLY) && is_pipe_end(writer, O_WRONLY)) {
		fd_list_set(fds, SPU_FD_KEEP, reader, 0);
		fd_list_set(fds, SPU_FD_KEEP, writer, 0);
	}
}

/* On its way to exec the child opens these itself, when it has lost what nobody named. */
static void keep_for_launch(const struct settings *settings, struct fd_list *fds)
{
	const char *const paths[] = {
		settings->root ? NULL : settings->chdir,
		settings->cgroup,
		settings->pid_file,
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i])
			find_paths(fds, paths[i], keep_if_inherited);
}

/* We open these ourselves: the command gets what is in them and not the number. */
static void name_own(const struct settings *settings, struct fd_list *fds)
{
	for (size_t i = 0; i < settings->redirection_count; i++)
		find_paths(fds, settings->redirections[i].spec, fd_list_name);
	for (size_t i = 0; i < settings->env_files.count; i++)
		find_paths(fds, settings->env_files.items[i], fd_list_name);
	for (size_t i = 0; i < settings->rule_count; i++)
		find_paths(fds, settings->rules[i].path, fd_list_name);
	if (settings->output)
		find_paths(fds, settings->output, fd_list_name);
	if (settings->seccomp)
		find_paths(fds, settings->seccomp, fd_list_name);
}

int descriptors_collect(const struct settings *settings, struct fd_list *fds)
{
	int end_of_sockets = 3 + command_sockets(settings);

	for (char *const *argument = settings->command; argument && *argument; argument++)
		find_paths(fds, *argument, keep_if_inherited);
	for (size_t i = 0; i < settings->assignments.count; i++)
		find_paths(fds, settings->assignments.items[i], keep_if_inherited);
	keep_for_launch(settings, fds);
	name_own(settings, fds);
	keep_jobserver(settings, fds);
	for (int fd = 3; fd < end_of_sockets && fd_was_inherited(fd); fd++)
		keep_if_inherited(fds, fd);
	return keep_ranges(settings, fds);
}

int descriptors_reserve(const struct fd_list *fds, int fd)
{
	if (!fd_was_inherited(fd) || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		say("--status-fd=%d: not open%s", fd, fd_was_inherited(fd) ? " for writing" : "");
		return -EBADF;
	}
	if (fd > STDERR_FILENO && !fd_list_mentions(fds, fd))
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* How many we have open, which costs less than the list (since Linux 6.2); 0: not known. */
static int count_open(void)
{
	struct stat status;

	return stat("/proc/self/fd", &status) == 0 ? (int)status.st_size : 0;
}

#define KCMP_FILE 0	/* linux/kcmp.h isn't everywhere */

/*
 * Does our parent have the same open file under that number? Then it has let it
 * leak. What a shell opens for COMMAND alone it opens in the process that becomes us.
 */
static int is_parents(int fd)
{
	long r = syscall(SYS_kcmp, getppid(), getpid(), KCMP_FILE, fd, fd);
	struct stat ours, theirs;
	char path[48];

	if (r >= 0 || errno == EBADF)
		return r == 0;
	/* Filters of containers refuse the call */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getppid(), fd);
	return stat(path, &theirs) == 0 && fstat(fd, &ours) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

struct closed {
	int shown[8];
	size_t count;
};

static void look_at(const struct settings *settings, const struct fd_list *fds, int fd,
		    struct closed *to)
{
	if (fd_list_mentions(fds, fd) || (!settings->verbose && is_parents(fd)))
		return;
	if (to->count < sizeof(to->shown) / sizeof(to->shown[0]))
		to->shown[to->count] = fd;
	to->count++;
}

/*
 * Number by number until all are found: nobody opens any meanwhile. Returns whether
 * that came to an end before it costs more than the list.
 */
static int find_low_ones(const struct settings *settings, const struct fd_list *fds,
			 struct closed *ret)
{
	int left = count_open();

	if (left == 0)
		return 0;
	for (int fd = 0; left > 0 && fd < 64; fd++) {
		int flags = fcntl(fd, F_GETFD);

		left -= flags >= 0;
		if (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC))
			look_at(settings, fds, fd, ret);
	}
	return left == 0;
}

static void find_closed(const struct settings *settings, const struct fd_list *fds,
			struct closed *ret)
{
	struct spu_audit *audit;

	ret->count = 0;
	if (settings->quiet || settings->leaks == SPU_LEAKS_ALLOW ||
	    find_low_ones(settings, fds, ret))
		return;
	ret->count = 0;
	if (spu_audit(0, 0, &audit) < 0)
		return;
	for (size_t i = 0; i < audit->count; i++)
		look_at(settings, fds, audit->fds[i].fd, ret);
	spu_audit_free(audit);
}

void descriptors_say_closed(const struct settings *settings, const struct fd_list *fds)
{
	struct closed closed;
	const size_t room = sizeof(closed.shown) / sizeof(closed.shown[0]);
	char numbers[16 * 8 + 1] = "";
	char more[32] = "";
	size_t used = 0;

	find_closed(settings, fds, &closed);
	if (closed.count == 0)
		return;
	for (size_t i = 0; i < closed.count && i < room; i++)
		used += (size_t)snprintf(numbers + used, sizeof(numbers) - used, "%s%d",
					 i ? "," : "", closed.shown[i]);
	if (closed.count > room)
		snprintf(more, sizeof(more), " and %zu more", closed.count - room);
	say("closed %s%s, which nobody named (to keep them: --keep-fd=%s or --leaks=allow)",
	    numbers, more, *more ? "N-M" : numbers);
}
