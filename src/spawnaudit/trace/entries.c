/* SPDX-License-Identifier: MIT */
#include "entries.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../look/process.h"
#include "../look/snapshot.h"
#include "../record/calls.h"
#include "../record/clock.h"
#include "../record/functions.h"
#include "../record/safe.h"
#include "breakpoints.h"
#include "common/message.h"
#include "launchers.h"
#include "start.h"

/* ns; a child that got so far is a worker, and not one of a busy machine */
#define LONG 10000000000

#define FUNCTIONS_MAX 10000	/* of one child */

/* Of a place's children that live beside each other, so many are looked at */
#define BESIDE 4

#define TRAP_BIT (UINT64_C(1) << (SIGTRAP - 1))

/* Since Linux 3.11; libc has them under names that differ between versions */
#define GET_MASK 0x420a
#define SET_MASK 0x420b

struct watch {
	struct breakpoints *planted;	/* NULL: the text is its own */
	struct breakpoints *inherited;	/* of the process that it is a copy of */
	struct launcher *launcher;
	/*
	 * The kernel unblocks SIGTRAP and forgets its handler when a breakpoint is met
	 * while it is blocked. So it isn't while the child's own code runs; in the
	 * kernel it is, as the child wants it.
	 */
	int is_blocked;		/* as the child wants it */
	int is_veiled;		/* and we have unblocked it */
	int has_call_mask;	/* the call that it is in has one of its own */
	int has_met_libc;	/* it is a file of its own */
	int has_returned;	/* from fork */
	uint64_t blamed_sp, blamed_back;	/* of the first function to be blamed */
	uint64_t handler_sp;	/* of a handler of fork's that isn't libc's; 0: none */
};

static enum functions_mode mode;

void entries_setup(const struct options *options)
{
	mode = breakpoints_are_known() ? options->functions : FUNCTIONS_NONE;
}

void entries_free(void)
{
	launchers_forget();
	starts_forget();
}

static struct watch *watch_of(struct tracee *tracee)
{
	if (!tracee->watch && !(tracee->watch = calloc(1, sizeof(*tracee->watch))))
		die(EXIT_TROUBLE, "no memory for another process");
	return tracee->watch;
}

static void forget(struct tracee *tracee)
{
	if (!tracee->watch)
		return;
	breakpoints_let_go(tracee->watch->planted);
	breakpoints_let_go(tracee->watch->inherited);
	if (tracee->watch->launcher)
		tracee->watch->launcher->users--;
	free(tracee->watch);
	tracee->watch = NULL;
}

/*
 * The mask
 */

static void veil(struct task *task)
{
	struct watch *watch = task->tracee->watch;
	uint64_t mask = 0;	/* valgrind knows nothing of that request */

	if (watch->is_veiled || ptrace(GET_MASK, task->tid, sizeof(mask), &mask) < 0)
		return;
	watch->is_blocked = (mask & TRAP_BIT) != 0;
	mask &= ~TRAP_BIT;
	if (watch->is_blocked && ptrace(SET_MASK, task->tid, sizeof(mask), &mask) == 0)
		watch->is_veiled = 1;
}

static void unveil(struct task *task)
{
	struct watch *watch = task->tracee->watch;
	uint64_t mask = 0;

	if (!watch->is_veiled || ptrace(GET_MASK, task->tid, sizeof(mask), &mask) < 0)
		return;
	mask |= TRAP_BIT;
	ptrace(SET_MASK, task->tid, sizeof(mask), &mask);
	watch->is_veiled = 0;
}

/* These leave it in force until the handler of what interrupts them begins. */
static int has_mask(long call)
{
	static const long calls[] = {
		SYS_rt_sigsuspend, SYS_pselect6, SYS_ppoll, SYS_epoll_pwait,
#ifdef SYS_epoll_pwait2
		SYS_epoll_pwait2,
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == call)
			return 1;
	return 0;
}

/*
 * Begin and end
 */

