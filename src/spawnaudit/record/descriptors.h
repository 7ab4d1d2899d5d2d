/* SPDX-License-Identifier: MIT */
/*
 * A process's table of descriptors, as far as their origins are known; and the call
 * that is about to make some. Pure.
 */
#ifndef SPAWNAUDIT_DESCRIPTORS_H
#define SPAWNAUDIT_DESCRIPTORS_H

#include <stddef.h>

#include "../look/machine.h"
#include "origin.h"

struct descriptor {
	int fd;
	struct origin *origin;
	unsigned execs;		/* that it has survived */
	int is_closed;		/* it has been made close-on-exec */
};

struct descriptors {
	int users;		/* processes that share it: CLONE_FILES */
	size_t count, room;
	struct descriptor *list;	/* by number: those alone that are known */
};

/* A thread is in such a call */
struct making {
	struct registers entry;
	struct origin *origin;
};

void making_free(struct making *making);

struct descriptors *descriptors_new(void);
struct descriptors *descriptors_share(struct descriptors *descriptors);
struct descriptors *descriptors_copy(const struct descriptors *descriptors);
void descriptors_let_go(struct descriptors *descriptors);

/* NULL: nothing is known of that number. */
struct descriptor *descriptors_find(struct descriptors *descriptors, int fd);

/* What a copy is of, or what was there before it was kept: if it is known, and still that. */
struct origin *descriptors_origin(struct descriptors *descriptors, int fd,
				  const struct identity *made);

/* Shares the origin; NULL forgets the number. */
void descriptors_set(struct descriptors *descriptors, int fd, struct origin *origin);

#endif
