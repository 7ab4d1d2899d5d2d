/* SPDX-License-Identifier: MIT */
#include "suspect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spin.h"

/* Copies of copies: the threads may be further up. */
#define ANCESTORS_MAX 16

/* At intervals of 20 ms */
#define TRY_LOOKS 100

/* ---- where a futex lies ---- */

struct place {
	struct waiter *waiter;
	char file[PATH_MAX];	/* of the mapping before */
	uintptr_t file_end;
};

static int find_place(void *context, const struct process_mapping *mapping)
{
	struct place *place = context;
	struct waiter *waiter = place->waiter;
	uintptr_t address = waiter->futex.address;

	/* a file's variables that begin as 0 have no name, and lie right behind it */
	if (*mapping->name || mapping->start != place->file_end) {
		snprintf(place->file, sizeof(place->file), "%s", mapping->name);
		place->file_end = mapping->end;
	}
	if (address < mapping->start || address >= mapping->end)
		return 0;
	waiter->is_shared = mapping->is_shared;
	waiter->place = strdup(place->file);
	return 1;
}

/* ---- who owns it ---- */

/* The thread of pid that has this id for itself (in its own pid namespace); 0: none. */
static pid_t find_thread(pid_t pid, pid_t inner)
{
	struct process_status status;
	struct process thread;
	pid_t *tids, found = 0;
	int count = process_threads(pid, &tids);

	if (count < 0)
		return 0;
	for (int i = 0; i < count && !found; i++)
		if (process_status(pid, tids[i], &status) == 0 && status.inner_tid == inner &&
		    process_read_thread(pid, tids[i], &thread) == 0 && !process_has_ended(&thread))
			found = tids[i];
	free(tids);
	return found;
}

/*
 * In the processes that this one is a copy of: the parent, and on from there as
 * long as that is such a copy itself.
 */
static int find_in_ancestors(const struct suspect *suspect, struct waiter *waiter)
{
	struct process ancestor = suspect->parent;

	for (int i = 0; i < ANCESTORS_MAX && ancestor.pid > 0; i++) {
		if (process_is_same_program(suspect->living, process_living(ancestor.pid)) != 1)
			return 0;
		if (find_thread(ancestor.pid, waiter->owner_tid)) {
			waiter->owner_pid = ancestor.pid;
			return 1;
		}
		if (!(ancestor.flags & PROCESS_FORKED_NO_EXEC) ||
		    process_read(ancestor.parent, &ancestor) < 0)
			return 0;
	}
	return 0;
}

static enum owner find_owner(const struct suspect *suspect, struct waiter *waiter)
{
	struct process anybody;

	if (find_thread(suspect->process.pid, waiter->owner_tid))
		return OWNER_HERE;
	if (find_in_ancestors(suspect, waiter))
		return OWNER_IN_PARENT;
	/* ids are comparable with ours only outside of other pid namespaces */
	if (suspect->status.inner_tid == suspect->process.pid &&
	    (process_read(waiter->owner_tid, &anybody) == -ESRCH || process_has_ended(&anybody)))
		return OWNER_ENDED;
	return OWNER_UNKNOWN;
}

static void look_at_futex(const struct suspect *suspect, struct waiter *waiter)
{
	struct place place = {.waiter = waiter};
	uint32_t words[MUTEX_WORDS];
	pid_t pid = suspect->living;

	process_maps(pid, find_place, &place);
	if (sizeof(long) < 8 ||
	    process_memory(pid, waiter->futex.address, words, sizeof(words)) < 0)
		return;
	waiter->mutex_kind = mutex_decode(&waiter->futex, words, &waiter->owner_tid);
	if (waiter->mutex_kind)
		waiter->owner = find_owner(suspect, waiter);
}

/* ---- threads ---- */

static void look_at_thread(const struct suspect *suspect, struct waiter *waiter)
{
	pid_t pid = suspect->process.pid;
	struct process_status status;
	struct process_call call;
	struct process thread;
	int r;

	if (process_status(pid, waiter->tid, &status) == 0)
		waiter->switches = status.switches;
	if (process_read_thread(pid, waiter->tid, &thread) == 0)
		waiter->state = thread.state;
	process_wchan(pid, waiter->tid, waiter->wchan);
	r = suspect->is_native == 0 ? -ENOEXEC : process_call(pid, waiter->tid, &call);
	if (r < 0)
		waiter->call_error = r;
	else if (r > 0)
		waiter->waits_for_futex = futex_decode(&call, &waiter->futex);
	if (waiter->waits_for_futex)
		look_at_futex(suspect, waiter);
}

