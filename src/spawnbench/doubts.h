/* SPDX-License-Identifier: MIT */
/* When a figure isn't to be trusted: why, and which option helps. Pure. */
#ifndef SPAWNBENCH_DOUBTS_H
#define SPAWNBENCH_DOUBTS_H

#include "figures.h"

/*
 * Fills in the table's doubts. load is that of before anything was measured;
 * ended_early: rounds are missing because somebody ended it.
 */
void doubts_find(struct table *table, double load, long processors, int pinned,
		 int ended_early);

#endif
