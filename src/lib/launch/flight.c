/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../child/child.h"
#include "../clock.h"
#include "executed.h"
#include "ids.h"
#include "knowledge.h"

/*
 * How a child is made, best first; the next one where the kernel or a filter
 * refuses.
 */
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

/*
 * ---- Begin
 */

static uint64_t choose_flags(const struct launch *launch, const struct way *way)
{
	uint64_t flags = way->flags | launch->plan.clone_flags;

	if (launch->copies_memory)
		flags &= ~KERNEL_CLONE_VM;
	if (launch->options.flags & SPU_NO_PIDFD)
		flags &= ~KERNEL_CLONE_PIDFD;
	if (way->is_clone3 && launch->ends.cgroup >= 0)
		flags |= KERNEL_CLONE_INTO_CGROUP;
	return flags;
}

int spu__clone_flags(const struct launch *launch, uint64_t *ret_flags, int *ret_exit_signal)
{
	const struct way *way = &ways[spu__known_way()];

	*ret_flags = choose_flags(launch, way);
	*ret_exit_signal = way->exit_signal;
	return way->is_clone3;
}

static void reset_plan(struct plan *plan, const struct way *way)
{
	plan->report.err = 0;
	plan->report.at = -1;
	plan->report.index = -1;
	plan->report.pid = 0;
	plan->exit_signal = way->exit_signal;
	/* step 0 resets handlers, which CLONE_CLEAR_SIGHAND does */
	plan->start = (way->flags & KERNEL_CLONE_CLEAR_SIGHAND) ? 1 : 0;
}

/*
 * All 64 signals are blocked, libc's own too: why is in spawnutil(7). But SIGSYS
 * is only while a child may run that has our handlers. A filter may trap a call of
 * ours for the program's handler to answer, and blocked it would be the program's
 * end.
 */
static void block_signals(uint64_t signals, uint64_t *ret_mask)
{
	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&signals, (long)ret_mask,
		 KERNEL_SIGSET_SIZE);
}

static void restore_signals(const uint64_t *mask)
{
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)mask, 0, KERNEL_SIGSET_SIZE);
}

static long clone_one_way(struct launch *launch, const struct way *way, char *stack,
			  size_t stack_size, int *ret_pidfd)
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
				.stack_size = stack_size,
				.cgroup = (uint64_t)launch->ends.cgroup,
			};
			r = spu__clone3_child(&args, flags & KERNEL_CLONE_INTO_CGROUP ?
					      sizeof(args) : KERNEL_CLONE_ARGS_FIRST, plan);
		} else {
			r = spu__clone_child((unsigned long)flags | (unsigned)way->exit_signal,
					     stack + stack_size, ret_pidfd, plan);
		}
		/* A full descriptor table is no reason not to launch: without a pidfd then. */
		if ((r != -EMFILE && r != -ENFILE) || !(flags & KERNEL_CLONE_PIDFD) ||
		    launch->actions)	/* whose result it is: pidfd_spawn(3) */
			return r;
		flags &= ~KERNEL_CLONE_PIDFD;
	}
}

int spu__is_refusal(long r)
{
	return r == -ENOSYS || r == -EPERM || r == -EINVAL || r == -E2BIG;
}

/*
 * Another way is remembered only once it has worked. None but the first makes a child in
 * a control group, of which the plan says nothing then.
 */
static long clone_best_way(struct launch *launch, char *stack, size_t stack_size,
			   int *ret_pidfd)
{
	unsigned first = spu__known_way(), way = first;
	uint64_t mask = 0;
	int is_born_in_cgroup = launch->ends.cgroup >= 0;
	long r;

	if (is_born_in_cgroup && !ways[way].is_clone3)
		return -ENOSYS;
	for (;; way++) {
		if (!ways[way].is_clone3)
			block_signals(SPU_SIGNAL(SIGSYS), &mask);
		r = clone_one_way(launch, &ways[way], stack, stack_size, ret_pidfd);
		if (!ways[way].is_clone3)
			restore_signals(&mask);
		if (!spu__is_refusal(r) || way + 1 == WAYS || is_born_in_cgroup)
			break;
	}
	if (r > 0 && way != first) {
		spu__learn_way(way);
		if (!ways[way].is_clone3)
			spu__learn_refusal(FEATURE_BIRTH, ENOSYS);
	}
	return r;
}

/*
 * ---- Settle: what has become of it. The child is left as it is.
 */

/*
 * Has the child, or what is behind the one between, said all that it will? That
 * one ends after it, but in emulators, which don't suspend it.
 */
static int is_silent(const struct launch *launch, pid_t pid, const struct report *report)
{
	if (!(launch->options.flags & SPU_DETACH) || spu__memory_is_shared() > 0)
		return spu__has_executed(pid, 1) > 0;
	return report->pid > 0 && spu__has_executed(report->pid, 0) > 0;
}

