/* SPDX-License-Identifier: MIT */
/*
 * Measuring, in the process that launches: warm-up, then rounds in which each
 * method has one turn, in an order that is shuffled anew.
 */
#ifndef SPAWNBENCH_MEASURE_H
#define SPAWNBENCH_MEASURE_H

#include "measurement.h"

/*
 * A method that can't launch here (see methods.h) is noted in the results and
 * left out. Any other failure, of a launch or of the child, is said on stderr
 * and ends it: the result is negative. Rounds that the deadline leaves no time
 * for are left out, but for the first; so are launches of turns that would
 * take much more than their share of the time.
 */
int measure(const struct measurement *m);

#endif
