/* SPDX-License-Identifier: MIT */
/*
 * Children after their launch: what has become of them, and reaping. Works with
 * a pidfd or without; knows nothing of how a child was made.
 */
#include "wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "clock.h"

/* The words of spu_child.reserved. spu_kill() reads the first beside a spu_wait(). */
enum { STATE, UNTOLD_STATUS, IS_LEADER };
/* Untold: a change that a look took away with it, and that is still to be told. */
enum { IS_REAPED = 1, IS_UNTOLD };

/* No version's struct spu_exit is smaller, or larger. */
#define SMALLEST_EXIT (offsetof(struct spu_exit, usage) + sizeof(struct rusage))
#define LARGEST_EXIT 4096
_Static_assert(sizeof(struct spu_exit) == SMALLEST_EXIT, "the last member ends the struct");

static _Atomic(unsigned) *state_of(const struct spu_child *child)
{
	return (_Atomic(unsigned) *)&child->reserved[STATE];
}

struct spu_child spu__new_child(pid_t pid, int pidfd, const struct spu_options *options)
{
	struct spu_child child = {.pid = pid, .pidfd = pidfd};

	child.reserved[IS_LEADER] = options->flags & SPU_SETSID ||
				    (options->pgroup.set && options->pgroup.value == 0);
	return child;
}

void spu_child_release(struct spu_child *child)
{
	if (!child || child->pid <= 0)
		return;
	/* libc's close is a cancellation point, at which it would stay open */
	if (child->pidfd >= 0)
		syscall3(SYS_close, child->pidfd, 0, 0);
	child->pidfd = -1;
}

int spu__is_gone(const struct spu_child *child)
{
	return child->pid <= 0 || atomic_load(state_of(child)) == IS_REAPED;
}

static int is_end(int status)
{
	return WIFEXITED(status) || WIFSIGNALED(status);
}

int spu__is_untold(const struct spu_child *child)
{
	return atomic_load(state_of(child)) == IS_UNTOLD &&
	       is_end((int)child->reserved[UNTOLD_STATUS]);
}

int spu__began_as_leader(const struct spu_child *child)
{
	return child->reserved[IS_LEADER] != 0;
}

/*
 * ---- Looking
 */

static int status_of(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_STOPPED:
	case CLD_TRAPPED:
		return info->si_status << 8 | 0x7f;
	case CLD_CONTINUED:
		return 0xffff;
	}
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

static int event_of(int status)
{
	return WIFSTOPPED(status) ? WSTOPPED : WIFCONTINUED(status) ? WCONTINUED : WEXITED;
}

static int has_untold(const struct spu_child *child, int flags, int *ret_status)
{
	int status = (int)child->reserved[UNTOLD_STATUS];

	if (atomic_load(state_of(child)) != IS_UNTOLD || !(flags & event_of(status)))
		return 0;
	*ret_status = status;
	return 1;
}

/*
 * A filter that knows libc's own functions lets these pass; but they can't look
 * without reaping. musl's wait4 is no cancellation point.
 */
static int wait_by_wait4(struct spu_child *child, int flags, int *ret_status,
			 struct rusage *ret_usage)
{
	int options = flags & (WNOHANG | WSTOPPED | WCONTINUED | (int)KERNEL_WALL);
	pid_t r = ret_usage ? wait4(child->pid, ret_status, options, ret_usage)
			    : waitpid(child->pid, ret_status, options);

	if (r > 0 && flags & WNOWAIT) {
		child->reserved[UNTOLD_STATUS] = (unsigned)*ret_status;
		atomic_store(state_of(child), IS_UNTOLD);
	}
	return r < 0 ? -errno : r > 0;
}

static int is_refusal(int err)
{
	return err == ENOSYS || err == EPERM;
}

/*
 * 1: one of the events in flags has come about; 0, with WNOHANG: none has. waitid
 * on the pidfd, or on the pid where there is none or P_PIDFD isn't known (before
 * 5.4) or refused. __WALL: a child's exit signal is SIGCHLD only from its exec on.
 * The resources, where somebody wants them, only if they are lost else.
 */
