/* SPDX-License-Identifier: MIT */
/* The tables that people read. */
#ifndef SPAWNBENCH_REPORT_H
#define SPAWNBENCH_REPORT_H

#include <stdio.h>

#include "figures.h"
#include "machine.h"

/* How it is measured: beside the machine, what holds for all tables. */
struct setting {
	const struct machine *machine;
	size_t rounds, launches;
	int processor;		/* -1: not pinned */
	int nice;
	char date[32];		/* when it began: 2026-11-30T06:00:00Z */
};

void report_head(FILE *out, const struct setting *setting);
/* What every table begins with: parent, child, and what else the machine did. */
void report_frame(FILE *out, const struct table *table);
void report_table(FILE *out, const struct table *table);

#endif
