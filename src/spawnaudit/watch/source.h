/* SPDX-License-Identifier: MIT */
/*
 * Where events come from: the programs in the kernel. source.c has them; source_none.c
 * stands in where they couldn't be built, and says what is missing.
 */
#ifndef SPAWNAUDIT_SOURCE_H
#define SPAWNAUDIT_SOURCE_H

#include <stddef.h>

#include "events.h"

typedef void source_taker(const struct event *event);
typedef void source_open_taker(const struct event_open *open);

/*
 * Events are kept from now on. cgroup: a directory, or NULL for all. 0, or -errno
 * after saying why.
 */
int source_begin(const char *cgroup);

/* Once: what is open in all processes and would cross an exec; by process, numbers go up. */
int source_look(source_open_taker *take);

/* Waits so long for events: how many it has given to take(), or -errno; -EINTR: a signal. */
int source_poll(source_taker *take, int ms);

/* The cgroup has been removed: what it did is there, and no more will be. */
int source_is_over(void);

/* How many events found no room. */
size_t source_lost(void);

void source_end(void);

#endif
