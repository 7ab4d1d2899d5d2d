/* SPDX-License-Identifier: MIT */
/* The time that windows are measured in. */
#ifndef SPAWNAUDIT_CLOCK_H
#define SPAWNAUDIT_CLOCK_H

#include <stdint.h>

int64_t now_ns(void);

#endif
