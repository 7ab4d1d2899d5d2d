/* SPDX-License-Identifier: MIT */
/*
 * Where events come from: the programs in the kernel. source.c has them; source_none.c
 * stands in where they couldn't be built, and says what is missing.
 */
#ifndef SPAWNAUDIT_SOURCE_H
#define SPAWNAUDIT_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

#include "events.h"

typedef void source_taker(const struct event *event);
typedef void source_open_taker(const struct event_open *open);

struct source_choice {
	const char *cgroup;	/* a directory; NULL: all */
	unsigned creators;	/* groups of calls that make descriptors: who made them is told */
	int of_some;		/* but only of those that are chosen, and of what they make */
};

/* Events are kept from now on. 0, or -errno after saying why. */
int source_begin(const struct source_choice *choice);

/* What is open in all processes and would cross an exec; by process, numbers go up. */
int source_look(source_open_taker *take);

/* One of some, for who makes descriptors; and then from now on that is told. */
void source_choose(pid_t pid);
int source_tell_makers(void);

/* Waits so long for events: how many it has given to take(), or -errno; -EINTR: a signal. */
int source_poll(source_taker *take, int ms);

/* The cgroup has been removed: what it did is there, and no more will be. */
int source_is_over(void);

void source_lost(struct event_lost *ret);

void source_end(void);

#endif
