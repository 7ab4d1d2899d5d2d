/* SPDX-License-Identifier: MIT */
/* Where the figures go: the tables or JSON on standard output, a CSV file, a picture. */
#ifndef SPAWNBENCH_OUTPUT_H
#define SPAWNBENCH_OUTPUT_H

#include "common/json.h"
#include "figures.h"
#include "report.h"
#include "stall_report.h"

struct output_wish {
	int json, raw;
	int stall;			/* its tables, not those of launches */
	const char *csv, *plot;		/* file names; NULL: none */
};

/* "-" as the name of the CSV file: standard output has it instead of the tables. */
int output_is_stdout(const char *name);

/* Standard output has the tables where it has nothing else. */
int output_has_tables(const struct output_wish *wish);

struct output {
	const struct output_wish *wish;
	const struct setting *setting;
	struct json json;
	FILE *csv;
	int stdout_is_lost, csv_is_lost;	/* and that is told */
	struct table *tables;		/* kept for the picture */
	size_t count;
};

/*
 * Opens and tries what can be tried before anything is measured. All of these
 * say what is wrong; then the result is negative.
 */
int output_begin(struct output *output, const struct output_wish *wish,
		 const struct setting *setting);

/* The table is the output's from here on. */
int output_table(struct output *output, struct table *table, const struct results *results);

int output_stall(struct output *output, const struct stall_table *table);

/* After output_begin() has succeeded, whatever came then. */
int output_end(struct output *output);

#endif
