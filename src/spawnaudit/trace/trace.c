/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../record/clock.h"
#include "common/message.h"
#include "entries.h"
#include "given.h"
#include "provenance.h"
#include "races.h"
#include "start.h"
#include "tasks.h"

/* When the program has ended, children on their way to exec are waited for so long, in ns */
#define LINGER 1000000000

/* So long after an event the next one is asked for without sleeping, in ns */
#define AWAKE 2000000

/* They may follow one another without end: so many, and signals to us are looked at */
#define EVENTS_IN_A_ROW 64

/* A signal of the terminal's reaches the command itself; what somebody sent us is for it. */
static void on_signal(struct trace *trace, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD)
		return;
	if (trace->options->mode == MODE_ATTACH || trace->ended)
		trace->interrupted = 1;
	else if (info->si_code <= 0)
		kill(trace->pid, info->si_signo);
}

static int is_over(const struct trace *trace, int64_t *ended_at)
{
	if (trace->interrupted)
		return 1;
	/* following, it's over when nothing is left to trace */
	if (!trace->ended || trace->options->follow)
		return 0;
	if (*ended_at == 0)
		*ended_at = now_ns();
	return windows_open() == 0 || now_ns() - *ended_at > LINGER;
}

/*
 * The next stop or end is looked at without taking it: a signal on its way to a
 * thread isn't lost if we are killed before we could pass it on. 0: none yet;
 * -ECHILD: nothing is left to trace.
 */
static int next_event(siginfo_t *event)
{
	event->si_pid = 0;
	if (waitid(P_ALL, 0, event, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) < 0)
		return -errno;
	return event->si_pid != 0;
}

static long count_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

/*
 * To be woken takes longer than what there is to do, in virtual machines most of all,
 * and the program waits meanwhile. Where it leaves processors idle, we keep one.
 */
static int stays_awake(int64_t event_at, long processors)
{
	return tasks_active() < processors && now_ns() - event_at < AWAKE &&
	       sched_yield() == 0;
}

static void take_signal(struct trace *trace, const struct timespec *within)
{
	siginfo_t info;
	sigset_t signals;

	signals_fill(&signals);
	if (sigtimedwait(&signals, &info, within) > 0)
		on_signal(trace, &info);
}

static void follow(struct trace *trace)
{
	/* not for ever: a process may be made so that its end raises no SIGCHLD */
	const struct timespec tick = {0, 100000000}, none = {0, 0};
	long processors = count_processors();
	int64_t ended_at = 0, event_at = 0, look_at = 0;
	unsigned in_a_row = 0;
	siginfo_t event;
	int r;

	while (!is_over(trace, &ended_at)) {
		r = next_event(&event);
		if (r < 0 && r != -EINTR)
			return;
		if (r > 0 && event.si_code == CLD_TRAPPED)
			stops_take(trace, event.si_pid, event.si_status);
		else if (r > 0)
			stops_take_end(trace, event.si_pid);
		if (r > 0)
			event_at = now_ns();
		if (now_ns() >= look_at) {
			windows_look();
			look_at = now_ns() + tick.tv_nsec;
		}
		if (r > 0 && ++in_a_row < EVENTS_IN_A_ROW)
			continue;
		in_a_row = 0;
		take_signal(trace, r > 0 || stays_awake(event_at, processors) ? &none : &tick);
	}
}

static void leave(struct tracee *tracee, void *context)
{
	struct trace *trace = context;

	trace->left++;
	window_end(tracee, OUTCOME_LEFT, 0);
	entries_leave(tracee);
}

static void forget(struct tracee *tracee, void *context)
{
	(void)context;
	tracee_remove(tracee);
}

static void forget_task(struct task *task, void *context)
{
	(void)context;
	task_remove(task);
}

static int begin_process(struct trace *trace, pid_t pid)
{
	struct tracee *tracee;

	if (tracee_find(pid))
		return 0;
	tracee = tracee_add(pid, NULL);
	tracee->is_asked_for = 1;
	if (trace->options->mode == MODE_ATTACH)
		tracee->given = given_guess(pid);
	trace->running++;
	if (trace->options->provenance)
		provenance_begin(tracee, trace->options);
	return start_process(tracee, trace->options->provenance != 0);
}

static int begin(struct trace *trace)
{
	const struct options *options = trace->options;
	int r = 0;

	if (options->mode == MODE_COMMAND)
		r = begin_process(trace, trace->pid);
	for (size_t i = 0; r == 0 && options->mode == MODE_ATTACH && i < options->pid_count; i++)
		r = begin_process(trace, options->pids[i]);
	if (r == 0 && options->mode == MODE_ATTACH)
		start_descendants();
	if (trace->start_fd < 0)
		return r;
	/* where nobody reads, it was killed: its end comes next */
	if (r == 0 && write(trace->start_fd, "", 1) < 0 && errno != EPIPE)
		r = -errno;
	close(trace->start_fd);
	return r;
}

static void *run(void *context)
{
	struct trace *trace = context;

	windows_setup(trace->options, trace->take);
	entries_setup(trace->options);
	trace->failure = begin(trace);
	if (trace->failure == 0) {
		follow(trace);
		tracees_visit(leave, trace);
	}
	tasks_visit(forget_task, NULL);
	tracees_visit(forget, NULL);
	races_tell(trace->take_race);
	return NULL;
}

void trace_run(struct trace *trace)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run, trace);

	if (err)
		die_errno(EXIT_TROUBLE, err, "thread");
	pthread_join(thread, NULL);
}
