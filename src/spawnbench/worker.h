/* SPDX-License-Identifier: MIT */
/*
 * One fresh process for each shape of parent, so that nothing of one
 * measurement stays for the next, and how it is ended early.
 */
#ifndef SPAWNBENCH_WORKER_H
#define SPAWNBENCH_WORKER_H

#include "machine.h"
#include "measure.h"
#include "stall.h"

/* What it has to do: each target in turn, a struct results for each. */
struct work {
	const struct shape *shape;
	const struct method *const *methods;
	const struct target *targets;
	struct results *results;
	struct stall *stalls;	/* instead of results */
	size_t count;
	int processor;		/* -1: any */
	uint64_t timeout;	/* nanoseconds without a launch that ends; 0: any */
	uint64_t deadline;	/* of clock_now(); 0: none */
	const struct ticker *ticker;
};

/* Once, at the start: the signals that end a measurement early wait from now on. */
void worker_prepare_signals(void);

/*
 * 0; the number of a signal that came and ended it; -1 when it failed, which
 * was said on stderr. What was measured until then is in the results, and in
 * *ret_conditions what else the machine did meanwhile.
 */
int worker_run(const struct work *work, struct conditions *ret_conditions);

/* The number of a signal that has come since, when nothing was running; 0: none. */
int worker_late_signal(void);

#endif
