/* SPDX-License-Identifier: MIT */
/*
 * Counts launches and gathers findings: equal ones from the same place are one,
 * with a number. Prints nothing.
 */
#ifndef SPAWNAUDIT_TALLY_H
#define SPAWNAUDIT_TALLY_H

#include <stddef.h>

#include "judgement.h"
#include "launch.h"
#include "race.h"

struct group {
	enum finding kind;
	struct launch *first;	/* the launch that it was seen in first; of a race who made it */
	struct race *race;	/* of a race; else NULL */
	size_t count;		/* of launches; of descriptors of a race */
	struct leak *leaks;	/* the different ones, of all launches */
	size_t leak_count;
	int leaks_left_out;	/* there were more */
	struct group *next;
};

struct counts {
	size_t launches;
	size_t methods[METHOD_COUNT];
	size_t executed, failed, unexecuted, left;
	size_t safe;
	size_t left_out;	/* by programs that nobody asked for; in no other count */
	size_t unjudged;	/* what ran in copies of processes with threads wasn't seen */
	size_t judged_by_calls;	/* the same: of such copies not all functions are known */
	size_t foreign;		/* by 32-bit programs */
	size_t findings[FINDING_KINDS];	/* launches that have them; descriptors */
	size_t suppressed[FINDING_KINDS];	/* the same, that nobody wants to be told of */
	size_t passed_on;	/* launches that handed on what they had been given themselves */
};

/* The launch becomes ours; it is kept if is_kept, or if there is a finding in it. */
void tally_take(struct launch *launch, int is_kept);

/* The same, when all launches were taken. Where something leaked it is no finding. */
void tally_take_race(struct race *race);

/* A launch that isn't to be told; it becomes ours. */
void tally_leave_out(struct launch *launch);

/* Is each of the launch's findings one that others from its place had before? */
int tally_knows(const struct launch *launch);

/* Findings that nobody wants to be told of; they are counted as such. */
void tally_suppress(int (*is_unwanted)(const struct group *group));

/* In the order in which they were over; the next is in ->next. */
const struct launch *tally_kept(void);

const struct group *tally_groups(void);

/* No findings: programs that handed on what they had been given, with that as leaks. */
const struct group *tally_passed(void);
const struct counts *tally_counts(void);
void tally_free(void);

#endif
