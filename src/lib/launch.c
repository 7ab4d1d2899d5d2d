/* SPDX-License-Identifier: MIT */
/*
 * Making the child and learning how it went. What it is given was prepared
 * before (prepare.c), what it does is child.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"
#include "syscall.h"

/* How a child is made, best first; the next one where the kernel or a filter refuses. */
static const struct way {
	int is_clone3;
	int exit_signal;	/* 0: a failed launch raises no SIGCHLD; exec sets it */
	uint64_t flags;
} ways[] = {
	{1, 0, KERNEL_CLONE_VM | KERNEL_CLONE_VFORK | KERNEL_CLONE_CHILD_SETTID |
	       KERNEL_CLONE_PIDFD | KERNEL_CLONE_CLEAR_SIGHAND},
	{0, 0, KERNEL_CLONE_VM | KERNEL_CLONE_VFORK | KERNEL_CLONE_CHILD_SETTID |
	       KERNEL_CLONE_PIDFD},
	{0, 0, KERNEL_CLONE_VM | KERNEL_CLONE_VFORK | KERNEL_CLONE_CHILD_SETTID},
	{0, SIGCHLD, KERNEL_CLONE_VM | KERNEL_CLONE_VFORK | KERNEL_CLONE_CHILD_SETTID},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct knowledge spu__knowledge = {.memory_is_shared = -1};

static unsigned known_way(void)
{
	return atomic_load_explicit(&spu__knowledge.best_way, memory_order_relaxed);
}

/*
 * ---- Making the child
 */

static void reset_plan(struct plan *plan, const struct way *way)
{
	plan->report.err = 0;
	plan->report.at = -1;
	plan->report.index = -1;
	plan->report.pid = 0;
	/* step 0 resets handlers, which CLONE_CLEAR_SIGHAND does */
	plan->start = way->flags & KERNEL_CLONE_CLEAR_SIGHAND ? 1 : 0;
}

static uint64_t choose_flags(const struct launch *launch, const struct way *way)
{
	uint64_t flags = way->flags;

	if (launch->plan.shares_table)
		flags |= KERNEL_CLONE_FILES;
	if (launch->copies_memory)
		flags &= ~KERNEL_CLONE_VM;
	if (launch->options.flags & SPU_NO_PIDFD)
		flags &= ~KERNEL_CLONE_PIDFD;
	return flags;
}

int spu__clone_flags(const struct launch *launch, uint64_t *ret_flags, int *ret_exit_signal)
{
	const struct way *way = &ways[known_way()];

	*ret_flags = choose_flags(launch, way);
	*ret_exit_signal = way->exit_signal;
	return way->is_clone3;
}

static long clone_one_way(struct launch *launch, const struct way *way, char *stack,
			  int *ret_pidfd)
{
	struct plan *plan = &launch->plan;
	uint64_t flags = choose_flags(launch, way);
	long r;

	reset_plan(plan, way);
	for (;;) {
		*ret_pidfd = -1;
		if (way->is_clone3) {
			struct kernel_clone_args args = {
				.flags = flags,
				.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
				.child_tid = (uint64_t)(uintptr_t)&plan->report.pid,
				.exit_signal = (uint64_t)way->exit_signal,
				.stack = (uint64_t)(uintptr_t)stack,
				.stack_size = CHILD_STACK,
			};
			r = spu__clone3_child(&args, plan);
		} else {
			r = spu__clone_child((unsigned long)flags | (unsigned)way->exit_signal,
					     stack + CHILD_STACK, ret_pidfd, plan);
		}
		/* A full descriptor table is no reason not to launch: without a pidfd then. */
		if ((r != -EMFILE && r != -ENFILE) || !(flags & KERNEL_CLONE_PIDFD))
			return r;
		flags &= ~KERNEL_CLONE_PIDFD;
	}
}

static int is_refusal(long r)
{
	return r == -ENOSYS || r == -EPERM || r == -EINVAL || r == -E2BIG;
}

/* Another way is remembered only once it has worked. */
static long clone_best_way(struct launch *launch, char *stack, int *ret_pidfd)
{
	unsigned first = known_way(), way = first;
	long r = clone_one_way(launch, &ways[way], stack, ret_pidfd);

	while (is_refusal(r) && way + 1 < WAYS)
		r = clone_one_way(launch, &ways[++way], stack, ret_pidfd);
	if (r > 0 && way != first)
		atomic_store_explicit(&spu__knowledge.best_way, way, memory_order_relaxed);
	return r;
}

/* From a child that had a copy of our memory. All its words, until it execs or ends. */
static void read_reports(int error_pipe, struct report *ret)
{
	struct report report;

	*ret = (struct report){.at = -1, .index = -1};
	while (syscall3(SYS_read, error_pipe, (long)&report, sizeof(report)) ==
	       (long)sizeof(report))
		*ret = report;
}

static void learn_report(struct launch *launch, struct report *ret)
{
	volatile struct report *shared = &launch->plan.report;
	int *pipe = launch->descriptors.error_pipe;

	/* The kernel wrote the pid into the child's memory; if we see it, that is ours. */
	if (shared->pid != 0) {
		*ret = (struct report){shared->err, shared->at, shared->index, shared->pid};
		atomic_store_explicit(&spu__knowledge.memory_is_shared, 1, memory_order_relaxed);
		return;
	}
	if (!launch->copies_memory)
		atomic_store_explicit(&spu__knowledge.memory_is_shared, 0, memory_order_relaxed);
	if (pipe[0] < 0) {
		/* There was no descriptor left to be told by. */
		*ret = (struct report){0, launch->plan.count - 1, -1, 0};
		return;
	}
	close(pipe[1]);
	pipe[1] = -1;
	read_reports(pipe[0], ret);
	/* "ready" is said right before exec, about which only a failure says more. */
	if (ret->err == 0 && ret->at == launch->plan.count - 2)
		ret->at++;
}

/* A child that failed: reaped here, unseen by anybody (its exit signal is 0). */
static int reap(pid_t pid)
{
	int status = 0;

	while (syscall4(SYS_wait4, pid, (long)&status, KERNEL_WALL, 0) == -EINTR)
		;
	return status;
}

enum outcome { LAUNCHED, FAILED, STOPPED, BUSY, REFUSED };

/*
 * What a shared table needs was refused, or no number is left (a pidfd may have
 * taken it) or allowed: the ordinary way doesn't need it, or says why not.
 */
static int is_refused(const struct launch *launch, const struct report *report)
{
	const struct step *step = &launch->plan.steps[report->at];

	if (!launch->plan.shares_table)
		return 0;
	if (step->kind == STEP_UNSHARE && is_refusal(-report->err))
		atomic_store_explicit(&spu__knowledge.cant_unshare, 1, memory_order_relaxed);
	if ((step->number == SYS_pidfd_open || step->number == SYS_pidfd_getfd) &&
	    is_refusal(-report->err))
		atomic_store_explicit(&spu__knowledge.cant_fetch, 1, memory_order_relaxed);
	return step->kind == STEP_UNSHARE || step->kind == STEP_FETCH || report->err == EMFILE;
}

/*
 * Was it killed on its way into exec? Not to be seen by its last stamp, but the
 * exit signal that it was made with is SIGCHLD only once exec can't fail any more.
 */
static int never_executed(pid_t pid)
{
	siginfo_t info;

	return syscall6(SYS_waitid, P_PID, pid, (long)&info,
			WEXITED | WNOHANG | WNOWAIT | KERNEL_WCLONE, 0, 0) == 0;
}

/*
 * The process between us and a detached child was killed, so the child may
 * still be on our stack: it must be gone before we leave. init reaps it, or
 * we do if we are a subreaper.
 */
static void end_orphan(pid_t pid)
{
	const struct timespec pause = {0, 1000000};

	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (kill(pid, 0) == 0) {
		syscall4(SYS_wait4, pid, 0, KERNEL_WALL | WNOHANG, 0);
		nanosleep(&pause, NULL);
	}
}

static enum outcome judge(const struct launch *launch, struct report *report, pid_t pid,
			  struct spu_child *ret_child, int *ret_status)
{
	int ran = report->err == 0 && report->at == launch->plan.count - 1;
	int detached = (launch->options.flags & SPU_DETACH) != 0, status = 0;

	if (ran && !detached && never_executed(pid))
		ran = 0;
	if (!ran || detached) {
		status = reap(pid);
		if (detached && WIFSIGNALED(status))
			end_orphan(report->pid);
		else if (detached && !ran && report->pid > 0 && !spu__memory_is_shared())
			reap(report->pid);	/* unseen by the one between; ours in a subreaper */
		if (ret_child->pidfd >= 0)
			close(ret_child->pidfd);
		ret_child->pidfd = -1;
	}
	ret_child->pid = detached ? report->pid : pid;
	if (ran)
		return LAUNCHED;
	if (report->err == REPORT_STOP)
		return STOPPED;
	if (report->err == ETXTBSY)
		return BUSY;
	if (report->err && is_refused(launch, report))
		return REFUSED;
	if (report->err == 0)
		report->index = WIFSIGNALED(status) ? WTERMSIG(status) : -1;
	*ret_status = status;
	return FAILED;
}

/*
 * All 64 signals are blocked meanwhile, libc's own too: why is in spawnutil(7).
 * A negative result: there was no child. Not inline: the stacks are to be gone
 * when an error text is made, which takes some stack itself.
 */
static __attribute__((noinline)) long attempt(struct launch *launch, struct spu_child *ret_child,
					      struct report *ret_report,
					      enum outcome *ret_outcome, int *ret_status)
{
	char stacks[2][CHILD_STACK] __attribute__((aligned(16)));
	uint64_t all = ~(uint64_t)0, mask = 0;
	long pid;

	if (launch->changes_ids) {
		int r = spu__enter_id_change();

		if (r < 0)
			return r;
	}
	launch->plan.spare_stack = stacks[0] + CHILD_STACK;
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, KERNEL_SIGSET_SIZE);
	pid = clone_best_way(launch, stacks[1], &ret_child->pidfd);
	if (pid > 0) {
		learn_report(launch, ret_report);
		*ret_outcome = judge(launch, ret_report, (pid_t)pid, ret_child, ret_status);
	}
	/* A stop that the child saw coming is meant for us too: it happens here. */
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, KERNEL_SIGSET_SIZE);
	if (launch->changes_ids)
		spu__leave_id_change(pid > 0 && *ret_outcome == LAUNCHED ? ret_child->pid : 0);
	return pid;
}