static int wait_for(struct spu_child *child, int flags, int *ret_status,
		    struct rusage *ret_usage)
{
	siginfo_t info;
	int r = -1;

	if (has_untold(child, flags, ret_status))
		return 1;
	flags |= KERNEL_WALL;
	info.si_pid = 0;
	if (child->pidfd >= 0)
		r = waitid((idtype_t)KERNEL_P_PIDFD, (id_t)child->pidfd, &info, flags);
	if (child->pidfd < 0 || (r < 0 && (errno == EINVAL || is_refusal(errno))))
		r = waitid(P_PID, (id_t)child->pid, &info, flags);
	if (r < 0 && is_refusal(errno))
		return wait_by_wait4(child, flags, ret_status, ret_usage);
	if (r < 0)
		return -errno;
	*ret_status = status_of(&info);
	return info.si_pid != 0;
}

/* Leaves it to be taken. */
static int look_for(struct spu_child *child, int flags, int *ret_status,
		    struct rusage *ret_usage)
{
	int r;

	while ((r = wait_for(child, flags | WNOWAIT, ret_status, ret_usage)) == -EINTR)
		;
	return r;
}

int spu__has_ended(struct spu_child *child)
{
	int status;

	return look_for(child, WEXITED | WNOHANG, &status, NULL);
}

/*
 * ---- Taking what was found
 */

static int take_untold(struct spu_child *child, int flags, int status)
{
	unsigned expected = IS_UNTOLD, next = is_end(status) ? IS_REAPED : 0;

	return flags & WNOWAIT || atomic_compare_exchange_strong(state_of(child), &expected, next)
	     ? 1 : -ECHILD;
}

/*
 * What a look has found, which is the event in flags: 1; 0: it is undone. By the
 * kernel's own calls, since they tell of the resources; and they are no
 * cancellation points, at which a status would be lost. Emulators leave the
 * resources out in waitid, so that where there is no pidfd wait4 reaps.
 */
static int take(struct spu_child *child, int flags, int *ret_status, struct rusage *ret_usage)
{
	siginfo_t info;
	long r = -ENOSYS;

	if (has_untold(child, flags, ret_status))
		return take_untold(child, flags, *ret_status);
	/* First: a spu_kill() from now on must not believe in the number. */
	if (flags == WEXITED)
		atomic_store(state_of(child), IS_REAPED);
	info.si_pid = 0;
	if (child->pidfd >= 0)
		r = syscall6(SYS_waitid, KERNEL_P_PIDFD, child->pidfd, (long)&info,
			     flags | KERNEL_WALL, (long)ret_usage, 0);
	if (r == -EINVAL || is_refusal((int)-r)) {
		if (flags == WEXITED) {
			r = syscall4(SYS_wait4, child->pid, (long)ret_status, KERNEL_WALL,
				     (long)ret_usage);
			return r < 0 ? (int)r : 1;
		}
		r = syscall6(SYS_waitid, P_PID, child->pid, (long)&info, flags | KERNEL_WALL,
			     (long)ret_usage, 0);
	}
	if (r < 0)
		return (int)r;
	*ret_status = status_of(&info);
	return info.si_pid != 0;
}

int spu__reap(struct spu_child *child, int *ret_status)
{
	int r, status;

	while ((r = take(child, WEXITED, &status, NULL)) == -EINTR)
		;
	if (r > 0 && ret_status)
		*ret_status = status;
	return r < 0 ? r : 0;
}

/*
 * ---- Waiting
 */

/* For so long, or until a pidfd tells of the end: 1. A negative value: it can't be asked. */
static int sleep_for(int64_t us, struct pollfd *end)
{
	struct timespec time = spu__timespec(us);
	int r = end ? ppoll(end, 1, &time, NULL) : nanosleep(&time, NULL);

	return r < 0 && errno == EINTR ? 0 : r;
}

/*
 * Until one of the events, which is left to be taken: 0, -ETIMEDOUT or another
 * negative errno value. A cancellation point. What no pidfd tells is looked for
 * every 50 us at first, every 10 ms at last: all but the end, with Linux 5.2 that
 * too; and it tells of a traced child's end before that can be reaped.
 */
