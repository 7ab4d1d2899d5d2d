/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that a program with threads made so that exec leaves them open, all where
 * one line is to mend: a launch by another thread at that moment would have handed them on.
 */
#ifndef SPAWNAUDIT_RACE_H
#define SPAWNAUDIT_RACE_H

#include <stddef.h>

#include "origin.h"

struct race {
	struct origin *origin;	/* of the first */
	unsigned threads;	/* that the program had then */
	const char *mend;	/* the call or flag to use there */
	size_t count;		/* descriptors */
	size_t closed;		/* of them, that were made close-on-exec later */
	struct race *next;
};

/* Shares the origin. */
struct race *race_new(struct origin *origin, unsigned threads, const char *mend);
void race_free(struct race *race);

/* Was it made there in that program, whoever called what calls libc there? */
int race_is_of(const struct race *race, const struct origin *origin);

/* The one in the list that is of the same place in the same program; NULL: none. */
struct race *race_find(struct race *list, const struct origin *origin);

#endif
