/* SPDX-License-Identifier: MIT */
/* Comma-separated values (RFC 4180): each line stands on its own. */
#ifndef SPAWNBENCH_REPORT_CSV_H
#define SPAWNBENCH_REPORT_CSV_H

#include <stdio.h>

#include "figures.h"
#include "report.h"
#include "stall_report.h"

/* The names of the columns; raw: a line for each launch, else for each method. */
void report_csv_head(FILE *out, int raw);

/* results: for a line a launch; NULL: a line a method. */
void report_csv_table(FILE *out, const struct setting *setting, const struct table *table,
		      const struct results *results);

/* A line a method, and the first of none. */
void report_csv_stall_head(FILE *out);
void report_csv_stall(FILE *out, const struct setting *setting, const struct stall_table *table);

#endif
