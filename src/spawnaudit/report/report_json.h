/* SPDX-License-Identifier: MIT */
/* JSON: a line for each launch as it ends, for each finding, and a summary as the last one. */
#ifndef SPAWNAUDIT_REPORT_JSON_H
#define SPAWNAUDIT_REPORT_JSON_H

#include "../record/launch.h"
#include "../record/tally.h"
#include "../trace/trace.h"

void report_json_launch(const struct launch *launch);
void report_json_group(const struct group *group);
void report_json_end(const struct trace *trace, const struct counts *counts);

#endif
