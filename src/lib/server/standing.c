/* SPDX-License-Identifier: MIT */
#include "standing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../error.h"

static int read_begin(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	text[got] = '\0';
	return 0;
}

/*
 * Those for files (setfsuid) are the effective ones, but in file servers. Not by sscanf: the
 * caller may have a small stack.
 */
static int has_own_file_ids(const char *status, const char *name)
{
	const char *at = strstr(status, name);
	unsigned long ids[4];	/* real, effective, saved, for files */
	char *end;
	int i;

	if (!at)
		return 1;
	at += strlen(name);
	for (i = 0; i < 4; i++, at = end) {
		ids[i] = strtoul(at, &end, 10);
		if (end == at)
			return 1;
	}
	return ids[1] != ids[3];
}

static uint64_t ask_for_ignored(void)
{
	struct kernel_sigaction action;
	uint64_t ignored = 0;
	int signal;

	for (signal = 1; signal <= KERNEL_SIGNALS; signal++)
		if (syscall4(SYS_rt_sigaction, signal, 0, (long)&action, KERNEL_SIGSET_SIZE) == 0 &&
		    action.handler == (void *)SIG_IGN)
			ignored |= SPU_SIGNAL(signal);
	return ignored;
}

/*
 * umask(2) can't ask without changing it, which other threads would see. -ENODATA: before
 * Linux 4.7. The list of groups, in the middle, may be longer than the text.
 */
static int read_status(struct standing *ret)
{
	char text[2048];
	const char *umask, *ignored;
	int r = read_begin("/proc/thread-self/status", text, sizeof(text));

	if (r < 0)
		return r;
	umask = strstr(text, "\nUmask:\t");
	if (!umask)
		return -ENODATA;
	ret->umask = (unsigned)strtoul(umask + 8, NULL, 8);
	ignored = strstr(text, "\nSigIgn:\t");
	ret->ignored = ignored && strchr(ignored + 1, '\n') ? strtoull(ignored + 9, NULL, 16)
							      : ask_for_ignored();
	return has_own_file_ids(text, "\nUid:") || has_own_file_ids(text, "\nGid:") ? -ENOTSUP : 0;
}

int spu__read_standing(struct standing *ret, struct spu_error *ret_error)
{
	char score[16];
	int r, i;

	memset(ret, 0, sizeof(*ret));
	r = read_status(ret);
	if (r == -ENOTSUP)
		return spu__refusal(ret_error, ENOTSUP, SPU_STEP_SERVER, -1, "spawn server: the "
				    "thread has ids of its own for files, setfsuid(2)");
	if (r == 0)
		r = read_begin("/proc/self/oom_score_adj", score, sizeof(score));
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_SERVER, -1,
				  "look in /proc for what the spawn server's child is to have");
	ret->oom_score_adj = atoi(score);
	ret->session = getsid(0);
	ret->group = getpgrp();
	ret->nice = getpriority(PRIO_PROCESS, 0);
	for (i = 0; i < STANDING_LIMITS; i++)
		syscall4(SYS_prlimit64, 0, i, 0, (long)&ret->limits[i]);
	syscall3(SYS_sched_getaffinity, 0, sizeof(ret->cpus), (long)ret->cpus);
	return 0;
}
