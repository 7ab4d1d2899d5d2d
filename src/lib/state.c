/* SPDX-License-Identifier: MIT */
/*
 * A fork child of the program may inherit this locked, so it lies in a page
 * that is wiped by fork; the stamp is for qemu-user, which doesn't wipe.
 */
#include "state.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic(struct process_state *) the_state;

static struct process_state *map_state(void)
{
	struct process_state *state = atomic_load(&the_state), *fresh;

	if (state)
		return state;
	fresh = mmap(NULL, sizeof(*fresh), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (fresh == MAP_FAILED)
		return NULL;
	madvise(fresh, sizeof(*fresh), MADV_WIPEONFORK);
	if (atomic_compare_exchange_strong(&the_state, &state, fresh))
		return fresh;
	munmap(fresh, sizeof(*fresh));
	return state;
}

struct process_state *spu__process_state(void)
{
	struct process_state *state = map_state();
	int self = getpid(), seen;

	if (!state)
		return NULL;
	while ((seen = atomic_load(&state->owner)) != self) {
		if (seen == -1 || !atomic_compare_exchange_strong(&state->owner, &seen, -1))
			continue;
		memset((char *)state + sizeof(state->owner), 0,
		       sizeof(*state) - sizeof(state->owner));
		atomic_store(&state->owner, self);
	}
	return state;
}
