/* SPDX-License-Identifier: MIT */
#include "given.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../look/process.h"
#include "../options.h"
#include "common/message.h"

/* Without asking a server, which may not answer. All 0 where it can't be told. */
static struct holding identify(int directory, int fd)
{
	struct holding holding = {.fd = fd};
	char name[16];
	struct statx file;

	snprintf(name, sizeof(name), "%d", fd);
	if (statx(directory, name, AT_STATX_DONT_SYNC, STATX_INO, &file) == 0) {
		holding.device = makedev(file.stx_dev_major, file.stx_dev_minor);
		holding.inode = file.stx_ino;
	}
	return holding;
}

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

int given_look(struct given *given, pid_t pid)
{
	size_t count;
	char path[32];
	DIR *directory;
	int fd;

	if (find_ours(given, pid))
		return 0;
	count = given->count;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	given->is_unseen = !directory;
	if (!directory)
		return -errno;
	while ((fd = process_next_number(directory)) >= 0)
		if (fd > STDERR_FILENO &&
		    !(count && bsearch(&(struct holding){.fd = fd}, given->list, count,
				       sizeof(*given->list), by_number)))
			add(given, identify(dirfd(directory), fd));
	closedir(directory);
	if (given->count > 0)
		qsort(given->list, given->count, sizeof(*given->list), by_number);
	return 0;
}

int given_has(const struct given *given, const struct holding *holding)
{
	const struct holding *found = given && given->count > 0
		? bsearch(holding, given->list, given->count, sizeof(*holding), by_number) : NULL;

	return found && (found->is_ours ? holding->is_ours : !holding->is_ours &&
			 found->inode && found->inode == holding->inode &&
			 found->device == holding->device);
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
