/* SPDX-License-Identifier: MIT */
/*
 * Children after their launch: waiting, signals, the end. Works with a pidfd
 * or without; knows nothing of how a child was made.
 */
#include "wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"

/*
 * In spu_child.reserved[0], which spu_kill() reads beside a spu_wait(). Untold:
 * a look has reaped it, and its wait status is kept in reserved[1].
 */
enum { IS_REAPED = 1, IS_UNTOLD };

static _Atomic(unsigned) *state_of(struct spu_child *child)
{
	return (_Atomic(unsigned) *)&child->reserved[0];
}

static int is_reaped(struct spu_child *child)
{
	return atomic_load(state_of(child)) == IS_REAPED;
}

int64_t spu__now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * ---- Looking and reaping
 */

static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

/* A filter that knows libc's own functions lets this pass; but it can't look without reaping. */
static int wait_by_wait4(struct spu_child *child, int flags, int *ret_status)
{
	pid_t r = waitpid(child->pid, ret_status, flags & (WNOHANG | (int)KERNEL_WALL));

	if (r > 0 && flags & WNOWAIT) {
		child->reserved[1] = (unsigned)*ret_status;
		atomic_store(state_of(child), IS_UNTOLD);
	}
	return r < 0 ? -errno : r > 0;
}

/*
 * 1: it has ended so; 0, with WNOHANG: it hasn't. waitid on the pidfd, or on the
 * pid where there is none or P_PIDFD isn't known (before 5.4) or refused. __WALL:
 * a child's exit signal is SIGCHLD only from its exec on.
 */
static int wait_for(struct spu_child *child, int flags, int *ret_status)
{
	siginfo_t info;
	int r = -1;

	if (atomic_load(state_of(child)) == IS_UNTOLD)
		return 1;
	flags |= KERNEL_WALL;
	info.si_pid = 0;
	if (child->pidfd >= 0)
		r = waitid((idtype_t)KERNEL_P_PIDFD, (id_t)child->pidfd, &info, flags);
	if (child->pidfd < 0 || (r < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM)))
		r = waitid(P_PID, (id_t)child->pid, &info, flags);
	if (r < 0 && (errno == ENOSYS || errno == EPERM))
		return wait_by_wait4(child, flags, ret_status);
	if (r < 0)
		return -errno;
	*ret_status = status_of(&info);
	return info.si_pid != 0;
}

/* The child has ended and is a zombie, or untold: it keeps its number until this. */
static int reap(struct spu_child *child, int *ret_status)
{
	/* First: a spu_kill() from now on must not believe in the number. */
	unsigned before = atomic_exchange(state_of(child), IS_REAPED);
	int cancel_state, status = (int)child->reserved[1], r = 1;

	if (before != IS_UNTOLD) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
		while ((r = wait_for(child, WEXITED, &status)) == -EINTR)
			;
		pthread_setcancelstate(cancel_state, NULL);
	}
	if (r > 0 && ret_status)
		*ret_status = status;
	return r < 0 ? r : 0;
}

int spu__has_ended(struct spu_child *child)
{
	int r, status;

	while ((r = wait_for(child, WEXITED | WNOWAIT | WNOHANG, &status)) == -EINTR)
		;
	return r;
}

/*
 * ---- Until it ends. These are cancellation points, and reap nothing unless
 * that is all that can be done.
 */

/* For kernels whose pidfd is missing or doesn't tell (5.2), and for valgrind. */
static int look_again_until(struct spu_child *child, int64_t deadline)
{
	int64_t pause = 50;

	for (;;) {
		int64_t left = deadline - spu__now_us();
		struct timespec sleep;
		int r = spu__has_ended(child);

		if (r != 0)
			return r < 0 ? r : 0;
		if (left <= 0)
			return -ETIMEDOUT;
		sleep.tv_sec = 0;
		sleep.tv_nsec = (long)(pause < left ? pause : left) * 1000;
		nanosleep(&sleep, NULL);
		if (pause < 10000)
			pause *= 2;
	}
}

static int poll_until(struct spu_child *child, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = child->pidfd, .events = POLLIN};

	for (;;) {
		int64_t left_ms = (deadline - spu__now_us() + 999) / 1000;
		int r = spu__has_ended(child);

		if (r != 0)
			return r < 0 ? r : 0;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		r = poll(&poll_fd, 1, left_ms > 3600000 ? 3600000 : (int)left_ms);
		if (r < 0 && errno != EINTR)
			return look_again_until(child, deadline);
		if (r > 0 && spu__has_ended(child) == 0)
			return look_again_until(child, deadline);
	}
}

static int await_end(struct spu_child *child, int timeout_ms)
{
	int64_t deadline;
	int r, status;

	if (timeout_ms < 0) {
		while ((r = wait_for(child, WEXITED | WNOWAIT, &status)) == -EINTR)
			;
		return r < 0 ? r : 0;
	}
	deadline = spu__now_us() + (int64_t)timeout_ms * 1000;
	return child->pidfd >= 0 ? poll_until(child, deadline) : look_again_until(child, deadline);
}