static int look_at_threads(struct suspect *suspect)
{
	struct process thread;
	pid_t *tids;
	int count = process_threads(suspect->process.pid, &tids);

	if (count < 0)
		return count;
	suspect->waiters = calloc((size_t)count + 1, sizeof(*suspect->waiters));
	if (!suspect->waiters) {
		free(tids);
		return -ENOMEM;
	}
	for (int i = 0; i < count; i++) {
		struct waiter *waiter = &suspect->waiters[suspect->waiter_count];

		if (process_read_thread(suspect->process.pid, tids[i], &thread) == 0 &&
		    process_has_ended(&thread))
			continue;
		waiter->tid = tids[i];
		look_at_thread(suspect, waiter);
		suspect->waiter_count++;
	}
	free(tids);
	return suspect->waiter_count ? 0 : -ESRCH;
}

/*
 * All that was read is of one moment when nobody has run since, for threads only run to
 * change it, and nobody was woken: who was, and waits for a processor, hasn't run yet.
 */
static void look_again(struct suspect *suspect)
{
	pid_t pid = suspect->process.pid;
	struct process_status status;
	struct process thread;

	for (size_t i = 0; i < suspect->waiter_count; i++) {
		struct waiter *waiter = &suspect->waiters[i];

		waiter->ran = process_status(pid, waiter->tid, &status) < 0 ||
			      status.switches != waiter->switches ||
			      process_read_thread(pid, waiter->tid, &thread) < 0 ||
			      thread.state == 'R';
	}
}

/*
 * Only for such a one is a look at its spinning worth anything: with more threads
 * it may be a runtime that was started here, and is well.
 */
static int is_lone_copy(const struct suspect *suspect)
{
	return suspect->process.flags & PROCESS_FORKED_NO_EXEC && suspect->shares_memory != 1 &&
	       suspect->waiter_count == 1;
}

static int has_threaded_runtime(const struct runtimes *runtimes)
{
	for (size_t i = 0; i < runtimes->count; i++)
		if (runtimes->list[i].has_threads)
			return 1;
	return 0;
}

int waiter_lacks_owner(const struct waiter *waiter)
{
	return (waiter->owner == OWNER_IN_PARENT || waiter->owner == OWNER_ENDED) &&
	       !waiter->is_shared;
}

/* A wait with a limit for what nobody unlocks: is the next one for the same? */
static void watch_tries(const struct suspect *suspect, struct waiter *waiter)
{
	const struct timespec between = {.tv_nsec = 20000000};
	struct process_status status = {.switches = waiter->switches};
	struct waiter again = {.tid = waiter->tid};

	for (int i = 0; i < TRY_LOOKS && status.switches == waiter->switches; i++) {
		nanosleep(&between, NULL);
		if (process_status(suspect->process.pid, waiter->tid, &status) < 0)
			return;
	}
	/* between two tries it runs for a moment */
	for (int i = 0; i < TRY_LOOKS && status.switches != waiter->switches; i++) {
		free(again.place);
		again = (struct waiter){.tid = waiter->tid};
		look_at_thread(suspect, &again);
		waiter->tries = waiter_lacks_owner(&again) &&
				again.futex.address == waiter->futex.address;
		if (waiter->tries)
			break;
		nanosleep(&between, NULL);
	}
	free(again.place);
}

static void watch(struct suspect *suspect, unsigned how)
{
	pid_t pid = suspect->living;

	if (is_lone_copy(suspect) && has_threaded_runtime(&suspect->runtimes))
		suspect->waiters[0].spins = spin_seen(pid, suspect->waiters[0].tid,
						      &suspect->runtimes,
						      (how & SUSPECT_STOP) != 0);
	for (size_t i = 0; i < suspect->waiter_count; i++)
		if (waiter_lacks_owner(&suspect->waiters[i]) &&
		    suspect->waiters[i].futex.has_limit) {
			watch_tries(suspect, &suspect->waiters[i]);
			return;
		}
}

int suspect_look(pid_t pid, unsigned how, struct suspect *ret)
{
	struct process now;
	pid_t parent;
	int r;

	*ret = (struct suspect){0};
	r = process_read(pid, &ret->process);
	if (r == 0)
		r = process_status(pid, 0, &ret->status);
	if (r < 0)
		return r;
	if (process_read(ret->process.parent, &ret->parent) < 0)
		ret->parent = (struct process){0};
	ret->living = process_living(pid);
	if (!ret->living)
		return -ESRCH;
	parent = process_living(ret->process.parent);
	ret->is_parent_same = process_is_same_program(ret->living, parent);
	ret->shares_memory = process_shares_memory(ret->living, parent);
	ret->is_native = process_is_native(ret->living);
	ret->runtimes_error = runtimes_find(ret->living, &ret->runtimes);
	r = look_at_threads(ret);
	look_again(ret);
	if (how & SUSPECT_WATCH)
		watch(ret, how);
	if (r == 0)
		r = process_read(pid, &now);
	if (r < 0)
		suspect_clear(ret);
	return r;
}

void suspect_clear(struct suspect *suspect)
{
	for (size_t i = 0; i < suspect->waiter_count; i++)
		free(suspect->waiters[i].place);
	free(suspect->waiters);
	runtimes_clear(&suspect->runtimes);
	*suspect = (struct suspect){0};
}
