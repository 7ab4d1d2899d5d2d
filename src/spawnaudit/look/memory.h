/* SPDX-License-Identifier: MIT */
/*
 * How much memory may be taken for what files hold: they are the audited program's, and a
 * few bytes of one can stand for gigabytes.
 */
#ifndef SPAWNAUDIT_MEMORY_H
#define SPAWNAUDIT_MEMORY_H

#include <sys/resource.h>

/* From here on malloc() has an end before the machine has, until it is lifted. */
void memory_bound(struct rlimit *ret_before);
void memory_lift(const struct rlimit *before);

#endif
