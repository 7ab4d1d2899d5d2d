/* SPDX-License-Identifier: MIT */
/*
 * The parent's side of a launch: prepares a plan, makes the child, learns how
 * it went. What the steps are is plan.c's, what a child does child.c's.
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

extern char **environ;

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

/* What launches in this process have taught. Where nothing is known a pipe carries errors. */
static atomic_uint best_way;
static atomic_int memory_is_shared;

/*
 * ---- Preparing
 */

static uint64_t current_mask(void)
{
	uint64_t mask = 0;

	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, KERNEL_SIGSET_SIZE);
	return mask;
}

static int compile(struct launch *launch, char *const argv[], enum purpose purpose)
{
	const struct spu_options *options = &launch->options;
	const char *path = options->path ? options->path : getenv("PATH");
	struct plan_request request = {
		.argv = argv,
		.environ = environ,
		.path = path ? path : "/bin:/usr/bin",	/* glibc's and POSIX's confstr(_CS_PATH) */
		.options = options,
		.given = launch->descriptors.given,
		.given_count = launch->descriptors.count,
		.mask = (options->flags & SPU_KEEP_MASK) ? current_mask() : 0,
		.error_pipe = launch->descriptors.error_pipe[1],
		.group = getpgrp(),
		.in_place = purpose == FOR_EXEC,
	};
	int r = spu__compile(&request, &launch->plan, &launch->plan_block);

	if (r < 0)
		return spu__error(launch->ret_error, -r, SPU_STEP_PREPARE, -1, "plan");
	return 0;
}

int spu__prepare(struct launch *launch, char *const argv[], const struct spu_options *options,
		 enum purpose purpose, struct spu_error *ret_error)
{
	int r, wants_pipe;

	*launch = (struct launch){.ret_error = ret_error};
	r = spu__check_options(argv, options, &launch->options, ret_error);
	if (r < 0)
		return r;
	wants_pipe = purpose != FOR_EXEC && launch->options.method == SPU_METHOD_VFORK &&
		     !atomic_load_explicit(&memory_is_shared, memory_order_relaxed);
	r = spu__acquire_descriptors(&launch->options, wants_pipe, &launch->descriptors,
				     ret_error);
	if (r < 0)
		return r;
	r = compile(launch, argv, purpose);
	if (r < 0)
		spu__release_descriptors(&launch->descriptors, 0);
	return r;
}

void spu__dispose(struct launch *launch, int succeeded)
{
	spu__release_descriptors(&launch->descriptors, succeeded);
	free(launch->plan_block);
}

/*
 * ---- Making the child
 */

int spu__clone_flags(uint64_t *ret_flags, int *ret_exit_signal)
{
	const struct way *way = &ways[atomic_load_explicit(&best_way, memory_order_relaxed)];

	*ret_flags = way->flags;
	*ret_exit_signal = way->exit_signal;
	return way->is_clone3;
}

static void reset_plan(struct plan *plan, const struct way *way)
{
	plan->report.err = 0;
	plan->report.at = -1;
	plan->report.index = -1;
	plan->report.pid = 0;
	/* step 0 resets handlers, which CLONE_CLEAR_SIGHAND does */
	plan->start = way->flags & KERNEL_CLONE_CLEAR_SIGHAND ? 1 : 0;
}

static long clone_one_way(struct plan *plan, const struct way *way, char *stack, int *ret_pidfd)
{
	uint64_t flags = way->flags;
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
static long clone_best_way(struct plan *plan, char *stack, int *ret_pidfd)
{
	unsigned first = atomic_load_explicit(&best_way, memory_order_relaxed), way = first;
	long r = clone_one_way(plan, &ways[way], stack, ret_pidfd);

	while (is_refusal(r) && way + 1 < WAYS)
		r = clone_one_way(plan, &ways[++way], stack, ret_pidfd);
	if (r > 0 && way != first)
		atomic_store_explicit(&best_way, way, memory_order_relaxed);
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
		atomic_store_explicit(&memory_is_shared, 1, memory_order_relaxed);
		return;
	}
	atomic_store_explicit(&memory_is_shared, 0, memory_order_relaxed);
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

enum outcome { LAUNCHED, FAILED, STOPPED, BUSY };

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

	launch->plan.spare_stack = stacks[0] + CHILD_STACK;
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, KERNEL_SIGSET_SIZE);
	pid = clone_best_way(&launch->plan, stacks[1], &ret_child->pidfd);
	if (pid > 0) {
		learn_report(launch, ret_report);
		*ret_outcome = judge(launch, ret_report, (pid_t)pid, ret_child, ret_status);
	}
	/* A stop that the child saw coming is meant for us too: it happens here. */
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, KERNEL_SIGSET_SIZE);
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