/* The task is stopped. */
static void put_back(struct task *task)
{
	struct watch *watch = task->tracee->watch;

	if (!watch || !watch->planted)
		return;
	breakpoints_remove(watch->planted, task->tid);
	breakpoints_let_go(watch->planted);
	watch->planted = NULL;
	unveil(task);
	start_options(task->tid, 0);
}

void entries_give_up(struct task *task)
{
	struct launch *launch = task->tracee->window;

	if (!task->tracee->watch || !task->tracee->watch->planted)
		return;
	put_back(task);
	if (launch && launch->functions)
		launch->functions->is_complete = 0;
}

/* The kernel would forget that it is ignored. */
static int ignores_traps(pid_t pid)
{
	struct process_status status;

	return process_status(pid, 0, &status) < 0 || status.ignored & TRAP_BIT;
}

static void begin(struct task *task, struct launch *launch)
{
	struct watch *watch = watch_of(task->tracee);

	if (mode == FUNCTIONS_FIRST) {
		watch->launcher = launchers_find(launch);
		if (!watch->launcher)
			return;
		watch->launcher->users++;
		if (watch->launcher->functions) {
			launch->functions = functions_share(watch->launcher->functions);
			launch->are_firsts = 1;
			return;
		}
		/* a pool isn't to end with us, nor to have all its text twice */
		if (watch->launcher->users > BESIDE)
			return;
	}
	if (ignores_traps(task->tid))
		return;
	/* from before the first is written until the last is gone: it can't live with them alone */
	start_options(task->tid, PTRACE_O_EXITKILL);
	watch->planted = breakpoints_plant(task->tid);
	if (!watch->planted) {
		start_options(task->tid, 0);
		return;
	}
	veil(task);
	launch->functions = functions_new();
	launch->functions->is_complete = breakpoints_are_whole(watch->planted);
}

void entries_birth(struct task *creator, struct tracee *child, uint64_t flags)
{
	struct watch *watch = creator->tracee->watch;

	if (!watch || !watch->planted)
		return;
	/* who shares its memory would meet what isn't its own */
	if (flags & CLONE_VM)
		entries_give_up(creator);
	else if (child)
		watch_of(child)->inherited = breakpoints_share(watch->planted);
}

void entries_admit(struct task *task)
{
	struct tracee *tracee = task->tracee;
	struct launch *launch = tracee->window;
	struct watch *watch = tracee->watch;

	if (mode == FUNCTIONS_NONE)
		return;
	if (watch && watch->inherited) {
		breakpoints_remove(watch->inherited, task->tid);
		breakpoints_let_go(watch->inherited);
		watch->inherited = NULL;
	}
	/* a new task has its creator's */
	start_options(task->tid, 0);
	if (task->tid == tracee->pid && launch && launch->thread && !launch->foreign &&
	    launch_is_hazardous(launch))
		begin(task, launch);
}

void entries_end(struct tracee *tracee, enum outcome outcome)
{
	struct watch *watch = tracee->watch;
	struct launch *launch = tracee->window;

	if (!watch)
		return;
	if (watch->planted && outcome == OUTCOME_EXECUTED)
		start_options(tracee->pid, 0);
	if (launch && launch->functions && !launch->are_firsts) {
		launch->functions->work = launch->work;
		/* linked into the program, its functions look like the program's own */
		if (!watch->has_met_libc)
			launch->functions->is_complete = 0;
		/* one that was killed may have been about to do more */
		if (watch->launcher && !watch->launcher->functions && outcome != OUTCOME_KILLED)
			watch->launcher->functions = functions_share(launch->functions);
	}
	if (outcome != OUTCOME_LEFT)
		forget(tracee);
}

/*
 * What is met
 */

static struct function_name name_of(const struct spot *spot)
{
	struct function_name name = {0};

	if (spot->file) {
		name.module = spot->file->path;
		name.offset = spot->function ? spot->function->offset : spot->offset;
		name.name = spot->function ? spot->function->name : NULL;
	}
	return name;
}

