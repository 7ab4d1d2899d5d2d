/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "../look/process.h"
#include "../look/runtimes.h"
#include "../record/call_text.h"
#include "../record/calls.h"
#include "../record/clock.h"
#include "../record/judgement.h"
#include "../record/tally.h"
#include "arch/arch.h"
#include "common/message.h"
#include "crossing.h"
#include "entries.h"
#include "given.h"
#include "hanging.h"
#include "learning.h"
#include "provenance.h"


/* Who is about to execute a program makes fewer; its parent may not live for long */
#define MANY_CALLS 24

static const struct options *options;
static window_taker *take_launch;
static size_t open_count;

void windows_setup(const struct options *all_options, window_taker *take)
{
	options = all_options;
	take_launch = take;
}

size_t windows_open(void)
{
	return open_count;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/*
 * What the event and /proc tell where the call can't be read. The event of clone is that
 * of an exit signal other than SIGCHLD: of a thread, for the most part.
 */
static uint64_t flags_without_call(int event, pid_t made)
{
	struct process_status status;

	if (event == PTRACE_EVENT_VFORK)
		return CLONE_VM | CLONE_VFORK | SIGCHLD;
	if (event != PTRACE_EVENT_CLONE)
		return SIGCHLD;
	if (process_status(made, 0, &status) == 0 && status.group == made)
		return 0;
	return CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
}

void birth_read(pid_t creator, int event, pid_t made, struct birth *ret)
{
	uint64_t words[6] = {0};	/* of struct clone_args: flags, ..., exit_signal, stack */
	const struct registers *registers = &ret->creator;

	*ret = (struct birth){0};
	machine_registers(creator, &ret->creator);
	if (registers->call == SYS_clone3 && machine_read(creator, registers->arguments[0], words,
							  sizeof(words)) == sizeof(words)) {
		ret->flags = words[0] | words[4];
		ret->has_stack = words[5] != 0;
	} else if (registers->call == (registers->foreign ? FOREIGN_CLONE : SYS_clone)) {
		ret->flags = registers->arguments[0];
		ret->has_stack = registers->arguments[1] != 0;
	} else {
		ret->flags = flags_without_call(event, made);
		/* vfork calls another */
		ret->has_stack = registers->call == SYS_clone3 && ret->flags & CLONE_VFORK;
	}
}

static void describe_creator(struct launch *launch, const struct task *creator)
{
	struct tracee *parent = creator->tracee;

	launch->parent = parent->pid;
	launch->thread = creator->tid;
	launch->generation = parent->generation;
	launch->threads = tracee_living_threads(parent, creator);
	launch->lost_threads = parent->lost_threads;
	launch->program = copy(tracee_program(parent));
	launch->script = copy(parent->script);
}

void window_tell(struct tracee *child, const struct task *creator, const struct birth *birth)
{
	struct launch *launch = child->window;

	if (!launch || launch->thread)
		return;
	launch_was_made_by(launch, birth->flags, birth->has_stack);
	if (creator) {
		describe_creator(launch, creator);
		tracee_copy_program(child, creator->tracee);
		launch->snapshot = snapshot_take(creator->tid, &birth->creator);
		launch->foreign = birth->creator.foreign;
		launch->is_unreadable = launch->snapshot && launch->snapshot->size == 0;
	}
	given_let_go(child->given);
	child->given = creator ? given_share(creator->tracee->given) : NULL;
	if (!launch->shares_memory)
		child->lost_threads = launch->threads > 1 ? launch->threads : launch->lost_threads;
}

int window_begin(const struct task *creator, struct tracee *child, const struct birth *birth)
{
	struct launch *launch = launch_new();

	launch->born = now_ns();
	launch->child = child->pid;
	child->window = launch;
	open_count++;
	window_tell(child, creator, birth);
	crossing_birth(child);
	launch->recorded = options->all_calls || launch_is_hazardous(launch) ||
			   learning_wants(launch);
	return launch->recorded;
}

/*
 * Calls
 */

static char *list_runtimes(pid_t pid)
{
	struct runtimes runtimes;
	char text[256] = "";
	size_t length = 0;

	if (runtimes_find(pid, &runtimes) < 0)
		return NULL;
	for (size_t i = 0; i < runtimes.count && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
					   i ? ", " : "", runtimes.list[i].name);
	runtimes_clear(&runtimes);
	return length ? copy(text) : NULL;
}

/*
 * Place, runtimes and name, while the parent is there to be read: for a copy of a
 * process with threads as soon as it does something that it shouldn't.
 */
static void locate(struct launch *launch)
{
	struct tracee *parent = tracee_find(launch->parent);
	struct process process;

	if (launch->located)
		return;
	launch->located = 1;
	if (process_read_thread(launch->parent, launch->thread, &process) == 0)
		memcpy(launch->thread_name, process.name, sizeof(launch->thread_name));
	if (!parent || parent->generation != launch->generation)
		return;
	launch->place = place_find(launch->snapshot, parent->pid, &parent->view);
	launch->runtimes = list_runtimes(process_living(parent->pid));
}

static void take_pictures(const struct task *task, const struct registers *entry)
{
	struct launch *launch = task->tracee->window;

	snapshot_free(launch->wait_snapshot);
	launch->wait_snapshot = NULL;
	if (!launch_is_hazardous(launch))
		return;
	if (launch->is_reason && !launch->reason_snapshot)
		launch->reason_snapshot = snapshot_standing(task->tid);
	if (call_is_wait(entry))
		launch->wait_snapshot = snapshot_standing(task->tid);
}

static void begin_call(struct task *task, const struct registers *entry)
{
	struct launch *launch = task->tracee->window;
	unsigned work = call_work(task->tid, entry);

	free(launch->current.text);
	launch->current = (struct call){
		.text = call_text(task->tid, entry),
		.begun = now_ns() - launch->born,
	};
	if (!launch->current.text)
		die(EXIT_TROUBLE, "no memory for another call");
	launch->call_count++;
	launch->is_reason = work && !launch->reason.text && entries_explain(task, entry);
	launch->work |= work;
	launch->closes_rest |= call_closes_rest(entry);
	hanging_enter(task, entry);
	take_pictures(task, entry);
	if (launch_is_hazardous(launch) && (launch->work || launch->call_count == MANY_CALLS))
		locate(launch);
	if (!entry->foreign && call_is_exec(entry->call)) {
		free(launch->exec_file);
		launch->exec_file = call_executed_file(task->tid, entry);
	}
}

static void note_exec_failure(struct launch *launch)
{
	free(launch->exec_failure);
	if (asprintf(&launch->exec_failure, "%s: %s", launch->exec_file,
		     strerror((int)-launch->current.result)) < 0)
		launch->exec_failure = NULL;
}

/* ERESTARTSYS and its like, which only tracers see */
static int is_restarted(int64_t result)
{
	return result <= -512 && result >= -516;
}

static void finish_call(struct launch *launch, int returned, int64_t result)
{
	launch->current.took = now_ns() - launch->born - launch->current.begun;
	launch->current.interrupted = returned && is_restarted(result);
	launch->current.returned = returned && !launch->current.interrupted;
	launch->current.result = result;
	hanging_leave(launch, launch->current.returned);
	launch_store_call(launch);
	if (launch->is_reason) {
		launch->reason = launch->current;
		launch->reason.text = copy(launch->current.text);
	}
	launch->is_reason = 0;
	if (launch->current.returned && launch->exec_file)
		note_exec_failure(launch);
	free(launch->exec_file);
	launch->exec_file = NULL;
}

int window_call(struct task *task)
{
	struct launch *launch = task->tracee->window;
	struct registers registers;
	int64_t result;

	switch (machine_call_stop(task->tid, task->in_call, &registers)) {
	case CALL_ENTRY:
		task->in_call = 1;
		entries_call(task, &registers);
		begin_call(task, &registers);
		break;
	case CALL_EXIT:
		/* the end of the clone that made it comes without a beginning */
		if (task->in_call) {
			result = (int64_t)registers.result;
			entries_return(task, is_restarted(result) || result == -EINTR);
			finish_call(launch, 1, result);
		}
		task->in_call = 0;
		break;
	case CALL_NONE:
		break;
	}
	if (launch->call_count < LAUNCH_CALLS_TRACED)
		return 1;
	/* where it waits from here on isn't seen */
	snapshot_free(launch->wait_snapshot);
	launch->wait_snapshot = NULL;
	return 0;
}

static void look(struct tracee *tracee, void *context)
{
	const struct launch *launch = tracee->window;
	const int64_t *now = context;

	if (!launch)
		return;
	hanging_look(tracee, *now - launch->born, 0);
	hanging_look_at_caller(tracee, *now - launch->born);
	/* its parent may end before it does */
	if (launch->hang.reason || launch->held_by)
		locate(tracee->window);
}

void windows_look(void)
{
	int64_t now = now_ns();

	if (open_count > 0)
		tracees_visit(look, &now);
}

/*
 * The end
 */

/* The call in which it was found, after it had stopped at its calls no more */
static void show_hang(struct launch *launch)
{
	free(launch->current.text);
	launch->current = (struct call){
		.text = copy(launch->hang.text),
		.begun = launch->hang.since,
	};
	launch->call_count++;
}

/* It was a copy of its parent: what its own stack ends in and its files are there as well. */
static void locate_child(struct launch *launch, struct tracee *parent)
{
	int is_stuck = (launch->findings & FINDING_BIT(FINDING_STUCK)) != 0;

	if (parent && parent->generation == launch->generation)
		launch->child_place = place_find(is_stuck ? launch->wait_snapshot
						 : launch->reason_snapshot,
						 parent->pid, &parent->view);
}

static void forget_snapshots(struct launch *launch)
{
	struct snapshot **const all[] = {
		&launch->snapshot, &launch->reason_snapshot, &launch->wait_snapshot,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct snapshot **snapshot = all[i];

		snapshot_free(*snapshot);
		*snapshot = NULL;
	}
}

void window_end(struct tracee *tracee, enum outcome outcome, int status)
{
	struct launch *launch = tracee->window;
	struct tracee *parent;

	if (!launch)
		return;
	parent = tracee_find(launch->parent);
	launch->outcome = outcome;
	launch->status = status;
	launch->lasted = now_ns() - launch->born;
	if (outcome == OUTCOME_LEFT) {
		hanging_look(tracee, launch->lasted, 1);
		hanging_look_at_caller(tracee, launch->lasted);
	}
	entries_end(tracee, outcome);
	tracee->window = NULL;
	open_count--;
	if (launch->hang.reason && launch->current.returned)
		show_hang(launch);
	if (launch->current.text && !launch->current.returned && !launch->current.interrupted)
		finish_call(launch, 0, 0);
	if (outcome == OUTCOME_EXECUTED)
		crossing_look(tracee, launch, options);
	given_let_go(tracee->inherited);
	tracee->inherited = NULL;
	provenance_tell(tracee, launch);
	launch->findings = launch_judge(launch);
	learning_note(launch);
	/* it waits for us: its name is asked for only where it is told */
	if (outcome == OUTCOME_EXECUTED &&
	    (launch->findings || launch->passed_count || options->json || options->verbose)) {
		launch->executed = copy(tracee_program(tracee));
		launch->executed_script = copy(tracee->script);
	}
	if (launch->findings || (launch->recorded && options->json))
		locate(launch);
	if (!tally_knows(launch))
		locate_child(launch, parent);
	forget_snapshots(launch);
	take_launch(launch);
}
