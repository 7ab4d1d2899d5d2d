/* SPDX-License-Identifier: MIT */
/*
 * The one lock on the launch path. A child that changes its ids while it
 * shares our memory changes our dumpable flag to what fs.suid_dumpable says, and
 * that flag at 0 (or 2) is all that keeps the new user from attaching to it, that
 * is, to our memory. So nobody may put the flag back while any such child still
 * has our memory.
 */
#include "ids.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "../state.h"
#include "executed.h"

/* What the kernel gives to a memory whose process changes its ids; a negative errno value. */
static int suid_dumpable(void)
{
	int fd = open("/proc/sys/fs/suid_dumpable", O_RDONLY | O_CLOEXEC), r = -ENOENT;
	char value;

	if (fd < 0)
		return -errno;
	if (read(fd, &value, 1) == 1)
		r = value - '0';
	close(fd);
	return r;
}

/* At 1 the child could be attached to at once. Without an answer that is to be feared. */
int spu__id_change_needs_copy(int is_tellable)
{
	int value = suid_dumpable();

	if (value == -EMFILE || value == -ENFILE || value == -ENOMEM)
		return value;
	return value < 0 || value == 1 || (!is_tellable && !spu__proc_is_ours());
}

void spu__enter_id_change(void)
{
	sigset_t mask;
	struct process_state *state = spu__lock_state(&mask);

	if (state->id_changers++ == 0)
		state->dumpable = prctl(PR_GET_DUMPABLE);
	spu__unlock_state(state, &mask);
}

/*
 * exec wakes the parent of a vfork child first and switches to the new memory
 * after that (exec_mmap in the kernel's fs/exec.c), so "clone has returned"
 * isn't enough: a flag put back then let the new user write into our memory
 * within 2 000 launches. Returns whether the flag may be put back.
 */
static int await_switch(pid_t pid, int is_child)
{
	const struct timespec pause = {0, 50000};
	int tries;

	for (tries = 0; tries < 20000; tries++) {
		if (spu__has_executed(pid, is_child) > 0)
			return 1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* What the kernel did is undone, what the program has set meanwhile isn't. */
static void put_back(void)
{
	int now = prctl(PR_GET_DUMPABLE);

	if (now != 1 && (now == 2 || suid_dumpable() != 2))
		prctl(PR_SET_DUMPABLE, 1);
}

void spu__leave_id_change(pid_t pid, int is_child)
{
	int is_safe = pid == 0 || await_switch(pid, is_child);
	sigset_t mask;
	struct process_state *state = spu__lock_state(&mask);

	if (!is_safe)
		state->dumpable = 0;
	if (--state->id_changers == 0 && state->dumpable == 1)
		put_back();
	spu__unlock_state(state, &mask);
}
