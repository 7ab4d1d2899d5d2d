/* SPDX-License-Identifier: MIT */
/*
 * The one lock on the launch path. A child that changes its ids while it
 * shares our memory clears our dumpable flag, and that flag at 0 is all that
 * keeps the new user from attaching to it, that is, to our memory. So nobody
 * may put the flag back while any such child still has our memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"
#include "state.h"

int spu__enter_id_change(void)
{
	struct process_state *state = spu__process_state();

	if (!state)
		return -errno;
	pthread_mutex_lock(&state->lock);
	if (state->id_changers++ == 0)
		state->dumpable = prctl(PR_GET_DUMPABLE);
	pthread_mutex_unlock(&state->lock);
	return 0;
}

/* Of /proc/PID/stat, field 9: cleared by exec, just after the old memory was let go. */
#define PF_FORKNOEXEC 0x40u

/* 1: may have our memory; 0: hasn't; -1: /proc doesn't say. */
static int has_our_memory(pid_t pid)
{
	char path[32], text[512], *end;
	ssize_t size;
	unsigned flags;
	char run_state;
	int fd, gone;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* A detached one may have ended and be reaped; a hidden one (hidepid) still answers */
	if (fd < 0)
		return kill(pid, 0) < 0 && errno == ESRCH ? 0 : -1;
	size = read(fd, text, sizeof(text) - 1);
	gone = size < 0 && errno == ESRCH;
	close(fd);
	if (gone)
		return 0;
	text[size > 0 ? size : 0] = '\0';
	end = strrchr(text, ')');	/* the name before it may hold anything */
	if (!end || sscanf(end, ") %c %*d %*d %*d %*d %*d %u", &run_state, &flags) != 2)
		return -1;
	return run_state != 'Z' && run_state != 'X' && flags & PF_FORKNOEXEC;
}

/*
 * exec wakes the parent of a vfork child first and switches to the new memory
 * after that (exec_mmap in the kernel's fs/exec.c), so "clone has returned"
 * isn't enough: a flag put back then let the new user write into our memory
 * within 2 000 launches. Returns whether the flag may be put back.
 */
static int await_switch(pid_t pid)
{
	const struct timespec pause = {0, 50000};
	int tries, r = 1;

	for (tries = 0; tries < 20000 && (r = has_our_memory(pid)) > 0; tries++)
		nanosleep(&pause, NULL);
	return r == 0;
}

void spu__leave_id_change(pid_t pid)
{
	struct process_state *state = spu__process_state();
	int is_safe = pid == 0 || await_switch(pid);

	pthread_mutex_lock(&state->lock);
	if (!is_safe)
		state->dumpable = 0;
	if (--state->id_changers == 0 && state->dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
	pthread_mutex_unlock(&state->lock);
}

/*
 * With fs.suid_dumpable at 1 the flag is not cleared but set, and the child can
 * be attached to at once: then it must not share our memory.
 */
int spu__id_change_needs_copy(void)
{
	char value = '1';
	int fd = open("/proc/sys/fs/suid_dumpable", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 1;
	if (read(fd, &value, 1) != 1)
		value = '1';
	close(fd);
	return value == '1';
}