/* Beside 0 and errors: the error pipe is used up, or no longer wanted. */
#define AGAIN_FROM_START 1

/* Its two numbers may be the last that were free, and memory is known to be shared now. */
static int error_pipe_was_in_the_way(const struct launch *launch, const struct report *report)
{
	return report->err == EMFILE && launch->plan.error_pipe >= 0 &&
	       atomic_load_explicit(&memory_is_shared, memory_order_relaxed);
}

static int launch_child(struct launch *launch, struct spu_child *ret_child, long *paused_us)
{
	struct report report;
	enum outcome outcome;
	int status = 0;

	for (;;) {
		long r = attempt(launch, ret_child, &report, &outcome, &status);

		if (r < 0)
			return spu__error(launch->ret_error, (int)-r, SPU_STEP_CLONE, -1, "clone");
		if (outcome == LAUNCHED)
			return 0;
		if (outcome == FAILED && error_pipe_was_in_the_way(launch, &report))
			return AGAIN_FROM_START;
		if (outcome == FAILED || (outcome == BUSY && !spu__pause_while_busy(paused_us)))
			return spu__child_error(launch, &report, status);
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
	long paused_us = 0;
	int r;

	do {
		r = spu__prepare(&launch, argv, options, FOR_SPAWN, ret_error);
		if (r < 0)
			return r;
		r = launch.options.method == SPU_METHOD_POSIX_SPAWN
		  ? spu__posix_spawn(&launch, &child) : launch_child(&launch, &child, &paused_us);
		spu__dispose(&launch, r == 0);
	} while (r == AGAIN_FROM_START);
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

/*
 * ---- In place
 */

static int refuse_child_only(const struct launch *launch)
{
	const char *what = NULL;

	if (launch->descriptors.caller_end_count > 0)
		what = "fds: spu_exec leaves nobody for a pipe's other end";
	else if (launch->options.flags & SPU_DETACH)
		what = "flags: spu_exec makes no child to detach";
	else if (launch->options.method != SPU_METHOD_VFORK)
		what = "method: spu_exec makes no child";
	if (!what)
		return 0;
	return spu__error(launch->ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
}

static int run_in_place(struct launch *launch)
{
	uint64_t all = ~(uint64_t)0, mask = 0;
	struct plan *plan = &launch->plan;
	struct report report;
	long paused_us = 0;

	plan->start = 1;
	plan->report.pid = getpid();
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, KERNEL_SIGSET_SIZE);
	do {
		spu__run_plan(plan);
		plan->start = plan->count - 1;	/* for ETXTBSY: the exec alone */
	} while (plan->report.err == ETXTBSY && spu__pause_while_busy(&paused_us));
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, KERNEL_SIGSET_SIZE);
	report = (struct report){plan->report.err, plan->report.at, plan->report.index, 0};
	return spu__child_error(launch, &report, 0);
}

static int exec_in_place(char *const argv[], const struct spu_options *options,
			 struct spu_error *ret_error)
{
	struct launch launch;
	int r;

	r = spu__prepare(&launch, argv, options, FOR_EXEC, ret_error);
	if (r < 0)
		return r;
	r = refuse_child_only(&launch);
	if (r == 0)
		r = run_in_place(&launch);
	spu__dispose(&launch, 0);
	return r;
}

int spu_exec(char *const argv[], const struct spu_options *options, struct spu_error *ret_error)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = exec_in_place(argv, options, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}
