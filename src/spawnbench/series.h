/* SPDX-License-Identifier: MIT */
/* Every shape of parent, one after the other: measured, and printed. */
#ifndef SPAWNBENCH_SERIES_H
#define SPAWNBENCH_SERIES_H

#include "bench.h"

/* 0; the number of the signal that is to end us, early or not; or -1. */
int series_run(struct bench *bench);

#endif