static int is_libc(const struct spot *spot)
{
	return spot->file && spot->file->is_libc;
}

/* What is seldom done lies apart, and is jumped to: no caller is where one would be. */
static int is_part_of_libc(const struct spot *spot)
{
	return is_libc(spot) && !(spot->function && spot->function->is_exported);
}

/* clone() calls its function itself */
static int is_clone(const struct spot *spot)
{
	const char *name = spot->function ? spot->function->name : NULL;

	return name && strstr(name, "clone") != NULL;
}

/*
 * Before fork has returned to who called it: libc's own, and what was registered by
 * pthread_atfork(3) and all below that, which lies deeper on the stack.
 */
static int is_forks(struct watch *watch, const struct hit *hit)
{
	if (watch->has_returned)
		return 0;
	if (hit->sp < watch->handler_sp)
		return 1;
	watch->handler_sp = 0;
	if (!is_libc(&hit->caller) && (hit->caller.file || !is_part_of_libc(&hit->at))) {
		watch->has_returned = 1;
		return 0;
	}
	if (is_libc(&hit->at))
		return 1;
	if (is_clone(&hit->caller)) {
		watch->has_returned = 1;
		return 0;
	}
	/* when it has returned, what lies deeper may be of the child's own */
	watch->handler_sp = hit->sp;
	breakpoints_await(watch->planted, hit->back);
	return 1;
}

/* Of what isn't libc's. What libc allocates for itself counts as the function that did. */
static int is_unsafe(const struct hit *hit)
{
	return function_enters_runtime(hit->at.function->name) ||
	       (hit->at.function->is_allocator && !is_libc(&hit->caller));
}

static enum function_kind kind_of(struct watch *watch, const struct hit *hit)
{
	const struct start *function = hit->at.function;

	if (is_forks(watch, hit))
		return FUNCTION_FORKS;
	if (!is_libc(&hit->at))
		return is_unsafe(hit) ? FUNCTION_UNSAFE : FUNCTION_OWN;
	/* what has no name for others is a way that libc took to what has */
	if (is_libc(&hit->caller) || !function->is_exported)
		return FUNCTION_INSIDE;
	return function->is_safe ? FUNCTION_SAFE : FUNCTION_UNSAFE;
}

/* What it does is the reason, and no call before it. */
static void blame(struct task *task, const struct hit *hit)
{
	struct watch *watch = task->tracee->watch;
	struct launch *launch = task->tracee->window;

	watch->blamed_sp = hit->sp;
	watch->blamed_back = hit->back;
	free(launch->reason.text);
	launch->reason.text = NULL;
	snapshot_free(launch->reason_snapshot);
	launch->reason_snapshot = snapshot_standing(task->tid);
}

int entries_explain(const struct task *task, const struct registers *entry)
{
	const struct watch *watch = task->tracee->watch;
	uint64_t back = 0;

	if (!watch || !watch->blamed_sp)
		return 1;
	machine_read(task->tid, watch->blamed_sp, &back, sizeof(back));
	return entry->sp <= watch->blamed_sp && back == watch->blamed_back;
}

static void note(struct task *task, const struct hit *hit)
{
	struct launch *launch = task->tracee->window;
	struct function function = {
		.is = name_of(&hit->at),
		.caller = name_of(&hit->caller),
		.kind = kind_of(task->tracee->watch, hit),
	};

	if (!launch || !launch->functions)
		return;
	task->tracee->watch->has_met_libc |= is_libc(&hit->at);
	functions_add(launch->functions, &function);
	if (function.kind == FUNCTION_UNSAFE && launch->functions->unsafe_count == 1)
		blame(task, hit);
	if (launch->functions->count == FUNCTIONS_MAX || now_ns() - launch->born > LONG)
		entries_give_up(task);
}

static void note_return(struct task *task, const struct hit *hit)
{
	struct watch *watch = task->tracee->watch;

	if (hit->sp > watch->handler_sp)
		watch->handler_sp = 0;
	else
		/* the handler forked: where it returns itself isn't awaited any more */
		entries_give_up(task);
}