static int await(struct spu_child *child, int events, int64_t deadline, int *ret_status,
		 struct rusage *ret_usage)
{
	struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
	int is_told = child->pidfd >= 0, r;
	int64_t pause = 50;

	if (deadline == NEVER) {
		r = look_for(child, events, ret_status, ret_usage);
		return r < 0 ? r : 0;
	}
	for (;;) {
		int64_t left = deadline;

		r = look_for(child, events | WNOHANG, ret_status, ret_usage);
		if (r != 0)
			return r < 0 ? r : 0;
		if (left > 0)
			left -= spu__now_us();
		if (left <= 0)
			return -ETIMEDOUT;
		if (!is_told || events != WEXITED) {
			left = pause < left ? pause : left;
			pause = pause < 5000 ? 2 * pause : 10000;
		}
		/* If it has told, and nothing is found, it is of no use */
		r = sleep_for(left, is_told ? &end : NULL);
		is_told = is_told && r == 0;
	}
}

int spu__await_end(struct spu_child *child, int64_t deadline)
{
	int status;

	return await(child, WEXITED, deadline, &status, NULL);
}

int spu_wait(struct spu_child *child, int timeout_ms, int *ret_status)
{
	int r;

	if (timeout_ms < -1)
		return -EINVAL;
	if (spu__is_gone(child))
		return -ECHILD;
	/* The one call does where nothing else needs to be known before. */
	if (timeout_ms < 0 && child->pidfd >= 0 && atomic_load(state_of(child)) == 0) {
		int status;

		while ((r = wait_for(child, WEXITED, &status, NULL)) == -EINTR)
			;
		if (r > 0 && ret_status)
			*ret_status = status;
		atomic_store(state_of(child), IS_REAPED);
		return r < 0 ? r : 0;
	}
	r = spu__await_end(child, spu__deadline_in(timeout_ms));
	return r < 0 ? r : spu__reap(child, ret_status);
}

int spu__check_exit(const struct spu_exit *exit)
{
	return exit->size < SMALLEST_EXIT ? -EINVAL : exit->size > LARGEST_EXIT ? -E2BIG : 0;
}

static void fill(struct spu_exit *ret, const struct spu_exit *found)
{
	size_t size = ret->size;

	memset(ret, 0, size);
	memcpy(ret, found, size < sizeof(*found) ? size : sizeof(*found));
	ret->size = size;
}

int spu_wait4(struct spu_child *child, int timeout_ms, unsigned flags, struct spu_exit *ret_exit)
{
	int events = WEXITED | ((flags & SPU_WAIT_STOPPED) ? WSTOPPED : 0) |
		     ((flags & SPU_WAIT_CONTINUED) ? WCONTINUED : 0), event, r;
	struct spu_exit found = {0};
	int64_t deadline;

	if (flags & ~(SPU_WAIT_STOPPED | SPU_WAIT_CONTINUED | SPU_WAIT_LOOK) ||
	    timeout_ms < -1)
		return -EINVAL;
	r = spu__check_exit(ret_exit);
	if (r < 0)
		return r;
	if (spu__is_gone(child))
		return -ECHILD;
	deadline = spu__deadline_in(timeout_ms);
	do {
		r = await(child, events, deadline, &found.status, &found.usage);
		if (r < 0)
			return r;
		event = event_of(found.status);
		r = take(child, event | (event == WEXITED ? 0 : WNOHANG) |
				((flags & SPU_WAIT_LOOK) ? WNOWAIT : 0),
			 &found.status, &found.usage);
		/* Stopped, and meanwhile it went on: 0; or it ended: -ECHILD */
	} while (r == 0 || r == -EINTR || (r == -ECHILD && event != WEXITED));
	if (r < 0)
		return r;
	fill(ret_exit, &found);
	return 0;
}

int spu_exit_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	if (WIFSTOPPED(wait_status))
		return 128 + WSTOPSIG(wait_status);
	return WEXITSTATUS(wait_status);
}
