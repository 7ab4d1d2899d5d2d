/* SPDX-License-Identifier: MIT */
/*
 * What the other threads of a process lose while one of them launches. Two are
 * watched: the writer writes to one page after the other of the parent's memory,
 * the taker takes and releases a lock that every launch holds.
 */
#ifndef SPAWNBENCH_STALL_H
#define SPAWNBENCH_STALL_H

#include <stddef.h>
#include <stdint.h>

#include "measure.h"

/* The threads; and what there is to know of each launch: their pauses, and the lock's time. */
enum { STALL_WRITER, STALL_TAKER, STALL_THREADS, STALL_HELD = STALL_THREADS, STALL_ENTRIES };

/* A span of time in which a method launches at a rate, or none does. Nanoseconds. */
struct stall_turn {
	unsigned complete;	/* set last; what isn't complete doesn't count */
	unsigned launches;	/* fewer than were due when they take too long */
	uint64_t span;
	uint64_t work[STALL_THREADS];	/* how often each of them went round */
};

/* Shared by the process that measures and the one that prints. */
struct stall {
	size_t rows;		/* the first is no method, then the methods */
	size_t rounds, launches;	/* launches: that are due in a turn */
	unsigned rate;		/* launches a second */
	struct stall_turn *turns;
	uint64_t *entries;
	char (*reasons)[REASON_SIZE];	/* by row: "", or why the method can't launch */
	size_t size;
};

int stall_init(struct stall *stall, size_t methods, size_t rounds, size_t launches, unsigned rate);
void stall_clear(struct stall *stall);

struct stall_turn *stall_turn(const struct stall *stall, size_t row, size_t round);

/*
 * Of a turn, for each launch: the longest pause of a thread that ended between
 * it and the next (0: none did), or for STALL_HELD how long it held the lock.
 */
uint64_t *stall_entries(const struct stall *stall, size_t row, size_t round, int which);

/*
 * Measures, in the process that launches; m has no results. A method that can't launch here is
 * noted and left out; what else fails is said on stderr and the result is
 * negative. Rounds that would begin after the deadline are left out.
 */
int stall_measure(const struct measurement *m, struct stall *stall);

#endif