/*
 * From a child that had a copy of our memory: all its words, until it execs or
 * ends. Somebody's fork child may hold the other end for longer.
 */
static struct report read_reports(const struct launch *launch, pid_t pid)
{
	struct report report, last = {.at = -1, .index = -1};
	struct pollfd look = {.fd = launch->ends.error_pipe[0], .events = POLLIN};
	const struct timespec moment = {0, 2000000};
	int is_over = 0;

	for (;;) {
		struct timespec timeout = is_over ? (struct timespec){0, 0} : moment;

		if (syscall6(SYS_ppoll, (long)&look, 1, (long)&timeout, 0, 0, 0) > 0) {
			if (syscall3(SYS_read, look.fd, (long)&report, sizeof(report)) !=
			    (long)sizeof(report))
				return last;
			last = report;
		} else if (is_over) {
			return last;
		} else {
			is_over = is_silent(launch, pid, &last);
		}
	}
}

/*
 * From a child in whose memory the kernel wrote its pid, but not in ours: it has a
 * copy, or was killed before it ran. Only what it says itself tells which.
 */
static struct report learn_from_pipe(struct launch *launch, pid_t pid)
{
	struct report report = {.at = -1, .index = -1};

	if (launch->ends.error_pipe[0] < 0)
		return report;
	close(launch->ends.error_pipe[1]);
	launch->ends.error_pipe[1] = -1;
	report = read_reports(launch, pid);
	if (report.at >= 0 && !launch->copies_memory)
		spu__learn_memory(0);
	/* "ready" is said right before exec, about which only a failure says more. */
	if (report.err == 0 && report.at == launch->plan.count - 2)
		report.at++;
	return report;
}

/* However long it may be held up there. */
#define NEAR_US 1000000

/*
 * Exec deletes the timer a moment after it has let go of our memory. Who is beyond
 * that while there is time goes on, and so does who wasn't killed then.
 */
static int outran_deadline(const struct launch *launch, const struct flight *flight)
{
	int is_child = !(launch->options.flags & SPU_DETACH);
	pid_t pid = is_child ? flight->pid : flight->report.pid;

	if (launch->deadline - spu__now_us() > NEAR_US)
		return 1;
	spu__await_executed(pid, is_child, NEVER);
	return spu__now_us() < launch->deadline || !spu__was_killed(pid);
}

/* The one between us and a detached child is a child with memory like ours. */
static void settle(struct launch *launch, struct flight *flight)
{
	volatile struct report *shared = &launch->plan.report;
	int exec = launch->plan.count - 1;

	if (shared->pid != 0) {
		flight->report = (struct report){shared->err, shared->at, shared->index,
						 shared->pid};
		spu__learn_memory(1);
	} else {
		flight->report = learn_from_pipe(launch, flight->pid);
	}
	flight->ran = flight->report.err == 0 && flight->report.at == exec;
	if (flight->ran && !(launch->options.flags & SPU_DETACH))
		flight->ran = !spu__never_executed(flight->pid);
	if (flight->ran)
		flight->ran = outran_deadline(launch, flight);
}

/*
 * ---- End
 */

/* A child that failed: reaped here, unseen by anybody (its exit signal is 0). */
static int reap(pid_t pid)
{
	int status = 0;

	while (syscall4(SYS_wait4, pid, (long)&status, KERNEL_WALL, 0) == -EINTR)
		;
	return status;
}

/*
 * A process that isn't our child: killed, and awaited. Who reaps it, if anybody
 * does, isn't our business: a zombie has let go of our memory, too.
 */
static void end_stranger(pid_t pid)
{
	const struct timespec pause = {0, 1000000};
	struct pollfd look = {.fd = -1, .events = POLLIN};
	struct timespec at_once = {0, 0};

	kill(pid, SIGKILL);
	while (kill(pid, 0) == 0) {
		if (look.fd < 0)
			look.fd = (int)syscall3(SYS_pidfd_open, pid, 0, 0);
		if (look.fd >= 0 &&
		    syscall6(SYS_ppoll, (long)&look, 1, (long)&at_once, 0, 0, 0) > 0)
			break;
		if (look.fd < 0 && spu__has_executed(pid, 0) > 0)
			break;
		nanosleep(&pause, NULL);
	}
	/* init reaps it, or we do if we are a subreaper */
	syscall4(SYS_wait4, pid, 0, KERNEL_WALL | WNOHANG, 0);
	if (look.fd >= 0)
		close(look.fd);
}

/* Before that step the number in the report is that of the one between, as it sees it itself. */
static int has_detached(const struct launch *launch, const struct report *report)
{
	int i;

	for (i = 0; i <= report->at; i++)
		if (launch->plan.steps[i].kind == STEP_DETACH)
			return 1;
	return 0;
}

