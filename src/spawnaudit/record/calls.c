/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../look/futex.h"
#include "../look/identity.h"
#include "../look/peer.h"
#include "arch/arch.h"
#include "call_table.h"
#include "launch.h"

/*
 * What only somebody's library code asks for, and what that code is for: files and
 * sockets by the end of their path; with a slash at the end, all in that directory.
 */
static const struct {
	const char *path;
	unsigned work;
} files[] = {
	{"/etc/ld.so.cache", WORK_LINKS},
	{"/etc/nsswitch.conf", WORK_NAMES}, {"/etc/passwd", WORK_NAMES},
	{"/etc/group", WORK_NAMES}, {"/etc/hosts", WORK_NAMES}, {"/etc/host.conf", WORK_NAMES},
	{"/etc/resolv.conf", WORK_NAMES}, {"/etc/gai.conf", WORK_NAMES},
	{"/nscd/", WORK_NAMES}, {"/dev/log", WORK_LOGS}, {"/systemd/journal/", WORK_LOGS},
	{"/etc/localtime", WORK_LOCALE}, {"/zoneinfo/", WORK_LOCALE},
	{"/lib/locale/", WORK_LOCALE}, {"/gconv/", WORK_LOCALE},
};

int call_is_exec(long number)
{
	return number == SYS_execve || number == SYS_execveat;
}

int call_is_wait(const struct registers *entry)
{
	return !entry->foreign && entry->call == SYS_futex &&
	       futex_waits((unsigned)entry->arguments[1]);
}

int call_path(long number)
{
	const struct call_entry *entry = call_find(number);
	const char *at = entry ? strchr(entry->arguments, 'p') : NULL;

	return at ? (int)(at - entry->arguments) : -1;
}

/*
 * The pipe by which a child tells that exec failed is nobody's output, nor is a
 * setting of the kernel's (/proc/self/uid_map, a cgroup).
 */
static int is_quiet_write(pid_t tid, int fd)
{
	char path[64], target[32] = "";
	int flags;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tid, fd);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return 0;
	if (strncmp(target, "/proc/", 6) == 0 || strncmp(target, "/sys/", 5) == 0)
		return 1;
	if (strncmp(target, "pipe:", 5) != 0)
		return 0;
	flags = descriptor_flags(tid, fd);
	return flags >= 0 && (flags & O_CLOEXEC);
}

/* libx.so, libx.so.1.2; not run.socket */
static int is_library(const char *path)
{
	const char *slash = strrchr(path, '/'), *end = strstr(slash ? slash : path, ".so");

	return end && end[3 + strspn(end + 3, ".0123456789")] == '\0';
}

static int is_at(const char *path, const char *file)
{
	size_t length = strlen(path), end = strlen(file);

	if (file[end - 1] == '/')
		return strstr(path, file) != NULL;
	return length >= end && strcmp(path + length - end, file) == 0;
}

static unsigned work_of_path(const char *path)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (is_at(path, files[i].path))
			return files[i].work;
	return is_library(path) ? WORK_LINKS : 0;
}

static unsigned work_of_futex(pid_t tid, const struct registers *registers)
{
	(void)tid;
	/* to wake nobody is no lock: glibc's own fork does */
	return call_is_wait(registers) ? WORK_LOCKS : 0;
}

static unsigned work_of_write(pid_t tid, const struct registers *registers)
{
	return is_quiet_write(tid, (int)registers->arguments[0]) ? 0 : WORK_WRITES;
}

uint64_t call_clone_flags(pid_t tid, const struct registers *entry)
{
	uint64_t flags = 0;	/* of clone3, where they are the first member */

	if (entry->call == SYS_clone)
		return entry->arguments[0];
	if (entry->call == SYS_clone3)
		machine_read(tid, entry->arguments[0], &flags, sizeof(flags));
	return flags;
}

static unsigned work_of_clone(pid_t tid, const struct registers *registers)
{
	return (call_clone_flags(tid, registers) & CLONE_THREAD) ? WORK_CREATES : 0;
}

static unsigned work_of_address(pid_t tid, uint64_t from, uint64_t size)
{
	struct sockaddr_un address = {0};

	machine_read(tid, from, &address, size < sizeof(address) ? size : sizeof(address) - 1);
	return address.sun_family == AF_UNIX ? work_of_path(address.sun_path) : 0;
}

static unsigned work_of_connect(pid_t tid, const struct registers *registers)
{
	return work_of_address(tid, registers->arguments[1], registers->arguments[2]);
}

/* To an address, or to whom the socket is connected with */
static unsigned work_of_message(pid_t tid, int fd, uint64_t address, uint64_t size)
{
	char path[PEER_SIZE];

	if (address)
		return work_of_address(tid, address, size);
	return peer_path(tid, fd, path) < 0 ? 0 : work_of_path(path);
}

static unsigned work_of_sendto(pid_t tid, const struct registers *registers)
{
	return work_of_message(tid, (int)registers->arguments[0], registers->arguments[4],
			       registers->arguments[5]);
}

/* The first of many, for sendmmsg, tells where to. */
static unsigned work_of_sendmsg(pid_t tid, const struct registers *registers)
{
	struct msghdr message = {0};

	if (machine_read(tid, registers->arguments[1], &message, sizeof(message)) !=
	    sizeof(message))
		return 0;
	return work_of_message(tid, (int)registers->arguments[0], (uintptr_t)message.msg_name,
			       message.msg_namelen);
}

/* Calls whose arguments tell */
static const struct {
	long number;
	unsigned (*judge)(pid_t tid, const struct registers *registers);
} judges[] = {
	{SYS_futex, work_of_futex}, {SYS_clone, work_of_clone}, {SYS_clone3, work_of_clone},
	{SYS_write, work_of_write}, {SYS_writev, work_of_write}, {SYS_pwrite64, work_of_write},
	{SYS_connect, work_of_connect}, {SYS_sendto, work_of_sendto},
	{SYS_sendmsg, work_of_sendmsg}, {SYS_sendmmsg, work_of_sendmsg},
};

/* Who opens a file, or only looks whether it has changed: localtime, the name service */
static unsigned work_of_file(pid_t tid, const struct call_entry *entry,
			     const struct registers *registers)
{
	int opens = strncmp(entry->name, "open", 4) == 0;
	char path[256];
	size_t at = strcspn(entry->arguments, "p");

	if ((!opens && !strstr(entry->name, "stat")) || !entry->arguments[at] ||
	    machine_read_string(tid, registers->arguments[at], path, sizeof(path)) < 0)
		return 0;
	return work_of_path(path) & ~(opens ? 0 : WORK_LINKS);
}

unsigned call_work(pid_t tid, const struct registers *registers)
{
	const struct call_entry *entry = registers->foreign ? NULL : call_find(registers->call);

	if (!entry)
		return 0;
	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++)
		if (judges[i].number == entry->number)
			return judges[i].judge(tid, registers);
	return entry->work | work_of_file(tid, entry, registers);
}

int call_closes_rest(const struct registers *entry)
{
	unsigned first = (unsigned)entry->arguments[0], last = (unsigned)entry->arguments[1];

	return !entry->foreign && entry->call == SYS_close_range && last >= INT_MAX && first < last;
}

char *call_executed_file(pid_t tid, const struct registers *entry)
{
	char path[4096];

	if (machine_read_string(tid, entry->arguments[entry->call == SYS_execveat], path,
				sizeof(path)) < 0)
		return NULL;
	return strdup(path);
}
