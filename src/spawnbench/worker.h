/* SPDX-License-Identifier: MIT */
/*
 * One fresh process for each shape of parent, so that nothing of one
 * measurement stays for the next, and how it is ended early.
 */
#ifndef SPAWNBENCH_WORKER_H
#define SPAWNBENCH_WORKER_H

#include "methods.h"
#include "parent.h"
#include "results.h"
#include "target.h"

/* Once, at the start: the signals that end a measurement early wait from now on. */
void worker_prepare_signals(void);

/*
 * Measures each target in a process of the given shape, a struct results for
 * each. 0; the number of a signal that came and ended it; -1 when it failed,
 * which was said on stderr. What was measured until then is in the results.
 */
int worker_run(const struct shape *shape, const struct method *const methods[],
	       const struct target *targets, struct results *results, size_t count);

#endif
