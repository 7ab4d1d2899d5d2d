/* SPDX-License-Identifier: MIT */
/* The tables that people read. */
#ifndef SPAWNBENCH_REPORT_H
#define SPAWNBENCH_REPORT_H

#include <stdio.h>

#include "methods.h"
#include "parent.h"
#include "results.h"
#include "target.h"

/* What holds for all tables. processor is -1 when nothing is pinned. */
void report_head(FILE *out, size_t rounds, size_t launches, int processor);

/* One table, or nothing when there is nothing to show. -ENOMEM, else 0. */
int report_table(FILE *out, const struct shape *shape, const struct target *target,
		 const struct method *const methods[], const struct results *results);

#endif
