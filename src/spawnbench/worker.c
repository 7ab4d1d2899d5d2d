/* SPDX-License-Identifier: MIT */
/*
 * Runs the measuring process and waits for it or for a signal. The measuring
 * process leads a process group of its own, so that ^C reaches this side only
 * and never a child that is being measured.
 */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "common/message.h"
#include "parent.h"

/* How often this side looks, with a terminal to show something on and without. */
#define TICK_SHOWN (200 * (uint64_t)NANOSECONDS_PER_MILLISECOND)
#define TICK_SILENT ((uint64_t)NANOSECONDS)

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(*ending_signals))

static sigset_t awaited, mask_before;

void worker_prepare_signals(void)
{
	struct sigaction action;

	/* Inherited as ignored it would take every child's status away. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	for (size_t i = 0; i < ENDING_SIGNALS; i++) {
		if (sigaction(ending_signals[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&awaited, ending_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &awaited, &mask_before);
}

/* Each target has its part of the time that is left. */
static uint64_t share(const struct work *work, size_t target)
{
	uint64_t now = clock_now();

	if (!work->deadline)
		return 0;
	if (work->deadline <= now)
		return now;
	return now + (work->deadline - now) / (work->count - target);
}

static int become(const struct work *work)
{
	if (parent_become(work->shape) < 0)
		return -1;
	return work->processor >= 0 ? parent_pin(work->processor) : 0;
}

static int measure_target(const struct work *work, size_t target, struct progress *progress)
{
	struct measurement m = {
		.shape = work->shape, .methods = work->methods, .target = &work->targets[target],
		.progress = progress, .deadline = share(work, target),
	};

	if (work->stalls)
		return stall_measure(&m, &work->stalls[target]);
	m.results = &work->results[target];
	return measure(&m);
}

static __attribute__((noreturn)) void do_work(const struct work *work, struct progress *progress,
					      pid_t supervisor)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(EXIT_FAILURE);
	setpgid(0, 0);
	sigdelset(&mask_before, SIGCHLD);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	if (become(work) < 0)
		exit(EXIT_FAILURE);
	__atomic_store_n(&progress->growing, 0, __ATOMIC_RELEASE);
	for (size_t i = 0; i < work->count; i++) {
		progress->target = (uint32_t)i;
		if (measure_target(work, i, progress) < 0)
			exit(EXIT_FAILURE);
	}
	exit(EXIT_SUCCESS);
}

/* The end of the process: 0, or -1 with a word about it unless it said one itself. */
static int judge(int status)
{
	if (WIFSIGNALED(status))
		say("the measuring process was killed by signal %d", WTERMSIG(status));
	return status == 0 ? 0 : -1;
}

/* When a launch last ended, as far as this side has seen. */
struct pulse {
	uint64_t launches, seen;
};

static int hangs(const struct work *work, const struct progress *progress, struct pulse *pulse)
{
	uint64_t launches = __atomic_load_n(&progress->launches, __ATOMIC_RELAXED);
	uint64_t now = clock_now();

	if (launches != pulse->launches ||
	    __atomic_load_n(&progress->growing, __ATOMIC_ACQUIRE)) {
		pulse->launches = launches;
		pulse->seen = now;
	}
	if (work->timeout == 0 || now - pulse->seen < work->timeout)
		return 0;
	ticker_clear();
	say("%s: %s: no launch ended for %.3g s: does it hang? (else --timeout)",
	    work->methods[progress->method]->name, NAMED(work->targets[progress->target].path),
	    (double)work->timeout / NANOSECONDS);
	return 1;
}

static uint64_t tick(const struct work *work)
{
	uint64_t length = work->ticker->shown ? TICK_SHOWN : TICK_SILENT;

	return work->timeout && work->timeout < length ? work->timeout : length;
}

/* What it leaves behind in its process group, an outside program it may be, ends with it. */
static int has_ended(pid_t pid, int options, int *ret_status)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | options) < 0 || info.si_pid != pid)
		return 0;
	kill(-pid, SIGKILL);
	return waitpid(pid, ret_status, 0) == pid;
}

static int supervise(const struct work *work, const struct progress *progress, pid_t pid)
{
	uint64_t length = tick(work);
	struct timespec time = {(time_t)(length / NANOSECONDS), (long)(length % NANOSECONDS)};
	struct pulse pulse = {0, clock_now()};
	int ending = 0, status;

	for (;;) {
		int signal_number = sigtimedwait(&awaited, NULL, &time);

		if (signal_number > 0 && signal_number != SIGCHLD)
			ending = signal_number;
		else if (signal_number < 0 && hangs(work, progress, &pulse))
			ending = -1;
		if (ending)
			kill(-pid, SIGKILL);
		if (has_ended(pid, ending ? 0 : WNOHANG, &status))
			return ending ? ending : judge(status);
		ticker_show(work->ticker, progress, work->methods[progress->method]->name);
	}
}

static int run(const struct work *work)
{
	struct progress *progress = progress_new();
	pid_t supervisor = getpid(), pid;
	int r;

	if (!progress) {
		say_errno(ENOMEM, "shared memory");
		return -1;
	}
	progress->growing = 1;
	/* What is buffered would be printed by both. */
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		do_work(work, progress, supervisor);
	if (pid < 0) {
		say_errno(errno, "fork");
		progress_free(progress);
		return -1;
	}
	/* On both sides: whichever comes first, the group is there when it is needed. */
	setpgid(pid, pid);
	r = supervise(work, progress, pid);
	ticker_clear();
	progress_free(progress);
	return r;
}

int worker_run(const struct work *work, struct conditions *ret_conditions)
{
	struct busy busy;
	int r;

	conditions_begin(&busy);
	r = run(work);
	conditions_end(&busy, ret_conditions);
	return r;
}

int worker_late_signal(void)
{
	static const struct timespec at_once;
	int signal_number;

	do
		signal_number = sigtimedwait(&awaited, NULL, &at_once);
	while (signal_number == SIGCHLD);
	return signal_number > 0 ? signal_number : 0;
}
