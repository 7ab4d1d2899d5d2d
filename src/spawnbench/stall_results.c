/* SPDX-License-Identifier: MIT */
/* The shared memory of the stall experiment: only this file knows how it lies. */
#include "stall.h"

#include <errno.h>
#include <sys/mman.h>

int stall_init(struct stall *stall, size_t methods, size_t rounds, size_t launches, unsigned rate)
{
	size_t rows = methods + 1, turns = rows * rounds;
	size_t turns_size = turns * sizeof(*stall->turns);
	size_t entries_size = turns * launches * STALL_ENTRIES * sizeof(*stall->entries);
	size_t size = turns_size + entries_size + rows * sizeof(*stall->reasons);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*stall = (struct stall){
		.rows = rows, .rounds = rounds, .launches = launches, .rate = rate, .size = size,
		.turns = (void *)memory, .entries = (void *)(memory + turns_size),
		.reasons = (void *)(memory + turns_size + entries_size),
	};
	return 0;
}

void stall_clear(struct stall *stall)
{
	munmap(stall->turns, stall->size);
}

static size_t turn_index(const struct stall *stall, size_t row, size_t round)
{
	return row * stall->rounds + round;
}

struct stall_turn *stall_turn(const struct stall *stall, size_t row, size_t round)
{
	return &stall->turns[turn_index(stall, row, round)];
}

uint64_t *stall_entries(const struct stall *stall, size_t row, size_t round, int which)
{
	size_t index = turn_index(stall, row, round) * STALL_ENTRIES + (size_t)which;

	return stall->entries + index * stall->launches;
}
