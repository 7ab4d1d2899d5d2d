/* SPDX-License-Identifier: MIT */
/* How the origin of a descriptor looks in text and in JSON. */
#ifndef SPAWNAUDIT_ORIGINS_H
#define SPAWNAUDIT_ORIGINS_H

#include "../record/launch.h"
#include "common/json.h"

/*
 * Below the line of the leak: nothing, when nobody asked for origins. is_short: of each
 * stack the function that called libc.
 */
void origins_print(const struct leak *leak, int is_short);

/* "origin": {...}, or null */
void origins_write(struct json *json, const struct leak *leak);

#endif
