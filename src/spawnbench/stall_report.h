/* SPDX-License-Identifier: MIT */
/* From what the stall experiment left to what is printed. */
#ifndef SPAWNBENCH_STALL_REPORT_H
#define SPAWNBENCH_STALL_REPORT_H

#include <stdio.h>

#include "figures.h"
#include "stall.h"
#include "statistics.h"

/* Milliseconds; NAN: not measured. */
struct stall_spread {
	double p50, p99, max;
};

/* For JSON and CSV. */
extern const char *const stall_names[STALL_ENTRIES];

struct stall_figure {
	const char *method, *reason;	/* reason NULL: it launches */
	size_t launches;
	double rate;			/* launches in a second */
	struct estimate kept[STALL_THREADS];	/* of the work done without launches */
	struct stall_spread spreads[STALL_ENTRIES];
};

struct stall_table {
	struct table frame;	/* parent, child, conditions, doubts: no figures */
	const struct stall *stall;
	struct stall_figure *figures;	/* the first is of no method */
};

/*
 * The frame's conditions and doubts are the caller's to fill in. -ENOMEM; else 0, and
 * the table is stall_table_clear()'s.
 */
int stall_table_init(struct stall_table *table, const struct shape *shape, const char *child,
		     const struct method *const methods[], const struct stall *stall);
void stall_table_clear(struct stall_table *table);

void stall_report(FILE *out, const struct stall_table *table);

#endif
