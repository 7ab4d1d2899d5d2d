/* SPDX-License-Identifier: MIT */
/*
 * A fork child of the program may inherit this locked, so it lies in pages of
 * its own that are wiped by fork; the stamp is for qemu-user, which doesn't wipe.
 * They are the library's own data, so that unloading it leaves nothing.
 */
#include "state.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "launch/knowledge.h"

static union {
	struct process_state state;
	char page[ARCH_LARGEST_PAGE];
} whole __attribute__((aligned(ARCH_LARGEST_PAGE)));

/*
 * Another process's, and not wiped: this is a child of vfork() in its parent's
 * memory, whose state it is. Under emulators such a child has a copy.
 */
static int is_shared(const struct process_state *state, int owner, int self)
{
	int known = spu__memory_is_shared();

	if (owner <= 0 || !atomic_load(&state->is_wiped_by_fork))
		return 0;
	/* the first launch may not have come back, whose child runs already */
	return known >= 0 ? known : syscall6(SYS_kcmp, owner, self, KERNEL_KCMP_VM, 0, 0, 0) == 0;
}

/*
 * Nothing is written there before the pages are to be wiped. So threads that come
 * here at once don't wait for each other, and a fork child made meanwhile, which has
 * none of them, finds zeros as they do.
 */
static void begin(struct process_state *state, int self)
{
	int none = 0;

	if (madvise(&whole, sizeof(whole), MADV_WIPEONFORK) == 0)
		atomic_store(&state->is_wiped_by_fork, 1);
	atomic_compare_exchange_strong(&state->owner, &none, self);
}

/* A copy that wasn't wiped. Who resets it is there as a negative number meanwhile. */
static void reset(struct process_state *state, int seen, int self)
{
	if (!atomic_compare_exchange_strong(&state->owner, &seen, -self))
		return;
	memset((char *)state + sizeof(state->owner), 0, sizeof(*state) - sizeof(state->owner));
	atomic_store(&state->owner, 0);
}

/* Turns until who resets it is taken for another process's: it isn't there in a copy. */
#define PATIENCE 1000

struct process_state *spu__process_state(void)
{
	struct process_state *state = &whole.state;
	int self = getpid(), seen, turns = 0;

	while ((seen = atomic_load(&state->owner)) != self && !is_shared(state, seen, self)) {
		if (seen == 0)
			begin(state, self);
		else if (seen == -self || (seen < 0 && turns++ < PATIENCE))
			sched_yield();
		else
			reset(state, seen, self);
	}
	return state;
}

/* Not wiped: a copy goes on from here. */
static atomic_uint last_stamp;

unsigned spu__process_stamp(void)
{
	struct process_state *state = spu__process_state();
	unsigned none = 0;

	if (atomic_load(&state->stamp) == 0)
		atomic_compare_exchange_strong(&state->stamp, &none,
					       atomic_fetch_add(&last_stamp, 1) + 1);
	return atomic_load(&state->stamp);
}

/*
 * Not held are those that a fault of ours would raise, or that a filter uses to stand
 * in for a system call; and stops, where asked for.
 */
static void hold_signals(int stops_too, sigset_t *ret_mask)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS},
		stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t held;
	size_t i;

	sigfillset(&held);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&held, faults[i]);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]) && !stops_too; i++)
		sigdelset(&held, stops[i]);
	pthread_sigmask(SIG_BLOCK, &held, ret_mask);
}

void spu__hold_signals(sigset_t *ret_mask)
{
	hold_signals(0, ret_mask);
}

struct process_state *spu__lock_state(sigset_t *ret_mask)
{
	struct process_state *state;

	hold_signals(1, ret_mask);
	state = spu__process_state();
	pthread_mutex_lock(&state->lock);
	return state;
}

void spu__unlock_state(struct process_state *state, const sigset_t *mask)
{
	pthread_mutex_unlock(&state->lock);
	pthread_sigmask(SIG_SETMASK, mask, NULL);
}
