/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../look/process.h"
#include "../record/clock.h"
#include "common/message.h"
#include "crossing.h"
#include "entries.h"
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

static int is_stopping(int signal_number)
{
	return signal_number == SIGSTOP || signal_number == SIGTSTP || signal_number == SIGTTIN ||
	       signal_number == SIGTTOU;
}

/* A thread that was killed meanwhile can't be continued: its end comes next. */
static void go_on(const struct task *task, int signal_number)
{
	int steps = task->steps || task->making;

	ptrace(task->enters_handler ? PTRACE_SINGLESTEP : steps ? PTRACE_SYSCALL : PTRACE_CONT,
	       task->tid, 0, signal_number);
}

/*
 * Ends
 */

static void end_process(struct trace *trace, struct tracee *tracee)
{
	int status = tracee->status;
	int killed = WIFSIGNALED(status);

	window_end(tracee, killed ? OUTCOME_KILLED : OUTCOME_EXITED,
		   killed ? WTERMSIG(status) : WEXITSTATUS(status));
	if (tracee->pid == trace->pid)
		trace->status = status;
	if (tracee->is_asked_for)
		trace->ended = --trace->running == 0;
	tracee_remove(tracee);
}

static void end_task(struct trace *trace, struct task *task, int status)
{
	struct tracee *tracee = task->tracee;
	pid_t tid = task->tid;

	task_remove(task);
	if (tid == tracee->pid)
		tracee->status = status;
	if (--tracee->threads == 0)
		end_process(trace, tracee);
}

/*
 * Births
 */

/* A new thread or process is known, and it has been seen: off it goes. */
static void admit(struct trace *trace, struct task *task)
{
	if (task->state == TASK_ENDED_FIRST) {
		end_task(trace, task, task->status);
		return;
	}
	if (task->state != TASK_STOPPED_FIRST)
		return;
	task_set_state(task, TASK_RUNS);
	entries_admit(task);
	go_on(task, 0);
}

static void become_thread(struct task *task, struct tracee *tracee)
{
	task->tracee = tracee;
	tracee->threads++;
}

static void become_process(struct task *task, const struct task *creator,
			   const struct birth *birth)
{
	task->tracee = tracee_add(task->tid, creator ? creator->tracee : NULL);
	task->tracee->threads = 1;
	if (creator)
		provenance_birth(creator, task->tracee, birth->flags);
	task->steps = window_begin(creator, task->tracee, birth);
}

static void on_birth(struct trace *trace, struct task *creator, int event)
{
	unsigned long message = 0;
	struct birth birth;
	struct task *task;

	if (ptrace(PTRACE_GETEVENTMSG, creator->tid, 0, &message) < 0)
		return;
	birth_read(creator->tid, event, (pid_t)message, &birth);
	task = task_find((pid_t)message);
	if (!task)
		task = task_add((pid_t)message, TASK_TOLD_FIRST);
	if (task->tracee) {
		window_tell(task->tracee, creator, &birth);
		go_on(creator, 0);
		return;
	}
	if (birth.flags & CLONE_THREAD)
		become_thread(task, creator->tracee);
	else
		become_process(task, creator, &birth);
	entries_birth(creator, (birth.flags & CLONE_THREAD) ? NULL : task->tracee, birth.flags);
	admit(trace, task);
	go_on(creator, 0);
}

struct death {
	struct trace *trace;
	pid_t process;		/* that goes on with one thread; 0: it is gone */
};

/*
 * A process ended, or an exec ended its other threads, and this task waits for its
 * creator to tell of it: one of these may have been it. What /proc says must do
 * then. A thread that ends by itself has told of all that it made.
 */
static void adopt(struct task *task, void *context)
{
	static const struct birth unknown = {.flags = SIGCHLD};
	const struct death *death = context;
	struct process_status status;
	struct process process;
	struct tracee *owner;
	pid_t creator;

	if (task->state != TASK_STOPPED_FIRST || process_status(task->tid, 0, &status) < 0 ||
	    process_read(task->tid, &process) < 0)
		return;
	owner = status.group == task->tid ? NULL : tracee_find(status.group);
	creator = owner ? owner->pid : process.parent;
	if (creator != death->process && tracee_find(creator))
		return;
	if (owner)
		become_thread(task, owner);
	else
		become_process(task, NULL, &unknown);
	admit(death->trace, task);
}

static void on_end(struct trace *trace, pid_t tid)
{
	struct task *task = task_find(tid);
	struct death death = {.trace = trace};
	int status;

	if (waitpid(tid, &status, __WALL | WNOHANG) != tid)
		return;
	if (!task)
		task = task_add(tid, TASK_STOPPED_FIRST);
	if (task->tracee) {
		end_task(trace, task, status);
	} else {
		task->status = status;
		task_set_state(task, TASK_ENDED_FIRST);
	}
	if (tasks_waiting() > 0)
		tasks_visit(adopt, &death);
}

