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
#include "launch/knowledge.h"

static union {
	struct process_state state;
	char page[ARCH_LARGEST_PAGE];
} whole __attribute__((aligned(ARCH_LARGEST_PAGE)));

/*
 * Another process's, and not wiped: this is a child of vfork() in its parent's
 * memory, whose state it is. Under emulators such a child has a copy.
 */
static int is_shared(const struct process_state *state, int owner)
{
	return owner > 0 && state->is_wiped_by_fork && spu__memory_is_shared() > 0;
}

/*
 * Who resets it is there as a negative number. A fork child that was made meanwhile,
 * before the pages were to be wiped, has nobody to wait for: after a while it goes on.
 */
#define PATIENCE 1000

struct process_state *spu__process_state(void)
{
	struct process_state *state = &whole.state;
	int self = getpid(), seen, turns = 0;

	while ((seen = atomic_load(&state->owner)) != self && !is_shared(state, seen)) {
		if (seen == -self || (seen < 0 && turns++ < PATIENCE)) {
			sched_yield();
			continue;
		}
		if (!atomic_compare_exchange_strong(&state->owner, &seen, -self))
			continue;
		memset((char *)state + sizeof(state->owner), 0,
		       sizeof(*state) - sizeof(state->owner));
		state->is_wiped_by_fork = madvise(&whole, sizeof(whole), MADV_WIPEONFORK) == 0;
		atomic_store(&state->owner, self);
	}
	return state;
}
