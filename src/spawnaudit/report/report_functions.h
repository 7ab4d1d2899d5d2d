/* SPDX-License-Identifier: MIT */
/* The functions that a child entered, for people and in JSON. */
#ifndef SPAWNAUDIT_REPORT_FUNCTIONS_H
#define SPAWNAUDIT_REPORT_FUNCTIONS_H

#include "../record/launch.h"
#include "common/json.h"

/* A line behind head: the first one that is to be blamed. 0: there is none. */
int report_functions_reason(const char *head, const struct functions *functions);

/* A tree by first caller: what the program called, and what that is to be blamed for. */
void report_functions_text(const struct launch *launch, int is_whole);

/* A line where the judgement is drawn from less than that: what from, and why. */
void report_functions_ground(const struct launch *launch);

/* "functions": [{name, module, offset, caller, safe}] or null, and more about them */
void report_functions_json(struct json *json, const struct launch *launch);

#endif
