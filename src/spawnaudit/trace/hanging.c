/* SPDX-License-Identifier: MIT */
#include "hanging.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "../hang/spin.h"
#include "../hang/suspect.h"
#include "../hang/verdict.h"
#include "../look/process.h"
#include "../record/call_text.h"
#include "../record/calls.h"

/* ns; between two looks, and then a part of the child's age */
#define LOOK_FIRST 100000000
#define LOOK_PART 4

/* So many calls in a row that give way; a look sees one of many */
#define YIELDS 64
#define YIELDS_A_LOOK 16

static int is_copy(const struct launch *launch)
{
	return launch_is_hazardous(launch) && !launch->foreign;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void note_longest(struct hang *hang, int64_t now)
{
	if (!hang->reason || (hang->call && now - hang->since <= hang->longest))
		return;
	hang->longest = now - hang->since;
	hang->said = hang->reason;
	free(hang->call);
	hang->call = copy(hang->text);
}

/* It goes on: if it was said that nobody is left to wake it, somebody did. */
static void note_progress(struct hang *hang)
{
	if (hang->said != &reason_words[REASON_NOBODY_LEFT])
		return;
	hang->longest = 0;
	hang->said = NULL;
	free(hang->call);
	hang->call = NULL;
}

static void set(struct hang *hang, const struct reason_words *reason, const char *text,
		int64_t now)
{
	if (!hang->reason && !(hang->tried && hang->since))
		hang->since = now;
	hang->reason = reason;
	if (!text)
		return;
	free(hang->text);
	hang->text = copy(text);
}

/*
 * What it has waited for with a limit before, when its owner is gone, it tries again:
 * by another call, or by one that it began since.
 */
static void compare(struct hang *hang, struct suspect *suspect, int64_t now, int is_other_call)
{
	uint64_t tried = 0;

	for (size_t i = 0; i < suspect->waiter_count; i++) {
		struct waiter *waiter = &suspect->waiters[i];

		if (!waiter_lacks_owner(waiter) || !waiter->futex.has_limit)
			continue;
		waiter->tries = hang->tried == waiter->futex.address &&
				(is_other_call || hang->switches != waiter->switches);
		if (hang->tried != waiter->futex.address) {
			hang->reason = NULL;
			hang->since = now;
		}
		tried = waiter->futex.address;
		hang->switches = waiter->switches;
		break;
	}
	if (tried || is_other_call)
		hang->tried = tried;
}

/*
 * stopped: by us, at the beginning of a call: it is as if it waited in it already.
 * text: the call; NULL: the same as before, or none
 */
static void judge(const struct tracee *tracee, struct suspect *suspect, pid_t stopped,
		  const char *text, int64_t now)
{
	struct hang *hang = &tracee->window->hang;
	const struct waiter *waiter;
	enum reason reason;

	suspect->had_threads = 1;
	for (size_t i = 0; stopped && i < suspect->waiter_count; i++)
		if (suspect->waiters[i].tid == stopped) {
			suspect->waiters[i].state = 'S';
			suspect->waiters[i].ran = 0;
		}
	compare(hang, suspect, now, stopped != 0);
	if (suspect->waiter_count == 1)
		suspect->waiters[0].spins = hang->yields >= YIELDS;
	reason = verdict_find(suspect, &waiter);
	if (reason == REASON_STOPPED)
		return;
	if (reason_words[reason].verdict == VERDICT_STUCK) {
		set(hang, &reason_words[reason], text, now);
	} else {
		hang->reason = NULL;
		note_progress(hang);
	}
}

/* By a call that a runtime makes which always has threads, and not the program. */
static int gives_way(const struct suspect *suspect, const struct process_call *call)
{
	return suspect->waiter_count == 1 &&
	       spin_gives_way(suspect->living, call, &suspect->runtimes);
}

static int may_give_way(long number)
{
	return number == SYS_sched_yield || number == SYS_nanosleep ||
	       number == SYS_clock_nanosleep;
}

static struct process_call call_of(const struct registers *registers)
{
	struct process_call call = {
		.number = registers->call, .stack = registers->sp, .pc = registers->pc,
	};

	for (int i = 0; i < 6; i++)
		call.arguments[i] = registers->arguments[i];
	return call;
}

void hanging_enter(const struct task *task, const struct registers *entry)
{
	struct launch *launch = task->tracee->window;
	struct hang *hang = &launch->hang;
	struct process_call call = call_of(entry);
	int yields = !entry->foreign && may_give_way(entry->call), waits = call_is_wait(entry);
	int64_t now = launch->current.begun;
	struct suspect suspect;

	if (!is_copy(launch))
		return;
	hang->yields = yields ? hang->yields + 1 : 0;
	if (!waits && hang->yields < YIELDS) {
		hang->reason = NULL;
		/* between two tries it may look at the clock, or sleep */
		if (!yields && entry->call != SYS_clock_gettime)
			hang->tried = 0;
	}
	if (!waits && hang->yields != YIELDS)
		return;
	if (suspect_look(task->tracee->pid, 0, &suspect) < 0)
		return;
	if (hang->yields && !gives_way(&suspect, &call))
		hang->yields = 0;
	judge(task->tracee, &suspect, task->tid, launch->current.text, now);
	suspect_clear(&suspect);
}

void hanging_leave(struct launch *launch, int returned)
{
	struct hang *hang = &launch->hang;
	int64_t now = launch->current.begun + launch->current.took;

	note_longest(hang, now);
	if (returned)
		note_progress(hang);
	if (returned && !hang->yields && !hang->tried)
		hang->reason = NULL;
}

/* It runs on without stopping at its calls, or sits in one. */
static int is_out_of_sight(const struct launch *launch)
{
	return launch->call_count >= LAUNCH_CALLS_TRACED ||
	       (launch->current.text && !launch->current.returned);
}

static char *text_of(pid_t pid, const struct process_call *call)
{
	struct registers registers = {.call = call->number, .sp = call->stack, .pc = call->pc};

	for (int i = 0; i < 6; i++)
		registers.arguments[i] = call->arguments[i];
	return call_text(pid, &registers);
}

void hanging_look(const struct tracee *tracee, int64_t now, int must)
{
	struct launch *launch = tracee->window;
	struct hang *hang = &launch->hang;
	struct suspect suspect;
	struct process_call call;
	char *text = NULL;
	int r;

	if (!is_copy(launch) || (!must && (now < hang->next_look || !is_out_of_sight(launch))))
		return;
	hang->next_look = now + (now / LOOK_PART > LOOK_FIRST ? now / LOOK_PART : LOOK_FIRST);
	if (now < LOOK_FIRST && !must)
		return;
	if (suspect_look(tracee->pid, 0, &suspect) < 0)
		return;
	r = process_call(tracee->pid, tracee->pid, &call);
	if (r > 0 && gives_way(&suspect, &call))
		hang->yields += YIELDS_A_LOOK;
	else if (r != 0)
		hang->yields = 0;
	if (r > 0)
		text = text_of(tracee->pid, &call);
	judge(tracee, &suspect, 0, text, now);
	note_longest(hang, now);
	free(text);
	suspect_clear(&suspect);
}

void hanging_look_at_caller(const struct tracee *tracee, int64_t now)
{
	struct launch *launch = tracee->window;
	struct process process;
	struct process_call call;

	if (!(launch->flags & CLONE_VFORK) || launch->held_by || now < LAUNCH_LONG)
		return;
	/* asleep: not at work, nor stopped by us */
	if (process_read(tracee->pid, &process) == 0 &&
	    (process.state == 'S' || process.state == 'D') &&
	    process_call(tracee->pid, tracee->pid, &call) > 0)
		launch->held_by = text_of(tracee->pid, &call);
}
