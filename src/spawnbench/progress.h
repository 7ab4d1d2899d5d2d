/* SPDX-License-Identifier: MIT */
/*
 * How far the measuring process is: written by it, read by the one that waits
 * for it, in memory that they share; and the line about it on a terminal.
 */
#ifndef SPAWNBENCH_PROGRESS_H
#define SPAWNBENCH_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	uint64_t launches;	/* all that have ended: its pulse */
	uint64_t steps;		/* turns that are over or left out */
	uint32_t growing;	/* nothing is launched yet */
	uint32_t target, method;
};

/* NULL: no memory. */
struct progress *progress_new(void);
void progress_free(struct progress *progress);

void progress_count_launch(struct progress *progress);

/* What the line needs to know beside. */
struct ticker {
	int shown;		/* stderr is a terminal */
	size_t shape, shapes;	/* which of how many parents */
	size_t steps;		/* of one parent */
	uint64_t begin, limit;	/* nanoseconds; limit 0: none */
};

void ticker_begin(struct ticker *ticker, size_t shapes, uint64_t limit);
void ticker_show(const struct ticker *ticker, const struct progress *progress,
		 const char *method);

/* Before anything else is written to stderr. */
void ticker_clear(void);

#endif