int spu__pause_while_busy(long *paused_us)
{
	/* 50 us, doubling: 100 ms in all */
	long pause_us = *paused_us + 50;
	struct timespec pause = {0, pause_us * 1000};

	if (*paused_us >= 100000)
		return 0;
	nanosleep(&pause, NULL);
	*paused_us += pause_us;
	return 1;
}

/* Beside 0 and errors. */
enum {
	AGAIN_FROM_START = 1,	/* the error pipe is used up, or in the way */
	AGAIN_ORDINARILY	/* not with a shared descriptor table */
};

/* Its two numbers may be the last that were free, and memory is known to be shared now. */
static int error_pipe_was_in_the_way(const struct launch *launch, const struct report *report)
{
	return report->err == EMFILE && launch->plan.error_pipe >= 0 &&
	       spu__memory_is_shared() > 0;
}

static int launch_child(struct launch *launch, struct spu_child *ret_child, long *paused_us)
{
	struct report report;
	enum outcome outcome;
	int status = 0;

	for (;;) {
		long r = attempt(launch, ret_child, &report, &outcome, &status);

		if (is_refusal(r) && launch->plan.shares_table)
			return AGAIN_ORDINARILY;
		if (r < 0)
			return spu__error(launch->ret_error, (int)-r, SPU_STEP_CLONE, -1,
					  r == -EAGAIN ? "clone: too many processes" : "clone");
		if (outcome == LAUNCHED)
			return 0;
		if (outcome == FAILED && error_pipe_was_in_the_way(launch, &report))
			return AGAIN_FROM_START;
		if (outcome == FAILED || (outcome == BUSY && !spu__pause_while_busy(paused_us)))
			return spu__child_error(launch, &report, status);
		if (outcome == REFUSED)
			return AGAIN_ORDINARILY;
		/* What one attempt has written, or the end that it closed, is not for the next. */
		if (launch->plan.error_pipe >= 0)
			return AGAIN_FROM_START;
	}
}

