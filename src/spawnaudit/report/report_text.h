/* SPDX-License-Identifier: MIT */
/* The report for people: a summary, then each finding so that it fits on a screen. */
#ifndef SPAWNAUDIT_REPORT_TEXT_H
#define SPAWNAUDIT_REPORT_TEXT_H

#include "../record/launch.h"
#include "../record/tally.h"
#include "../trace/trace.h"

void report_text_launch(const struct launch *launch);
void report_text_group(const struct group *group);
void report_text_passed(const struct group *group);
void report_text_end(const struct trace *trace, const struct counts *counts);

#endif
