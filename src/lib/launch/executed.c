/* SPDX-License-Identifier: MIT */
#include "executed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../kernel.h"
#include "../clock.h"

/* Of /proc/PID/stat, field 9: cleared by exec, just after the old memory was let go. */
#define PF_FORKNOEXEC 0x40u
#define PF_SIGNALED 0x400u	/* a signal ends it */

/* No group has this number, which is above all that the kernel gives. */
#define NO_GROUP INT_MAX

/* -1: a filter refuses to say. */
static int has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};
	long r = syscall6(SYS_waitid, P_PID, pid, (long)&info,
			  WEXITED | WNOHANG | WNOWAIT | KERNEL_WALL, 0, 0);

	return r == 0 ? info.si_pid != 0 : r == -ECHILD ? 1 : -1;
}

/* A filter knows nothing of the right answer. */
static int setpgid_answers(void)
{
	return setpgid(0, -1) < 0 && errno == EINVAL;
}

/*
 * setpgid(2): EACCES for a child that has executed a program, which the kernel
 * takes from PF_FORKNOEXEC; before that EPERM, since there is no such group. Of
 * one in another session it is EPERM always: -1.
 */
static int setpgid_says_executed(pid_t pid)
{
	if (setpgid(pid, NO_GROUP) < 0 && errno == EACCES)
		return 1;
	return getsid(pid) == getsid(0) && setpgid_answers() ? 0 : -1;
}

static int child_has_executed(pid_t pid)
{
	int executed = setpgid_says_executed(pid), ended;

	if (executed > 0)
		return 1;
	ended = has_ended(pid);
	return ended != 0 ? ended : executed;
}

int spu__proc_is_ours(void)
{
	char target[24];
	ssize_t length = readlink("/proc/self", target, sizeof(target) - 1);

	if (length <= 0)
		return 0;
	target[length] = '\0';
	return atoi(target) == getpid();
}

#define PATH_ROOM 32

/* /proc/PID/name. Not by printf: the caller may be a handler with a small stack. */
static char *path_of(pid_t pid, const char *name, char room[PATH_ROOM])
{
	size_t size = strlen(name) + 1;
	char *at = room + PATH_ROOM - size;

	memcpy(at, name, size);
	*--at = '/';
	do
		*--at = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	return memcpy(at - 6, "/proc/", 6);
}

static int open_of(pid_t pid, const char *name)
{
	char room[PATH_ROOM];

	return open(path_of(pid, name, room), O_RDONLY | O_CLOEXEC);
}

/* What /proc/PID/stat says. */
struct seen {
	char state;
	unsigned long flags;
	int exit_signal;
};

#define FLAGS_FIELD 9
#define EXIT_SIGNAL_FIELD 38

/* All stands behind the name, which may hold anything. */
static int parse_stat(const char *stat, struct seen *ret)
{
	const char *field = strrchr(stat, ')');
	int number;

	if (!field || field[1] != ' ')
		return -1;
	field += 2;
	ret->state = *field;
	for (number = 4; number <= EXIT_SIGNAL_FIELD; number++) {
		field = strchr(field, ' ');
		if (!field)
			return -1;
		field++;
		if (number == FLAGS_FIELD)
			ret->flags = strtoul(field, NULL, 10);
	}
	ret->exit_signal = atoi(field);
	return 0;
}

/* 1: it is gone. -1: it isn't to be told, and for want of a number only at this moment. */
static int look_at(pid_t pid, struct seen *ret)
{
	char stat[512];
	int fd = open_of(pid, "stat"), err;
	ssize_t size;

	/* It may have ended and be reaped; a hidden one (hidepid) still answers */
	if (fd < 0)
		return errno == ENOENT && kill(pid, 0) < 0 && errno == ESRCH ? 1 : -1;
	size = read(fd, stat, sizeof(stat) - 1);
	err = size < 0 ? errno : 0;
	close(fd);
	if (err)
		return err == ESRCH ? 1 : -1;
	stat[size] = '\0';
	return parse_stat(stat, ret);
}

