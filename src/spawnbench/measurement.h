/* SPDX-License-Identifier: MIT */
/* What is measured in one process, for how long, and where the samples go. */
#ifndef SPAWNBENCH_MEASUREMENT_H
#define SPAWNBENCH_MEASUREMENT_H

#include <stdint.h>

#include "axes.h"
#include "methods.h"
#include "progress.h"
#include "results.h"
#include "target.h"

struct measurement {
	const struct shape *shape;
	const struct method *const *methods;
	const struct target *target;
	struct results *results;
	struct progress *progress;
	uint64_t deadline;	/* of clock_now(); 0: none */
};

#endif
