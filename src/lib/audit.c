/* SPDX-License-Identifier: MIT */
/*
 * Which descriptors a process holds, and which of them would cross an exec.
 * Looks only; knows nothing of launches.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../spawnutil.h"
#include "sockets.h"

struct look {
	pid_t pid;		/* 0: this process */
	unsigned flags;
	struct spu_audit *audit;
	size_t room;
};

static void proc_path(char *path, size_t size, pid_t pid, const char *what, int fd)
{
	int length = pid ? snprintf(path, size, "/proc/%d/%s", (int)pid, what)
			 : snprintf(path, size, "/proc/thread-self/%s", what);

	if (fd >= 0)
		snprintf(path + length, size - (size_t)length, "/%d", fd);
}

/* 1: is open; 0: is gone by now. */
static int look_at_own(struct spu_audit_fd *entry)
{
	int flags = fcntl(entry->fd, F_GETFD);

	entry->cloexec = (flags & FD_CLOEXEC) != 0;
	return flags >= 0;
}

/* 1: is open; 0: is gone by now. */
static int look_at_other(struct spu_audit_fd *entry, pid_t pid)
{
	char path[64], line[128];
	unsigned flags;
	int found = 0;
	FILE *info;

	proc_path(path, sizeof(path), pid, "fdinfo", entry->fd);
	info = fopen(path, "re");
	if (!info)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	while (!found && fgets(line, sizeof(line), info))
		found = sscanf(line, "flags: %o", &flags) == 1;
	fclose(info);
	if (!found)
		return 0;
	entry->cloexec = (flags & O_CLOEXEC) != 0;
	entry->flags = (int)(flags & ~(unsigned)O_CLOEXEC);
	return 1;
}

/* NULL where it can't be had: the name is a help, not the finding. */
static char *read_name(pid_t pid, int fd)
{
	char path[64], name[PATH_MAX];
	ssize_t length;

	proc_path(path, sizeof(path), pid, "fd", fd);
	length = readlink(path, name, sizeof(name) - 1);
	if (length < 0)
		return NULL;
	name[length] = '\0';
	return strdup(name);
}

static void add_addresses(void *context, size_t index, const char *text)
{
	struct spu_audit *audit = context;
	const char *name = audit->fds[index].name;
	char *longer;

	if (asprintf(&longer, "%s %s", name, text) < 0)
		return;		/* the name alone, then */
	free((char *)(uintptr_t)name);
	audit->fds[index].name = longer;
}

/* Behind each socket's name. */
static void name_sockets(struct look *look)
{
	struct spu_audit *audit = look->audit;
	struct spu__socket *sockets = calloc(audit->count + 1, sizeof(*sockets));
	char process[16] = "self";
	size_t count = 0;

	for (size_t i = 0; sockets && i < audit->count; i++) {
		const char *name = audit->fds[i].name;

		sockets[count].index = i;
		count += name && sscanf(name, "socket:[%lu]", &sockets[count].inode) == 1;
	}
	if (look->pid)
		snprintf(process, sizeof(process), "%d", (int)look->pid);
	if (count)
		spu__describe_sockets(process, sockets, count, add_addresses, audit);
	free(sockets);
}

static int add(struct look *look, struct spu_audit_fd *entry)
{
	struct spu_audit *audit = look->audit;

	audit->open++;
	if (!(look->flags & SPU_AUDIT_ALL) && (entry->cloexec || entry->fd <= 2))
		return 0;
	if (audit->count == look->room) {
		size_t room = look->room ? look->room * 2 : 16;
		void *fds = realloc(audit->fds, room * sizeof(*audit->fds));

		if (!fds)
			return -ENOMEM;
		audit->fds = fds;
		look->room = room;
	}
	if (!look->pid)
		entry->flags = fcntl(entry->fd, F_GETFL);
	if (look->flags & SPU_AUDIT_NAMES)
		entry->name = read_name(look->pid, entry->fd);
	audit->fds[audit->count++] = *entry;
	return 0;
}

