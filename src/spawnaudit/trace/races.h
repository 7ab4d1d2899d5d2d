/* SPDX-License-Identifier: MIT */
/*
 * The races of each process, until it executes another program or ends. They count
 * only if it launches with threads beside, itself or through copies of it: until
 * then nobody knows. Pure.
 */
#ifndef SPAWNAUDIT_RACES_H
#define SPAWNAUDIT_RACES_H

#include "../record/race.h"

struct races;

/* Of a copy of the creator (or NULL), that had so many threads. */
struct races *races_new(struct races *creator, unsigned threads);

/* Those that count are kept for races_tell(). */
void races_let_go(struct races *races);

/* One more was made there; the origin has its place. */
void races_made(struct races *races, struct origin *origin, unsigned threads, const char *mend);

/* And has been made close-on-exec. */
void races_closed(struct races *races, const struct origin *origin);

/* The process executed a program: for those of which it is a copy that was a launch. */
void races_launched(struct races *races);

/* All that are kept; they become the taker's. */
void races_tell(void (*take)(struct race *race));

#endif
