/* SPDX-License-Identifier: MIT */
#include "given.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../look/process.h"
#include "../options.h"
#include "common/message.h"

static int by_number(const void *one, const void *other)
{
	int a = ((const struct holding *)one)->fd, b = ((const struct holding *)other)->fd;

	return (a > b) - (a < b);
}

static void add(struct given *given, struct holding holding)
{
	if ((given->count & (given->count + 1)) == 0)
		given->list = reallocarray(given->list, 2 * given->count + 1, sizeof(holding));
	if (!given->list)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	given->list[given->count++] = holding;
}

/* What our caller gave us, and we hold for as long as we run. */
static const struct given *ours(void)
{
	static struct given own;
	static int is_known;
	DIR *directory;
	int fd;

	if (is_known++)
		return &own;
	directory = opendir("/proc/self/fd");
	while (directory && (fd = process_next_number(directory)) >= 0)
		if (fd > STDERR_FILENO && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			add(&own, (struct holding){.fd = fd, .is_ours = 1});
	if (directory)
		closedir(directory);
	if (own.count > 0)
		qsort(own.list, own.count, sizeof(*own.list), by_number);
	return &own;
}

static int is_same_file(pid_t one, pid_t other, int fd)
{
	return syscall(SYS_kcmp, one, other, KCMP_FILE, fd, fd) == 0;
}

/*
 * Those that are ours, and whether that is all. Thousands may have been given to us
 * and so to each child, and a look into /proc takes ten times as long for each.
 */
static int find_ours(struct given *given, pid_t pid)
{
	const struct given *own = ours();
	off_t others = 0;
	char path[32];
	struct stat table;

	for (size_t i = 0; i < own->count; i++)
		if (is_same_file(getpid(), pid, own->list[i].fd))
			add(given, own->list[i]);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		others += is_same_file(pid, pid, fd);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	/* how many are open, since Linux 6.2; before, 0 */
	return stat(path, &table) == 0 && table.st_size > 0 &&
	       table.st_size == (off_t)given->count + others;
}

struct given *given_new(void)
{
	struct given *given = calloc(1, sizeof(*given));

	if (!given)
		die(EXIT_TROUBLE, "no memory for another process");
	given->users = 1;
	return given;
}

static int is_left_open(pid_t tid, int fd)
{
	int flags = descriptor_flags(tid, fd);

	return flags >= 0 && !(flags & O_CLOEXEC);
}

/* How many are open its size says, since Linux 6.2; before, that is 0. */
static int has_more(DIR *directory, size_t most)
{
	struct stat table;
	size_t count = 0;

	if (fstat(dirfd(directory), &table) == 0 && table.st_size > 0)
		return (size_t)table.st_size > most;
	while (count <= most && process_next_number(directory) >= 0)
		count++;
	rewinddir(directory);
	return count > most;
}

static int look(struct given *given, pid_t pid, int is_ahead, size_t most)
{
	struct holding holding = {0};
	size_t count;
	char path[32];
	DIR *directory;
	int r;

	if (find_ours(given, pid))
		return 0;
	count = given->count;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	given->is_unseen = !directory;
	if (!directory)
		return -errno;
	r = is_ahead && has_more(directory, most) ? -E2BIG : 0;
	while (r == 0 && (holding.fd = process_next_number(directory)) >= 0) {
		if (holding.fd <= STDERR_FILENO ||
		    (count && bsearch(&holding, given->list, count, sizeof(holding), by_number)) ||
		    (is_ahead && !is_left_open(pid, holding.fd)))
			continue;
		identity_read(dirfd(directory), holding.fd, &holding.identity);
		add(given, holding);
	}
	closedir(directory);
	if (given->count > 0)
		qsort(given->list, given->count, sizeof(*given->list), by_number);
	return r;
}

int given_look(struct given *given, pid_t pid)
{
	return look(given, pid, 0, SIZE_MAX);
}

int given_look_ahead(struct given *given, pid_t pid, size_t most)
{
	return look(given, pid, 1, most);
}

int given_has(const struct given *given, const struct holding *holding)
{
	const struct holding *found = given && given->count > 0
		? bsearch(holding, given->list, given->count, sizeof(*holding), by_number) : NULL;

	return found && (found->is_ours ? holding->is_ours : !holding->is_ours &&
			 identity_is_same(&found->identity, &holding->identity));
}

int given_would_be(pid_t tid, const struct holding *holding)
{
	struct identity now;

	/* ours aren't looked at, but what was given by us nobody is blamed for */
	if (holding->is_ours)
		return 1;
	identity_of(tid, holding->fd, &now);
	return identity_is_same(&now, &holding->identity) && is_left_open(tid, holding->fd);
}

/* Those that the parent has from elsewhere are what the process has made since. */
static void keep_common(struct given *given, pid_t pid, pid_t parent)
{
	struct given *above = given_new();
	size_t kept = 0;

	given_look_ahead(above, parent, SIZE_MAX);
	for (size_t i = 0; i < given->count; i++) {
		const struct holding *holding = &given->list[i];

		/* > 0: two openings of a file; -1: that can't be told */
		if (given_has(above, holding) &&
		    syscall(SYS_kcmp, pid, parent, KCMP_FILE, holding->fd, holding->fd) <= 0)
			given->list[kept++] = *holding;
	}
	given->count = kept;
	given_let_go(above);
}

struct given *given_guess(pid_t pid)
{
	struct given *given = given_new();
	struct process process;

	/* a copy was given what that was given of which it is one */
	while (process_read(pid, &process) == 0 && process.flags & PROCESS_FORKED_NO_EXEC)
		pid = process.parent;
	if (process_read(pid, &process) == 0 &&
	    given_look_ahead(given, process_living(pid), SIZE_MAX) == 0)
		keep_common(given, process_living(pid), process_living(process.parent));
	return given;
}

struct given *given_share(struct given *given)
{
	if (given)
		given->users++;
	return given;
}

void given_let_go(struct given *given)
{
	if (!given || --given->users > 0)
		return;
	free(given->list);
	free(given);
}
