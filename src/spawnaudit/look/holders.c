/* SPDX-License-Identifier: MIT */
#include "holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wanted {
	const char *name;
	size_t item;
};

struct scan {
	struct wanted *wanted;	/* by name */
	size_t wanted_count;
	struct holders *holders;
	size_t room;
};

static int compare_names(const void *a, const void *b)
{
	const struct wanted *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static int compare_holders(const void *a, const void *b)
{
	const struct holder *left = a, *right = b;

	if (left->item != right->item)
		return left->item < right->item ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* All of a process's descriptors come in one go: look at its entries only, from the end. */
static int add(struct scan *scan, size_t item, pid_t pid, unsigned access)
{
	struct holders *holders = scan->holders;
	struct process process;

	for (size_t i = holders->count; i > 0 && holders->list[i - 1].pid == pid; i--) {
		if (holders->list[i - 1].item != item)
			continue;
		holders->list[i - 1].access |= access;
		return 0;
	}
	if (process_read(pid, &process) < 0)
		return 0;
	if (holders->count == scan->room) {
		size_t room = scan->room ? scan->room * 2 : 16;
		void *grown = reallocarray(holders->list, room, sizeof(*holders->list));

		if (!grown)
			return -ENOMEM;
		holders->list = grown;
		scan->room = room;
	}
	holders->list[holders->count] = (struct holder){item, pid, "", access};
	memcpy(holders->list[holders->count++].name, process.name, sizeof(process.name));
	return 0;
}

/* The mode of the link says how the descriptor is open. */
static unsigned access_of(int directory, const char *number)
{
	struct stat st;

	if (fstatat(directory, number, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return ((st.st_mode & S_IRUSR) ? HOLDER_READS : 0) |
	       ((st.st_mode & S_IWUSR) ? HOLDER_WRITES : 0);
}

static int look_at_descriptor(struct scan *scan, pid_t pid, int directory, int fd)
{
	char number[16], name[PATH_MAX];
	struct wanted key = {.name = name}, *first;
	ssize_t length;
	int r = 0;

	snprintf(number, sizeof(number), "%d", fd);
	length = readlinkat(directory, number, name, sizeof(name) - 1);
	if (length < 0)
		return 0;
	name[length] = '\0';
	first = bsearch(&key, scan->wanted, scan->wanted_count, sizeof(key), compare_names);
	if (!first)
		return 0;
	/* the same may be wanted several times */
	while (first > scan->wanted && strcmp(first[-1].name, name) == 0)
		first--;
	for (; r == 0 && first < scan->wanted + scan->wanted_count &&
	       strcmp(first->name, name) == 0; first++)
		r = add(scan, first->item, pid, access_of(directory, number));
	return r;
}

/* shown: the id below which /proc shows what pid holds. Gives how many were there. */
static int look_below(struct scan *scan, pid_t pid, pid_t shown)
{
	char path[32];
	DIR *directory;
	int fd, count = 0, r = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)shown);
	directory = opendir(path);
	if (!directory) {
		scan->holders->unseen += errno == EACCES || errno == EPERM;
		return errno == ENOMEM ? -ENOMEM : 0;
	}
	for (; r == 0 && (fd = process_next_number(directory)) >= 0; count++)
		r = look_at_descriptor(scan, pid, dirfd(directory), fd);
	closedir(directory);
	return r < 0 ? r : count;
}

static int look_at_process(struct scan *scan, pid_t pid)
{
	int r = look_below(scan, pid, pid);
	pid_t living = r == 0 ? process_living(pid) : pid;

	if (living && living != pid)
		r = look_below(scan, pid, living);
	return r < 0 ? r : 0;
}

static int look_at_all(struct scan *scan)
{
	DIR *proc = opendir("/proc");
	int pid, r = 0;

	if (!proc)
		return -errno;
	while (r == 0 && (pid = process_next_number(proc)) >= 0)
		if (pid != getpid())	/* we hold what we inherited, until we end */
			r = look_at_process(scan, pid);
	closedir(proc);
	return r;
}

int holders_find(struct holders *ret, const char *const names[], size_t count)
{
	struct scan scan = {.holders = ret};
	int r;

	*ret = (struct holders){0};
	scan.wanted = calloc(count + 1, sizeof(*scan.wanted));
	if (!scan.wanted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (names[i])
			scan.wanted[scan.wanted_count++] = (struct wanted){names[i], i};
	qsort(scan.wanted, scan.wanted_count, sizeof(*scan.wanted), compare_names);
	r = scan.wanted_count ? look_at_all(&scan) : 0;
	free(scan.wanted);
	if (ret->count > 1)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare_holders);
	if (r < 0)
		holders_free(ret);
	return r;
}

void holders_free(struct holders *holders)
{
	free(holders->list);
	*holders = (struct holders){0};
}
