/* SPDX-License-Identifier: MIT */
#include "executed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../kernel.h"
#include "../text.h"

/* Of /proc/PID/stat, field 9: cleared by exec, just after the old memory was let go. */
#define PF_FORKNOEXEC 0x40u

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

/*
 * setpgid(2): EACCES for a child that has executed a program, which the kernel
 * takes from PF_FORKNOEXEC; before that EPERM, since there is no such group. Of
 * one in another session it is EPERM always.
 */
static int child_has_executed(pid_t pid)
{
	int ended;

	if (setpgid(pid, NO_GROUP) < 0 && errno == EACCES)
		return 1;
	ended = has_ended(pid);
	return ended != 0 ? ended : getsid(pid) == getsid(0) ? 0 : -1;
}

int spu__proc_is_ours(void)
{
	char target[24], self[24];
	struct text text = TEXT_IN(self);
	ssize_t length = readlink("/proc/self", target, sizeof(target) - 1);

	if (length <= 0)
		return 0;
	target[length] = '\0';
	spu__add_text(&text, "%d", (int)getpid());
	return strcmp(target, self) == 0;
}

/* The state and the flags stand behind the name, which may hold anything. */
static int parse_stat(const char *stat, char *ret_state, unsigned long *ret_flags)
{
	const char *field = strrchr(stat, ')');
	int number;

	if (!field || field[1] != ' ')
		return -1;
	field += 2;
	*ret_state = *field;
	for (number = 3; number < 9; number++) {
		field = strchr(field, ' ');
		if (!field)
			return -1;
		field++;
	}
	*ret_flags = strtoul(field, NULL, 10);
	return 0;
}

/* 1, 0: there is none, or -1: no number left is no answer, for this moment. */
static int read_stat(pid_t pid, char *ret_state, unsigned long *ret_flags)
{
	char path[32], stat[512];
	struct text text = TEXT_IN(path);
	ssize_t size;
	int fd, err;

	spu__add_text(&text, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* It may have ended and be reaped; a hidden one (hidepid) still answers */
	if (fd < 0)
		return errno == ENOENT && kill(pid, 0) < 0 && errno == ESRCH ? 0 : -1;
	size = read(fd, stat, sizeof(stat) - 1);
	err = size < 0 ? errno : 0;
	close(fd);
	if (err)
		return err == ESRCH ? 0 : -1;
	stat[size] = '\0';
	return parse_stat(stat, ret_state, ret_flags) < 0 ? -1 : 1;
}

static int proc_says_executed(pid_t pid)
{
	unsigned long flags;
	char state;
	int r = read_stat(pid, &state, &flags);

	if (r <= 0)
		return r < 0 ? -1 : 1;
	return state == 'Z' || state == 'X' || !(flags & PF_FORKNOEXEC);
}

int spu__was_executed(pid_t pid)
{
	unsigned long flags;
	char state;

	if (setpgid(pid, NO_GROUP) < 0 && errno == EACCES)
		return 1;
	if (getsid(pid) == getsid(0))
		return 0;
	if (!spu__proc_is_ours() || read_stat(pid, &state, &flags) <= 0)
		return -1;
	return !(flags & PF_FORKNOEXEC);
}

int spu__has_executed(pid_t pid, int is_child)
{
	int r = is_child ? child_has_executed(pid) : -1;

	return r < 0 && spu__proc_is_ours() ? proc_says_executed(pid) : r;
}

int spu__never_executed(pid_t pid)
{
	siginfo_t info;

	return syscall6(SYS_waitid, P_PID, pid, (long)&info,
			WEXITED | WNOHANG | WNOWAIT | KERNEL_WCLONE, 0, 0) == 0;
}
