/* SPDX-License-Identifier: MIT */
#include "stops.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../look/process.h"
#include "crossing.h"
#include "entries.h"
#include "provenance.h"
#include "tasks.h"

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

void stops_take_end(struct trace *trace, pid_t tid)
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

void stops_take(struct trace *trace, pid_t tid, int stop)
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