/*
 * Was the one between us and a detached child killed, that child may still be on
 * our stack, and nobody knows how far it has come: it is ended. Else its exit
 * status is the signal that killed that child.
 */
static void end_detached(const struct launch *launch, struct flight *flight)
{
	flight->status = reap(flight->pid);
	if (WIFEXITED(flight->status) && WEXITSTATUS(flight->status) > 0 &&
	    WEXITSTATUS(flight->status) <= KERNEL_SIGNALS) {
		flight->status = WEXITSTATUS(flight->status);
		flight->ran = 0;
		return;
	}
	if (WIFSIGNALED(flight->status)) {
		flight->ran = 0;
		if (has_detached(launch, &flight->report) && flight->report.pid > 0 &&
		    flight->report.pid != flight->pid)
			end_stranger(flight->report.pid);
	} else if (!flight->ran && flight->report.pid > 0 && spu__memory_is_shared() <= 0) {
		/* unseen by the one between; ours in a subreaper */
		reap(flight->report.pid);
	}
}

static int reap_if_ended(struct flight *flight)
{
	return syscall4(SYS_wait4, flight->pid, (long)&flight->status, KERNEL_WALL | WNOHANG,
			0) != 0;
}

/*
 * It said nothing, and had nothing to say it by. Was it killed before it ran? Else
 * it has a copy of our memory, and how far it has come can't be known: it is ended.
 */
static void end_mute(struct flight *flight)
{
	const struct timespec pause = {0, 1000000};

	while (!reap_if_ended(flight)) {
		if (spu__has_executed(flight->pid, 1) > 0 && !reap_if_ended(flight)) {
			kill(flight->pid, SIGKILL);
			reap(flight->pid);
			break;
		}
		nanosleep(&pause, NULL);
	}
	if (WIFSIGNALED(flight->status))
		return;
	spu__learn_memory(0);
	flight->is_mute = 1;
}

static void end(const struct launch *launch, struct flight *flight)
{
	if (flight->ran && !(launch->options.flags & SPU_DETACH))
		return;
	if (flight->report.at < 0 && launch->ends.error_pipe[0] < 0)
		end_mute(flight);
	else if (launch->options.flags & SPU_DETACH)
		end_detached(launch, flight);
	else
		flight->status = reap(flight->pid);
	if (flight->pidfd >= 0)
		close(flight->pidfd);
	flight->pidfd = -1;
}

static void fly(struct launch *launch, char *stacks, struct flight *flight)
{
	size_t size = (launch->options.flags & SPU_DETACH) ? MIDDLE_STACK : CHILD_STACKS;
	uint64_t mask = 0;
	long pid;

	launch->plan.spare_stack = stacks + CHILD_STACKS;
	block_signals(~SPU_SIGNAL(SIGSYS), &mask);
	pid = clone_best_way(launch, stacks, size, &flight->pidfd);
	if (pid > 0) {
		flight->pid = (pid_t)pid;
		settle(launch, flight);
		end(launch, flight);
		flight->is_overdue = !flight->ran && !flight->report.err &&
				     spu__now_us() >= launch->deadline;
	} else {
		flight->refusal = (int)pid;
	}
	/* A stop that the child saw coming is meant for us too: it happens here. */
	restore_signals(&mask);
}

/* Not inline: the stacks are to be gone when an error text is made, which takes some itself. */
static __attribute__((noinline)) void fly_from_here(struct launch *launch, struct flight *flight)
{
	char stacks[CHILD_STACKS] __attribute__((aligned(16)));

	fly(launch, stacks, flight);
}

/*
 * Of a child in another session only /proc says when it has let go of our memory, and
 * a look takes a number: the last one is not the pidfd's.
 */
static void spare_a_number(int *pidfd)
{
	int spare = fcntl(*pidfd, F_DUPFD_CLOEXEC, 0);

	close(spare < 0 ? *pidfd : spare);
	if (spare < 0)
		*pidfd = -1;
}

void spu__fly(struct launch *launch, struct flight *ret)
{
	int shares_ids = launch->changes_ids && !launch->copies_memory;
	int is_detached = (launch->options.flags & SPU_DETACH) != 0;

	*ret = (struct flight){.pidfd = -1, .report = {.at = -1, .index = -1}};
	if (shares_ids)
		spu__enter_id_change();
	if (launch->stacks)
		fly(launch, launch->stacks, ret);
	else
		fly_from_here(launch, ret);
	if (shares_ids && launch->options.flags & SPU_SETSID && ret->pidfd >= 0)
		spare_a_number(&ret->pidfd);
	if (shares_ids)
		spu__leave_id_change(!ret->ran ? 0 : is_detached ? ret->report.pid : ret->pid,
				     !is_detached);
}
