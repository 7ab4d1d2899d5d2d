/* SPDX-License-Identifier: MIT */
/* What tracing found, for people or as JSON: launches as they end, findings at the end. */
#ifndef SPAWNAUDIT_REPORT_H
#define SPAWNAUDIT_REPORT_H

#include "../record/launch.h"
#include "../record/tally.h"
#include "../trace/trace.h"

void report_setup(const struct options *options);

/* Takes each launch: a window_taker. */
void report_launch(struct launch *launch);

/* The same for each race, when all launches are over. */
void report_race(struct race *race);

/* Summary and findings. */
void report_end(const struct trace *trace);

/* FINDING_BITs of all that was found. */
unsigned report_findings(void);
void report_free(void);

#endif
