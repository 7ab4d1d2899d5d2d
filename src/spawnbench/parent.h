/* SPDX-License-Identifier: MIT */
/*
 * The launching process and how it is made big: memory, threads, descriptors,
 * environment; and how the machine is asked to run it.
 */
#ifndef SPAWNBENCH_PARENT_H
#define SPAWNBENCH_PARENT_H

#include "axes.h"

/*
 * What is missing on this machine for a parent of this shape is said on
 * stderr; then the result is negative.
 */
int parent_check(const struct shape *shape);

/*
 * Makes the calling process such a parent, for the rest of its life: its
 * descriptors above 2 are closed, 0 and 1 become /dev/null, then it grows.
 * A failure is said on stderr; then the result is negative.
 */
int parent_become(const struct shape *shape);

/* Binds the calling process, and so its children, to one processor. */
int parent_pin(int processor);

/* Whether that will be possible; leaves the process as it was. */
int parent_check_pin(int processor);

/* The highest priority that is allowed; whether it is shows in getpriority(). */
void parent_raise_priority(void);

#endif
