/* SPDX-License-Identifier: MIT */
/* The time that launches are measured in, which is that of the kernel's own programs, too. */
#ifndef SPAWNAUDIT_CLOCK_H
#define SPAWNAUDIT_CLOCK_H

#include <stdint.h>

int64_t now_ns(void);

#endif
