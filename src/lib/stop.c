/* SPDX-License-Identifier: MIT */
/* Signals to children, and their end: what to do about one whose time is over. */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "clock.h"
#include "wait.h"

/* Unless a grace is longer. Who has SIGKILL and lives on is held up in the kernel. */
#define LAST_MS 5000

/*
 * ---- Signals
 */

/* It can't be taken for somebody else's. A number can, when the child is reaped meanwhile. */
static int signal_by_pidfd(const struct spu_child *child, int signal, unsigned whom)
{
	return child->pidfd < 0
	     ? -ENOSYS : (int)syscall4(SYS_pidfd_send_signal, child->pidfd, signal, 0, whom);
}

/* A filter refuses what names no process, too; the kernel looks for the process first. */
static int is_unavailable(int r, unsigned whom)
{
	if (r == -EPERM)
		return syscall4(SYS_pidfd_send_signal, -1, 0, 0, 0) == -EPERM;
	return r == -ENOSYS || (r == -EINVAL && whom);
}

static int signal_by(const struct spu_child *child, int signal, unsigned whom)
{
	int r = signal_by_pidfd(child, signal, whom);

	if (!is_unavailable(r, whom))
		return r;
	return kill(whom ? -child->pid : child->pid, signal) < 0 ? -errno : 0;
}

/*
 * What has ended takes every signal: a zombie, for which the kernel asks for rights
 * all the same, and what a look has reaped.
 */
static int signal_child(struct spu_child *child, int signal)
{
	int r = spu__is_untold(child) ? 0 : signal_by(child, signal, 0);

	return r == -EPERM && spu__has_ended(child) > 0 ? 0 : r;
}

/*
 * The child may have left the group that it began with, and others that it
 * started are there still. The answer is about the child.
 */
static int signal_group(struct spu_child *child, int signal)
{
	int r = signal_by(child, signal, KERNEL_PIDFD_SIGNAL_PROCESS_GROUP);

	if (r == -ESRCH && !spu__began_as_leader(child) && !spu__is_untold(child))
		return r;
	return signal_child(child, r == 0 && getpgid(child->pid) == child->pid ? 0 : signal);
}

static int send_signal(struct spu_child *child, int signal, unsigned flags)
{
	return (flags & SPU_GROUP) ? signal_group(child, signal) : signal_child(child, signal);
}

int spu_kill(struct spu_child *child, int signal, unsigned flags)
{
	if (flags & ~SPU_GROUP || signal < 0 || signal > KERNEL_SIGNALS)
		return -EINVAL;
	if (spu__is_gone(child))
		return -ESRCH;
	return send_signal(child, signal, flags);
}

/*
 * ---- Measures
 */

struct stopping spu__stopping(struct spu_child *child, const struct spu_options *options,
			      int64_t deadline)
{
	return (struct stopping){
		.child = child,
		.signal = options->stop_signal ? options->stop_signal : SIGTERM,
		.grace_ms = options->grace_ms ? options->grace_ms : 5000,
		.flags = spu__began_as_leader(child) ? SPU_GROUP : 0,
		.deadline = deadline,
		.ret_exit = options->ret_exit,
	};
}

int spu__take_measure(struct stopping *stopping)
{
	const struct {
		int signal, patience_ms;
	} measures[] = {
		{stopping->signal, stopping->grace_ms},
		{SIGKILL, stopping->grace_ms > LAST_MS ? stopping->grace_ms : LAST_MS},
	};
	int i = stopping->taken, r;

	if (i == sizeof(measures) / sizeof(measures[0]))
		return -EBUSY;
	r = send_signal(stopping->child, measures[i].signal, stopping->flags);
	if (r < 0 && r != -ESRCH)
		return r;
	/* The signal may have ended a child that nobody has to reap: then it was taken, too */
	stopping->taken++;
	stopping->deadline = spu__deadline_in(measures[i].patience_ms);
	if (r < 0)
		return -ECHILD;
	if (measures[i].signal != SIGKILL)
		send_signal(stopping->child, SIGCONT, stopping->flags);
	return 0;
}

void spu__end_group(const struct stopping *stopping)
{
	const unsigned group = KERNEL_PIDFD_SIGNAL_PROCESS_GROUP;

	if (!(stopping->flags & SPU_GROUP))
		return;
	/* A zombie has its number still; what the kernel or somebody else has reaped hasn't */
	if (spu__has_ended(stopping->child) > 0)
		signal_by(stopping->child, SIGKILL, group);
	else
		signal_by_pidfd(stopping->child, SIGKILL, group);
}

int spu__take_end(const struct stopping *stopping, int *ret_status)
{
	int r;

	if (!stopping->ret_exit)
		return spu_wait(stopping->child, -1, ret_status);
	r = spu_wait4(stopping->child, -1, 0, stopping->ret_exit);
	if (r == 0 && ret_status)
		*ret_status = stopping->ret_exit->status;
	return r;
}

int spu__see_off(struct stopping *stopping, int *ret_status)
{
	int r;

	if (stopping->deadline == NEVER)
		return spu__take_end(stopping, ret_status);
	do
		r = spu__await_end(stopping->child, stopping->deadline);
	while (r == -ETIMEDOUT && (r = spu__take_measure(stopping)) == 0);
	if (stopping->taken && (r == 0 || r == -ECHILD))
		spu__end_group(stopping);
	if (r < 0)
		return r;
	r = stopping->ret_exit ? spu__take_end(stopping, ret_status)
			       : spu__reap(stopping->child, ret_status);
	return r == 0 && stopping->taken ? -ETIMEDOUT : r;
}

int spu_stop(struct spu_child *child, int signal, int grace_ms, unsigned flags, int *ret_status)
{
	struct stopping stopping = {.child = child, .signal = signal, .grace_ms = grace_ms,
				    .flags = flags};
	int r;

	if (flags & ~SPU_GROUP || signal < 1 || signal > KERNEL_SIGNALS || grace_ms < 0)
		return -EINVAL;
	if (spu__is_gone(child))
		return -ECHILD;
	/* Not ours to wait for, or no more: then its number may be somebody else's by now. */
	r = spu__has_ended(child);
	if (r < 0)
		return r;
	r = send_signal(child, 0, flags);
	if (r < 0)
		return r == -ESRCH && !(flags & SPU_GROUP) ? -ECHILD : r;
	/* Also if it has ended: what it has left in its group is to end with it. */
	r = spu__take_measure(&stopping);
	if (r == 0)
		r = spu__see_off(&stopping, ret_status);
	return r == -ETIMEDOUT ? 0 : r;
}

void spu__end_child(struct spu_child *child)
{
	unsigned flags = spu__began_as_leader(child) ? SPU_GROUP : 0;

	/* glibc before 2.41 may act on a cancellation after the call that reaped: look */
	if (!spu__is_gone(child) && spu__has_ended(child) >= 0 &&
	    send_signal(child, SIGKILL, flags) == 0 &&
	    spu__await_end(child, spu__deadline_in(LAST_MS)) == 0)
		spu__reap(child, NULL);
	spu_child_release(child);
}