static int look_at(struct look *look, int fd)
{
	struct spu_audit_fd entry = {.fd = fd};
	int is_open = look->pid ? look_at_other(&entry, look->pid) : look_at_own(&entry);

	return is_open > 0 ? add(look, &entry) : is_open;
}

static int look_at_listed(struct look *look, DIR *directory, int from)
{
	int own = look->pid ? -1 : dirfd(directory), r = 0;
	struct dirent *entry;

	while (r == 0 && (entry = readdir(directory))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (*end == '\0' && end != entry->d_name && fd != own && fd >= from)
			r = look_at(look, (int)fd);
	}
	return r;
}

/* Without /proc. The hard limit: a lowered soft one leaves higher numbers open. */
static int look_at_all_numbers(struct look *look)
{
	struct rlimit limit;
	int bound = 1 << 20, fd, r = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < (rlim_t)bound)
		bound = (int)limit.rlim_max;
	for (fd = 0; fd < bound && r == 0; fd++)
		r = look_at(look, fd);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct spu_audit_fd *left = a, *right = b;

	return (left->fd > right->fd) - (left->fd < right->fd);
}

/*
 * Asking for number after number costs 100 ns, an entry of /proc/self/fd 300.
 * The kernel says how many there are (since Linux 6.2, else 0): as long as most
 * numbers are in use, ask. Returns the first number that wasn't asked for.
 */
static int look_at_dense_numbers(struct look *look, DIR *directory, int *ret_next)
{
	int own = dirfd(directory), r = 0, fd;
	struct stat st;
	size_t all;

	*ret_next = 0;
	if (fstat(own, &st) < 0 || st.st_size <= 0)
		return 0;
	all = (size_t)st.st_size - 1;	/* but for the directory */
	for (fd = 0; r == 0 && look->audit->open < all && fd < 64 + (int)(2 * all); fd++)
		if (fd != own)
			r = look_at(look, fd);
	/* Others may open and close meanwhile: only the end of the table ends the look. */
	*ret_next = look->audit->open < all ? fd : INT_MAX;
	return r;
}

static int look_around(struct look *look)
{
	char path[64];
	DIR *directory;
	int r = 0, next = 0;

	proc_path(path, sizeof(path), look->pid, "fd", -1);
	directory = opendir(path);
	if (!directory && look->pid) {
		int err = errno;

		if (err != ENOENT)
			return -err;
		return access("/proc/self/fd", F_OK) == 0 ? -ESRCH : -ENOSYS;
	}
	if (!directory)
		return look_at_all_numbers(look);
	if (!look->pid)
		r = look_at_dense_numbers(look, directory, &next);
	if (r == 0 && next != INT_MAX)
		r = look_at_listed(look, directory, next);
	closedir(directory);
	if (look->audit->count > 1)
		qsort(look->audit->fds, look->audit->count, sizeof(*look->audit->fds), compare);
	if (r == 0 && look->flags & SPU_AUDIT_NAMES)
		name_sockets(look);
	return r;
}

int spu_audit(pid_t pid, unsigned flags, struct spu_audit **ret_audit)
{
	struct look look = {.pid = pid, .flags = flags};
	int cancel_state, r;

	if (pid < 0 || flags & ~(SPU_AUDIT_NAMES | SPU_AUDIT_ALL))
		return -EINVAL;
	if (pid == getpid())
		look.pid = 0;	/* else our own look would be among what is found */
	look.audit = calloc(1, sizeof(*look.audit));
	if (!look.audit)
		return -ENOMEM;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = look_around(&look);
	pthread_setcancelstate(cancel_state, NULL);
	if (r < 0) {
		spu_audit_free(look.audit);
		return r;
	}
	*ret_audit = look.audit;
	return 0;
}

void spu_audit_free(struct spu_audit *audit)
{
	size_t i;

	if (!audit)
		return;
	for (i = 0; i < audit->count; i++)
		free((char *)(uintptr_t)audit->fds[i].name);
	free(audit->fds);
	free(audit);
}