/* A signal of the child's own. */
static void deliver(struct task *task, int signal_number)
{
	const uint64_t bit = UINT64_C(1) << (signal_number - 1);
	struct process_status status;

	/* one that it blocks waits on: to unblock it would bring it again */
	if (signal_number == SIGTRAP && task->tracee->watch->is_veiled) {
		entries_give_up(task);
		return;
	}
	if (process_status(task->tid, 0, &status) < 0 || !(status.caught & bit)) {
		veil(task);
		return;
	}
	/* the handler's frame keeps the mask that the child wants, and it begins with another */
	unveil(task);
	task->enters_handler = 1;
}

int entries_signal(struct task *task, int signal_number)
{
	struct watch *watch = task->tracee->watch;
	int was_entering = task->enters_handler, own = 0;
	struct hit hit;

	task->enters_handler = 0;
	if (was_entering && signal_number == SIGTRAP) {
		if (watch && watch->planted)
			veil(task);
		return 0;
	}
	if (!watch || !watch->planted)
		return signal_number;
	if (signal_number == SIGTRAP && breakpoints_take(watch->planted, task->tid, &hit, &own)) {
		if (hit.is_return)
			note_return(task, &hit);
		else
			note(task, &hit);
		if (!own)
			return 0;
	}
	deliver(task, signal_number);
	return signal_number;
}

void entries_call(struct task *task, const struct registers *entry)
{
	struct watch *watch = task->tracee->watch;
	const struct launch *launch = task->tracee->window;
	uint64_t handler = 0;

	if (!watch || !watch->planted)
		return;
	unveil(task);
	watch->has_call_mask = !entry->foreign && has_mask(entry->call);
	if (entry->call == SYS_rt_sigaction && entry->arguments[0] == SIGTRAP &&
	    entry->arguments[1] != 0)
		machine_read(task->tid, entry->arguments[1], &handler, sizeof(handler));
	/* a child that isn't traced would have them alone */
	if (entry->foreign || handler == (uintptr_t)SIG_IGN || !launch ||
	    call_clone_flags(task->tid, entry) & CLONE_UNTRACED || now_ns() - launch->born > LONG)
		entries_give_up(task);
}

void entries_return(struct task *task, int interrupted)
{
	struct watch *watch = task->tracee->watch;

	if (!watch || !watch->planted)
		return;
	/* before there is a copy of it in which nobody puts the text back */
	if (!breakpoints_can_be_reached(watch->planted))
		entries_give_up(task);
	/* to set a mask would end that of the call */
	else if (!interrupted || !watch->has_call_mask)
		veil(task);
}

/*
 * Leaving
 */

/* 1: the thread stands still, and *ret_signal is what it has got. */
static int stop(pid_t tid, int *ret_signal)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0)
		return 0;
	for (int waited = 0; waited < 2000; waited++) {
		pid_t got = waitpid(tid, &status, WNOHANG | __WALL);

		if (got == tid && WIFSTOPPED(status)) {
			*ret_signal = status >> 16 ? 0 : WSTOPSIG(status) & 0x7f;
			if (WSTOPSIG(status) & 0x80)
				*ret_signal = 0;
			return 1;
		}
		if (got != 0)
			return 0;
		usleep(1000);
	}
	return 0;
}

void entries_leave(struct tracee *tracee)
{
	struct watch *watch = tracee->watch;
	struct task *task = task_find(tracee->pid);
	int signal_number;

	if (watch && task && (watch->planted || watch->inherited) &&
	    stop(task->tid, &signal_number)) {
		if (watch->inherited)
			breakpoints_remove(watch->inherited, task->tid);
		signal_number = signal_number ? entries_signal(task, signal_number) : 0;
		entries_give_up(task);
		ptrace(PTRACE_DETACH, task->tid, 0, signal_number);
	}
	forget(tracee);
}