static int proc_says_executed(pid_t pid)
{
	struct seen seen;
	int r = look_at(pid, &seen);

	if (r != 0)
		return r;
	return seen.state == 'Z' || seen.state == 'X' || !(seen.flags & PF_FORKNOEXEC);
}

static unsigned hex_digit(char digit)
{
	return (unsigned)(digit < 'a' ? digit - '0' : digit - 'a' + 10);
}

/* The number behind "\nNAME:\t", in a text of any length. Without one: 0. */
static uint64_t hex_behind(int fd, const char *name)
{
	char text[512];
	size_t matched = 0, length = strlen(name);
	uint64_t value = 0;
	ssize_t size, i;

	while ((size = read(fd, text, sizeof(text))) > 0) {
		for (i = 0; i < size; i++) {
			if (matched < length)
				matched = text[i] == name[matched] ? matched + 1 : text[i] == '\n';
			else if (text[i] == '\n')
				return value;
			else
				value = value * 16 + hex_digit(text[i]);
		}
	}
	return value;
}

static uint64_t pending(pid_t pid, const char *name)
{
	int fd = open_of(pid, "status");
	uint64_t signals;

	if (fd < 0)
		return 0;
	signals = hex_behind(fd, name);
	close(fd);
	return signals;
}

/*
 * Pending for the process, which lasts; but exec takes a timer's signals away from
 * there. Pending for the thread, until that takes it; then, a moment later, the flag.
 */
static int shows_a_kill(pid_t pid)
{
	uint64_t signals = pending(pid, "\nSigPnd:\t") | pending(pid, "\nShdPnd:\t");
	struct seen seen;

	return signals >> (SIGKILL - 1) & 1 ||
	       (look_at(pid, &seen) == 0 && seen.flags & PF_SIGNALED);
}

#define MOMENT_NS 1000000

int spu__was_killed(pid_t pid)
{
	const struct timespec moment = {0, MOMENT_NS};

	if (!spu__proc_is_ours())
		return 0;
	if (shows_a_kill(pid))
		return 1;
	nanosleep(&moment, NULL);
	return shows_a_kill(pid);
}

long spu__current_call(pid_t pid)
{
	int fd = spu__proc_is_ours() ? open_of(pid, "syscall") : -1;
	char call[24];
	ssize_t size;

	if (fd < 0)
		return -1;
	size = read(fd, call, sizeof(call) - 1);
	close(fd);
	if (size <= 0 || call[0] < '0' || call[0] > '9')	/* "running" */
		return -1;
	call[size] = '\0';
	return strtol(call, NULL, 10);
}

int spu__was_executed(pid_t pid)
{
	int executed = setpgid_says_executed(pid);
	struct seen seen;

	if (executed >= 0)
		return executed;
	if (!spu__proc_is_ours() || look_at(pid, &seen) != 0)
		return -1;
	return !(seen.flags & PF_FORKNOEXEC);
}

int spu__has_executed(pid_t pid, int is_child)
{
	int r = is_child ? child_has_executed(pid) : -1;

	return r < 0 && spu__proc_is_ours() ? proc_says_executed(pid) : r;
}

#define FIRST_PAUSE_NS 20000
#define LAST_PAUSE_NS 10000000

/* It takes microseconds, unless the child is stopped there. */
void spu__await_executed(pid_t pid, int is_child, int64_t deadline)
{
	struct timespec pause = {0, FIRST_PAUSE_NS};

	while (spu__has_executed(pid, is_child) == 0 && spu__now_us() < deadline) {
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LAST_PAUSE_NS)
			pause.tv_nsec *= 2;
	}
}

int spu__never_executed(pid_t pid)
{
	siginfo_t info;
	struct seen seen;
	long r = syscall6(SYS_waitid, P_PID, pid, (long)&info,
			  WEXITED | WNOHANG | WNOWAIT | KERNEL_WCLONE, 0, 0);

	if (r == 0 || r == -ECHILD)
		return r == 0;
	/* a filter refuses to say */
	return spu__proc_is_ours() && look_at(pid, &seen) == 0 && seen.exit_signal != SIGCHLD;
}
