/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../look/libc.h"

#define BIT(signal_number) (UINT64_C(1) << ((signal_number) - 1))

/* What comes of what a thread does, or has done; threads that wait do nothing */
#define OF_WORK (BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGBUS) | BIT(SIGFPE) | \
		 BIT(SIGSEGV) | BIT(SIGSYS) | BIT(SIGPIPE) | BIT(SIGXCPU) | BIT(SIGXFSZ) | \
		 BIT(SIGVTALRM) | BIT(SIGPROF))

/* By which people end what doesn't go on */
#define OF_PEOPLE (BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGTERM))

/* glibc's threads use them for themselves */
#define OF_LIBC (BIT(32) | BIT(33))

const char *const verdict_names[] = {"clear", "unclear", "stuck"};

const struct reason_words reason_words[REASON_COUNT] = {
	[REASON_EXEC] = {VERDICT_CLEAR, "exec", "it has called exec"},
	[REASON_SHARES_MEMORY] = {VERDICT_CLEAR, "shares-memory",
		"it shares its parent's memory (vfork), whose threads can wake it"},
	[REASON_STOPPED] = {VERDICT_CLEAR, "stopped",
		"it has been stopped, by a signal or a debugger, and goes on with SIGCONT or that"},
	[REASON_NO_LOCK] = {VERDICT_CLEAR, "no-lock", "a thread of it is at work, or waits for "
		"something else than a lock"},
	[REASON_LIMIT] = {VERDICT_CLEAR, "time-limit", "it waits for a futex for a limited time"},
	[REASON_SHARED_FUTEX] = {VERDICT_CLEAR, "shared-futex",
		"it waits for a futex in memory that it shares with other processes"},
	[REASON_OWN_DEADLOCK] = {VERDICT_UNCLEAR, "own-deadlock",
		"all of it waits, for a lock that a thread of its own holds: no lock that came by "
		"fork"},
	[REASON_NO_THREADS] = {VERDICT_UNCLEAR, "no-threads-known",
		"all of it waits for futexes and nobody is left to wake it, but nothing tells that "
		"the process that forked it had threads"},
	[REASON_NOT_ALLOWED] = {VERDICT_UNCLEAR, "not-allowed", "what it waits for can't be seen"},
	[REASON_FOREIGN] = {VERDICT_UNCLEAR, "foreign",
		"what it waits for isn't decoded"},
	[REASON_HANDLERS] = {VERDICT_UNCLEAR, "handlers",
		"all of it waits and no thread is left to wake it, but a handler of a signal may: "
		"it has some"},
	[REASON_OWNER_GONE] = {VERDICT_STUCK, "owner-gone",
		"it waits for a mutex that no thread here has locked"},
	[REASON_TRIES] = {VERDICT_STUCK, "tries",
		"it tries again and again, for a limited time, to lock a mutex that no thread here "
		"has locked"},
	[REASON_SPINS] = {VERDICT_STUCK, "spins",
		"it asks its runtime again and again for what threads would give that aren't here"},
	[REASON_NOBODY_LEFT] = {VERDICT_STUCK, "nobody-left",
		"it waits, and no thread is left here that could wake it"},
};

static const struct waiter *find_stopped(const struct suspect *suspect)
{
	for (size_t i = 0; i < suspect->waiter_count; i++)
		if (suspect->waiters[i].state == 'T' || suspect->waiters[i].state == 't')
			return &suspect->waiters[i];
	return NULL;
}

static const struct waiter *find_without_owner(const struct suspect *suspect)
{
	for (size_t i = 0; i < suspect->waiter_count; i++) {
		const struct waiter *waiter = &suspect->waiters[i];

		if (waiter_lacks_owner(waiter) &&
		    (waiter->tries || (!waiter->ran && !waiter->futex.has_limit)))
			return waiter;
	}
	return NULL;
}

/* With more threads it may have been started here. */
static int is_alone_with_threaded_runtime(const struct suspect *suspect)
{
	for (size_t i = 0; i < suspect->runtimes.count && suspect->waiter_count == 1; i++)
		if (suspect->runtimes.list[i].has_threads)
			return 1;
	return 0;
}

int verdict_has_evidence(const struct suspect *suspect)
{
	return suspect->had_threads ||
	       (suspect->is_parent_same == 1 && suspect->parent.threads > 1) ||
	       is_alone_with_threaded_runtime(suspect);
}

/*
 * May a handler post a semaphore, say, for which it waits? A lock of libc's none gives
 * back, and those of a runtime need its threads.
 */
static int may_be_woken_by_handler(const struct suspect *suspect)
{
	if (!(suspect->status.caught & ~(OF_WORK | OF_PEOPLE | OF_LIBC)) ||
	    is_alone_with_threaded_runtime(suspect))
		return 0;
	for (size_t i = 0; i < suspect->waiter_count; i++)
		if (!suspect->waiters[i].place || !file_is_libc(suspect->waiters[i].place))
			return 1;
	return 0;
}

/* Why this thread isn't one of those that wait for ever; REASON_NOBODY_LEFT: it is. */
static enum reason find_hope(const struct waiter *waiter)
{
	int seems_futex = !*waiter->wchan || strstr(waiter->wchan, "futex") != NULL;

	if (waiter->call_error && seems_futex && waiter->state != 'R')
		return waiter->call_error == -ENOEXEC ? REASON_FOREIGN : REASON_NOT_ALLOWED;
	if (!waiter->waits_for_futex || waiter->ran)
		return REASON_NO_LOCK;
	if (waiter->futex.has_limit)
		return REASON_LIMIT;
	if (waiter->is_shared)
		return REASON_SHARED_FUTEX;
	if (waiter->owner == OWNER_HERE)
		return REASON_OWN_DEADLOCK;
	return REASON_NOBODY_LEFT;
}

/* One thread that may move is enough; enum reason stands in the order of what counts first. */
static enum reason find_first_hope(const struct suspect *suspect, const struct waiter **ret_waiter)
{
	enum reason first = REASON_COUNT;

	for (size_t i = 0; i < suspect->waiter_count; i++) {
		enum reason hope = find_hope(&suspect->waiters[i]);

		if (hope >= first)
			continue;
		first = hope;
		*ret_waiter = &suspect->waiters[i];
	}
	return first;
}

enum reason verdict_find(const struct suspect *suspect, const struct waiter **ret_waiter)
{
	enum reason reason;

	*ret_waiter = NULL;
	if (!(suspect->process.flags & PROCESS_FORKED_NO_EXEC))
		return REASON_EXEC;
	if (suspect->shares_memory == 1)
		return REASON_SHARES_MEMORY;
	*ret_waiter = find_stopped(suspect);
	if (*ret_waiter)
		return REASON_STOPPED;
	*ret_waiter = find_without_owner(suspect);
	if (*ret_waiter)
		return (*ret_waiter)->tries ? REASON_TRIES : REASON_OWNER_GONE;
	if (suspect->waiter_count == 1 && suspect->waiters[0].spins) {
		*ret_waiter = &suspect->waiters[0];
		return REASON_SPINS;
	}
	reason = find_first_hope(suspect, ret_waiter);
	if (reason == REASON_NOBODY_LEFT && !verdict_has_evidence(suspect))
		return REASON_NO_THREADS;
	if (reason == REASON_NOBODY_LEFT && may_be_woken_by_handler(suspect))
		return REASON_HANDLERS;
	return reason == REASON_COUNT ? REASON_NO_LOCK : reason;
}
