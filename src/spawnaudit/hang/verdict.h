/* SPDX-License-Identifier: MIT */
/*
 * Is a suspect stuck? Pure: judges what suspect_look() found.
 *
 * Stuck is a forked copy, not one that shares its parent's memory, in which
 * - a thread waits for ever for a mutex of its own memory whose owner isn't a
 *   thread of it (owner-gone), or again and again with a time limit (tries), or
 * - its only thread asks for a lock of its runtime again and again (spins), or
 * - each thread waits for ever for a futex of its own memory, so that none is
 *   left to wake another, nor a handler of a signal that may come, and the process
 *   that it was copied from has threads, or it is alone with a runtime that always
 *   has (nobody-left).
 */
#ifndef SPAWNAUDIT_VERDICT_H
#define SPAWNAUDIT_VERDICT_H

#include "suspect.h"

enum verdict { VERDICT_CLEAR, VERDICT_UNCLEAR, VERDICT_STUCK };

enum reason {
	REASON_EXEC, REASON_SHARES_MEMORY, REASON_STOPPED, REASON_NO_LOCK, REASON_LIMIT,
	REASON_SHARED_FUTEX, REASON_OWN_DEADLOCK, REASON_NO_THREADS, REASON_NOT_ALLOWED,
	REASON_FOREIGN, REASON_HANDLERS, REASON_OWNER_GONE, REASON_TRIES, REASON_SPINS,
	REASON_NOBODY_LEFT, REASON_COUNT,
};

struct reason_words {
	enum verdict verdict;
	const char *name;	/* for JSON */
	const char *text;
};

extern const struct reason_words reason_words[REASON_COUNT];
extern const char *const verdict_names[];

/* *ret_waiter is the thread that the reason is about. */
enum reason verdict_find(const struct suspect *suspect, const struct waiter **ret_waiter);

/* Is it known that there were threads where it was copied from? */
int verdict_has_evidence(const struct suspect *suspect);

#endif
