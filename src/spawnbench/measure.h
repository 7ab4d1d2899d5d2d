/* SPDX-License-Identifier: MIT */
/*
 * Measuring, in the process that launches: warm-up, then rounds in which each
 * method has one turn, in an order that is shuffled anew.
 */
#ifndef SPAWNBENCH_MEASURE_H
#define SPAWNBENCH_MEASURE_H

#include "methods.h"
#include "results.h"
#include "target.h"

/*
 * A method that can't make a process here (-ENOTSUP, -ENOMEM, -EAGAIN) is noted
 * in the results and left out. Any other failure, of a launch or of the child, is
 * said on stderr and ends it: the result is negative.
 */
int measure(const struct method *const methods[], const struct target *target,
	    struct results *results);

#endif
