/* SPDX-License-Identifier: MIT */
/* Times by which something has to be over: microseconds on a clock that nobody sets. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NEVER INT64_MAX

int64_t spu__now_us(void);

/* NEVER for a negative time; for 0 what is over, without a look at the clock. */
int64_t spu__deadline_in(int timeout_ms);
/* As a member of options has it: 0 is no limit. */
int64_t spu__deadline_of(int timeout_ms);

/* As the kernel takes what is left of a time: what is over, and less, is 0. */
struct timespec spu__timespec(int64_t us);

#endif
