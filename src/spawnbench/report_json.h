/* SPDX-License-Identifier: MIT */
/* All figures as one JSON object. */
#ifndef SPAWNBENCH_REPORT_JSON_H
#define SPAWNBENCH_REPORT_JSON_H

#include "common/json.h"
#include "figures.h"
#include "report.h"
#include "stall_report.h"

/* json_finish() ends what this begins. */
void report_json_begin(struct json *json, const struct setting *setting);

/* results: for the samples of each launch; NULL: without. */
void report_json_table(struct json *json, const struct table *table,
		       const struct results *results);
void report_json_stall(struct json *json, const struct stall_table *table);

#endif