int spu_wait(struct spu_child *child, int timeout_ms, int *ret_status)
{
	int r;

	if (is_reaped(child))
		return -ECHILD;
	/* The one call does where nothing else needs to be known before. */
	if (timeout_ms < 0 && child->pidfd >= 0 && atomic_load(state_of(child)) == 0) {
		int status;

		while ((r = wait_for(child, WEXITED, &status)) == -EINTR)
			;
		if (r > 0 && ret_status)
			*ret_status = status;
		atomic_store(state_of(child), IS_REAPED);
		return r < 0 ? r : 0;
	}
	r = await_end(child, timeout_ms);
	return r < 0 ? r : reap(child, ret_status);
}

/*
 * ---- Signals
 */

/*
 * By the pidfd, which can't be taken for somebody else's: a group's number can
 * when its leader is reaped meanwhile. Else, and where a filter refuses that, by
 * number. A zombie takes every signal, and so does what a look has reaped.
 */
static int send_signal(struct spu_child *child, int signal, unsigned flags)
{
	int is_untold = atomic_load(state_of(child)) == IS_UNTOLD;
	unsigned whom = flags & SPU_GROUP ? KERNEL_PIDFD_SIGNAL_PROCESS_GROUP : 0;
	long r = -ENOSYS;

	if (is_untold && !whom)
		return 0;
	if (child->pidfd >= 0)
		r = syscall4(SYS_pidfd_send_signal, child->pidfd, signal, 0, whom);
	if (r == -ENOSYS || r == -EPERM || (r == -EINVAL && whom))
		r = kill(whom ? -child->pid : child->pid, signal) < 0 ? -errno : 0;
	return r == -ESRCH && is_untold ? 0 : (int)r;
}

int spu_kill(struct spu_child *child, int signal, unsigned flags)
{
	if (flags & ~SPU_GROUP || signal < 0 || signal > KERNEL_SIGNALS)
		return -EINVAL;
	if (is_reaped(child))
		return -ESRCH;
	return send_signal(child, signal, flags);
}

int spu_stop(struct spu_child *child, int signal, int grace_ms, unsigned flags, int *ret_status)
{
	int r;

	if (flags & ~SPU_GROUP || signal < 1 || signal > KERNEL_SIGNALS || grace_ms < 0)
		return -EINVAL;
	if (is_reaped(child))
		return -ECHILD;
	/* Not ours to wait for, or no more: then its number may be somebody else's by now. */
	r = spu__has_ended(child);
	if (r < 0)
		return r;
	r = send_signal(child, signal, flags);
	if (r < 0)
		return r == -ESRCH && !(flags & SPU_GROUP) ? -ECHILD : r;
	send_signal(child, SIGCONT, flags);
	r = await_end(child, grace_ms);
	/* The child, if it has ended, is a zombie still, so the group's number is taken. */
	if (r == -ETIMEDOUT || (r == 0 && flags & SPU_GROUP))
		send_signal(child, SIGKILL, flags);
	if (r == -ETIMEDOUT)
		r = await_end(child, -1);
	return r < 0 ? r : reap(child, ret_status);
}

void spu_child_release(struct spu_child *child)
{
	/* libc's close is a cancellation point, at which it would stay open */
	if (child->pidfd >= 0)
		syscall3(SYS_close, child->pidfd, 0, 0);
	child->pidfd = -1;
}

int spu_exit_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	if (WIFSTOPPED(wait_status))
		return 128 + WSTOPSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/*
 * ---- Launch and wait in one
 */

void spu__end_child(struct spu_child *child, unsigned flags)
{
	/* glibc before 2.41 may act on a cancellation after the call that reaped: look */
	if (!is_reaped(child) && spu__has_ended(child) >= 0) {
		send_signal(child, SIGKILL, flags);
		send_signal(child, SIGKILL, 0);	/* it may have left its group */
		await_end(child, -1);
		reap(child, NULL);
	}
	spu_child_release(child);
}

struct waiting {
	struct spu_child *child;
	unsigned flags;
};

/* Runs when the waiting thread is cancelled. */
static void end_waiting(void *argument)
{
	struct waiting *waiting = argument;

	spu__end_child(waiting->child, waiting->flags);
}

unsigned spu__group_flag(const struct spu_options *options)
{
	return options->flags & SPU_SETSID || (options->pgroup.set && options->pgroup.value == 0)
	     ? SPU_GROUP : 0;
}

static int wait_or_stop(struct spu_child *child, const struct spu_options *options,
			unsigned flags, int *ret_status)
{
	int signal = options->stop_signal ? options->stop_signal : SIGTERM;
	int grace_ms = options->grace_ms ? options->grace_ms : 5000, r;

	if (options->timeout_ms == 0)
		return spu_wait(child, -1, ret_status);
	r = spu_wait(child, options->timeout_ms, ret_status);
	if (r != -ETIMEDOUT)
		return r;
	r = spu_stop(child, signal, grace_ms, flags, ret_status);
	if (r == -ESRCH)	/* it has left the group that it began with */
		r = spu_stop(child, signal, grace_ms, 0, ret_status);
	return r < 0 ? r : -ETIMEDOUT;
}

int spu__wait_or_stop(struct spu_child *child, const struct spu_options *options,
		      int *ret_status)
{
	struct waiting waiting = {child, spu__group_flag(options)};
	int r;

	pthread_cleanup_push(end_waiting, &waiting);
	r = wait_or_stop(child, options, waiting.flags, ret_status);
	pthread_cleanup_pop(0);
	spu_child_release(child);
	return r;
}
