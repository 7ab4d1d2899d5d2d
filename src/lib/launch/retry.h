/* SPDX-License-Identifier: MIT */
/* What comes after an attempt: the policy, and what the process learns from it. */
#ifndef LIB_RETRY_H
#define LIB_RETRY_H

#include <stdint.h>

#include "flight.h"

enum next {
	NEXT_DONE,
	NEXT_FAILURE,
	NEXT_ATTEMPT	/* after spu__plan_launch(); the launch says what is otherwise then */
};

/* *paused_us begins at 0. */
enum next spu__next_move(struct launch *launch, const struct flight *flight, long *paused_us);

/*
 * ETXTBSY: somebody's child holds the program open for writing for a moment,
 * because it was cloned while one of our threads wrote it (golang/go#22315).
 * Pauses, or returns 0 when that has gone on for 100 ms, or would beyond the
 * deadline; *paused_us begins at 0.
 */
int spu__pause_while_busy(long *paused_us, int64_t deadline);

#endif