/* Out of 0 to 2, which the next child would inherit unasked. */
static int lift_pidfd(int pidfd)
{
	int lifted;

	if (pidfd < 0 || pidfd > 2)
		return pidfd;
	lifted = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	close(pidfd);
	return lifted < 0 ? -1 : lifted;
}

static int spawn(struct spu_child *ret_child, char *const argv[],
		 const struct spu_options *options, struct spu_error *ret_error)
{
	struct spu_child child = {.pidfd = -1};
	struct launch launch;
	enum purpose purpose = FOR_SPAWN;
	long paused_us = 0;
	int r;

	do {
		r = spu__prepare(&launch, argv, options, purpose, ret_error);
		if (r < 0)
			return r;
		r = launch.options.method == SPU_METHOD_POSIX_SPAWN
		  ? spu__posix_spawn(&launch, &child) : launch_child(&launch, &child, &paused_us);
		spu__dispose(&launch, r == 0);
		if (r == AGAIN_ORDINARILY)
			purpose = FOR_SPAWN_AGAIN;
	} while (r > 0);
	if (r == 0) {
		child.pidfd = lift_pidfd(child.pidfd);
		*ret_child = child;
	}
	return r;
}

int spu_spawn(struct spu_child *ret_child, char *const argv[], const struct spu_options *options,
	      struct spu_error *ret_error)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = spawn(ret_child, argv, options, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}
