/* SPDX-License-Identifier: MIT */
/* The steps that make the child's descriptor table. */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include "given.h"
#include "plan.h"

/*
 * Beyond this number, copying the table up to a source (36 ns a number) costs
 * more than fetching it from the parent.
 */
#define FETCH_FROM 512

/* Which they are */
enum { HELD_ERROR_PIPE, HELD_PROGRAM, HELD_RULESET, HELD };

struct table {
	struct given *given;
	size_t count;
	int held[HELD];		/* numbers that the child has until exec closes them; -1 */
	int reads;		/* the caller's highest number that actions read; -1 */
	int closes;		/* all that isn't given, else only what is given as closed */
	int is_shared;		/* begin with the parent's table, and make a short copy */
	int may_fetch;		/* descriptors with high numbers, by pidfd_getfd */
	pid_t parent;		/* of the program, as the child sees it */
	pid_t holder;		/* whose table they are fetched from, for pidfd_open */
	unsigned holder_flags;
	int by_hand;		/* close_range isn't to be had here */
	int in_place;		/* no child: mark instead of close */
};

/* Turns GIVEN_MOVE into GIVEN_FETCH where that is better, and back. First of all. */
void spu__choose_fetches(const struct table *table);

/* In this order; the steps of other things come between the first and the second. */
void spu__add_tail(struct plan *plan, const struct table *table);
void spu__add_table(struct plan *plan, const struct table *table, const struct move *moves,
		    int move_count);

/* The parts of these, for actions, whose order is their own. */

struct step *spu__add_about(struct plan *plan, enum step_kind kind, const struct given *given,
			    long a, long b, long c);
/* Before the first of the calls that close ranges: does it do what it says? */
void spu__add_question(struct plan *plan, const struct table *table, unsigned flags);
/* The lowest that is held from that number on; -1. */
long spu__find_held(const struct table *table, long from);
/* The parent's pidfd at that number; then given->source at fd, for each of them. */
void spu__add_fetching(struct plan *plan, const struct table *table, const struct given *given,
		       int pidfd);
void spu__add_fetch(struct plan *plan, const struct given *given, int fd, int pidfd,
		    int placing_flags);
void spu__add_open(struct plan *plan, const struct table *table, const struct given *given,
		   int placing_flags);
void spu__add_gaps(struct plan *plan, const struct table *table);

/* An upper bound for the number of steps. */
size_t spu__bound_table(const struct table *table);

#endif
