/* SPDX-License-Identifier: MIT */
/* A suspect in sentences. Each stands in one of two lists: what is known, what is inferred. */
#include "account.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../look/permission.h"
#include "../look/symbols.h"
#include "../options.h"
#include "common/message.h"
#include "spawnutil.h"

/* Of more threads than these only the number is told. */
#define THREADS_TOLD 3

/* glibc's threads use 32 and 33 for themselves */
#define LIBC_SIGNALS (SPU_SIGNAL(32) | SPU_SIGNAL(33))

struct account {
	const struct suspect *suspect;
	enum reason reason;
	const struct waiter *waiter;
	struct view *view;
	struct sentences *known, *inferred;
};

static __attribute__((format(printf, 2, 3))) void state(struct sentences *sentences,
							const char *format, ...)
{
	char **grown = reallocarray(sentences->list, sentences->count + 1, sizeof(*grown));
	va_list arguments;
	int length = -1;

	if (grown) {
		sentences->list = grown;
		va_start(arguments, format);
		length = vasprintf(&grown[sentences->count], format, arguments);
		va_end(arguments);
	}
	if (length < 0)
		die_errno(EXIT_TROUBLE, ENOMEM, "report");
	sentences->count++;
}

/* ---- what is known ---- */

static void state_origin(const struct account *account)
{
	const struct suspect *suspect = account->suspect;
	const struct process *parent = &suspect->parent;

	if (suspect->is_parent_same == 1)
		state(account->known, "a copy that %d (%s) forked, without exec since; "
		      "threads here: %ld, there now: %ld", (int)parent->pid, parent->name,
		      suspect->process.threads, parent->threads);
	else
		state(account->known, "a forked copy, without exec since; threads here: %ld; its "
		      "parent %d (%s) %s", suspect->process.threads,
		      (int)suspect->process.parent, parent->pid ? parent->name : "gone",
		      suspect->is_parent_same == 0
			? "runs another program, so who forked it is gone"
			: "has a program that can't be seen");
}

/* Where the futex lies, as a phrase. */
static void describe_place(const struct account *account, const struct waiter *waiter,
			   char *ret, size_t size)
{
	const char *module = NULL;
	char *symbol = NULL;
	uint64_t offset;

	if (account->view)
		symbol = symbol_name(account->view, waiter->futex.address, &offset, &module);
	if (symbol && offset)
		snprintf(ret, size, "%s+%zu in %s", symbol, (size_t)offset, module);
	else if (symbol)
		snprintf(ret, size, "%s in %s", symbol, module);
	else if (module)
		snprintf(ret, size, "0x%lx in %s", (unsigned long)waiter->futex.address, module);
	else
		snprintf(ret, size, "0x%lx in %s", (unsigned long)waiter->futex.address,
			 waiter->place && *waiter->place ? waiter->place : "anonymous memory");
	free(symbol);
}

static void state_wait(const struct account *account, const struct waiter *waiter)
{
	char place[512];

	if (waiter->waits_for_futex) {
		describe_place(account, waiter, place, sizeof(place));
		state(account->known, "thread %d waits for the futex %s%s", (int)waiter->tid, place,
		      waiter->futex.has_limit ? ", with a time limit" : ", without a time limit");
	} else if (waiter->spins) {
		state(account->known, "thread %d yields, or sleeps for less than a millisecond, "
		      "again and again, in its runtime", (int)waiter->tid);
	} else if (*waiter->wchan) {
		state(account->known, "thread %d waits in the kernel's %s", (int)waiter->tid,
		      waiter->wchan);
	} else {
		state(account->known, "thread %d is in state %c", (int)waiter->tid, waiter->state);
	}
}

static void state_waits(const struct account *account)
{
	const struct suspect *suspect = account->suspect;
	size_t shown = 0;

	if (account->waiter)
		state_wait(account, account->waiter);
	for (size_t i = 0; i < suspect->waiter_count && shown < THREADS_TOLD - 1; i++) {
		if (&suspect->waiters[i] == account->waiter)
			continue;
		state_wait(account, &suspect->waiters[i]);
		shown++;
	}
	if (suspect->waiter_count > THREADS_TOLD)
		state(account->known, "%zu more threads", suspect->waiter_count - THREADS_TOLD);
}

static void state_runtimes(const struct account *account)
{
	const struct suspect *suspect = account->suspect;
	char why[256];

	if (suspect->runtimes_error == -EACCES || suspect->runtimes_error == -EPERM) {
		permission_explain(suspect->process.pid, why, sizeof(why));
		state(account->known, "its memory map can't be read: %s", why);
	}
	for (size_t i = 0; i < suspect->runtimes.count; i++)
		state(account->known, "runtime mapped: %s, %s", suspect->runtimes.list[i].name,
		      suspect->runtimes.list[i].file);
}

/* ---- what is inferred ---- */

static void infer_owner(const struct account *account, const struct waiter *waiter)
{
	struct sentences *to = account->inferred;
	struct process thread;

	if (!waiter->waits_for_futex)
		return;
	if (waiter->owner == OWNER_UNKNOWN) {
		state(to, "a futex of unknown owner: it isn't a locked mutex of glibc's that names "
		      "a thread");
		return;
	}
	state(to, "by its words a mutex of glibc's (%s)", waiter->mutex_kind);
	switch (waiter->owner) {
	case OWNER_HERE:
		state(to, "locked by thread %d of its own", (int)waiter->owner_tid);
		return;
	case OWNER_IN_PARENT:
		if (process_read_thread(waiter->owner_pid, waiter->owner_tid, &thread) < 0)
			thread = (struct process){.name = "?"};
		state(to, "locked by thread %d (%s) of %d, which this copy doesn't have",
		      (int)waiter->owner_tid, thread.name, (int)waiter->owner_pid);
		return;
	default:
		state(to, "locked by thread %d, which has ended: it isn't here, nor where this was "
		      "forked", (int)waiter->owner_tid);
	}
}

static void infer(const struct account *account)
{
	const struct suspect *suspect = account->suspect;

	if (account->waiter)
		infer_owner(account, account->waiter);
	if (account->reason == REASON_NOBODY_LEFT) {
		state(account->inferred, "nothing can wake it: only threads with this memory "
		      "could, and %s", suspect->waiter_count == 1 ? "it is alone" : "all wait");
		if (suspect->status.caught & ~LIBC_SIGNALS)
			state(account->inferred,
			      "unless a handler of a signal does that: it has some");
	}
	for (size_t i = 0; i < suspect->runtimes.count; i++)
		if (suspect->runtimes.list[i].has_threads)
			state(account->inferred, "%s works with threads of its own: those of %s "
			      "aren't here", suspect->runtimes.list[i].name,
			      suspect->is_parent_same == 1 ? "the parent" : "who forked it");
}

void account_make(const struct suspect *suspect, enum reason reason, const struct waiter *waiter,
		  struct view *view, struct sentences *known, struct sentences *inferred)
{
	const struct account account = {suspect, reason, waiter, view, known, inferred};

	state_origin(&account);
	state_waits(&account);
	state_runtimes(&account);
	if (reason_words[reason].verdict != VERDICT_CLEAR)
		infer(&account);
}

void sentences_clear(struct sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++)
		free(sentences->list[i]);
	free(sentences->list);
}