/*
 * Stops
 */

/* The kernel gives a program that is traced no privileges, unless the tracer has its own. */
static void note_privileges(struct trace *trace, struct tracee *tracee)
{
	const unsigned bits = S_ISUID | S_ISGID;
	const char *program = tracee_program(tracee);
	char path[32];
	struct stat file;

	if (trace->unprivileged || geteuid() == 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)tracee->pid);
	if (stat(path, &file) == 0 && file.st_mode & bits && file.st_uid != geteuid() && program)
		trace->unprivileged = strdup(program);
}

/*
 * exec by another thread than the first: it takes the first one's number, the
 * others are gone; and the kernel continues it only once its stop has been taken.
 */
static void on_exec(struct trace *trace, struct task *task, int event)
{
	struct tracee *tracee = task->tracee;
	struct death death = {trace, tracee->pid};
	int is_launch = tracee->window != NULL, status;

	(void)event;
	if (waitpid(task->tid, &status, __WALL | WNOHANG) < 0)
		return;
	tasks_keep_one(tracee, task);
	tracee->threads = 1;
	tracee->lost_threads = 0;
	tracee->generation++;
	trace->executed |= tracee->pid == trace->pid;
	tracee_forget_program(tracee);
	view_let_go(tracee->view);
	tracee->view = NULL;
	task->steps = 0;
	task->in_call = 0;
	provenance_exec(tracee);
	window_end(tracee, OUTCOME_EXECUTED, 0);
	trace->reexecuted += !is_launch && tracee->generation > 1;
	if (tasks_waiting() > 0)
		tasks_visit(adopt, &death);
	note_privileges(trace, tracee);
	if (!is_launch)
		crossing_look(tracee, NULL, trace->options);
	go_on(task, 0);
}

static void on_stop(struct trace *trace, struct task *task, int signal_number)
{
	(void)trace;
	if (is_stopping(signal_number))
		ptrace(PTRACE_LISTEN, task->tid, 0, 0);
	else
		go_on(task, 0);
}

static void on_call(struct task *task)
{
	if (task->tracee->window && task->steps && !(task->steps = window_call(task)))
		entries_give_up(task);
	/* it began at the filter, which comes after the stop for its beginning */
	if (task->making)
		provenance_made(task);
	go_on(task, 0);
}

static void on_filter(struct trace *trace, struct task *task, int event)
{
	(void)trace, (void)event;
	provenance_call(task);
	go_on(task, 0);
}

/* The first stop of a thread or process that its creator may not have told of yet. */
static void on_first_stop(struct trace *trace, struct task *task, pid_t tid, int stop)
{
	int status;

	/* it is to stay stopped: seen once is enough */
	if (waitpid(tid, &status, __WALL | WNOHANG) != tid)
		return;
	if (!task)
		task = task_add(tid, TASK_STOPPED_FIRST);
	else if (task->state == TASK_ENDED_FIRST)	/* the number has come round */
		task_set_state(task, TASK_STOPPED_FIRST);
	if (task->state != TASK_TOLD_FIRST)
		return;
	task_set_state(task, TASK_RUNS);
	entries_admit(task);
	on_stop(trace, task, stop & 0xff);
}

static void on_trap(struct trace *trace, pid_t tid, int stop)
{
	static const struct {
		int event;
		void (*take)(struct trace *trace, struct task *task, int event);
	} events[] = {
		{PTRACE_EVENT_FORK, on_birth}, {PTRACE_EVENT_VFORK, on_birth},
		{PTRACE_EVENT_CLONE, on_birth}, {PTRACE_EVENT_EXEC, on_exec},
		{PTRACE_EVENT_SECCOMP, on_filter},
	};
	struct task *task = task_find(tid);
	int signal_number = stop & 0xff, event = stop >> 8;

	if (!task || task->state != TASK_RUNS) {
		on_first_stop(trace, task, tid, stop);
		return;
	}
	if (event == PTRACE_EVENT_STOP) {
		on_stop(trace, task, signal_number);
		return;
	}
	for (size_t i = 0; event && i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i].event == event) {
			events[i].take(trace, task, event);
			return;
		}
	if (stop == CALL_STOP)
		on_call(task);
	else
		go_on(task, event ? 0 : entries_signal(task, signal_number));
}

/*
 * The loop
 */

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
			on_trap(trace, event.si_pid, event.si_status);
		else if (r > 0)
			on_end(trace, event.si_pid);
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
