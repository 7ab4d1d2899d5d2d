/* SPDX-License-Identifier: MIT */
/* Pure: moves, fetches, opens, and the closing of all else, as steps. */
#include "table.h"

#include <fcntl.h>
#include <limits.h>

void spu__choose_fetches(const struct table *table)
{
	struct given *given = table->given, *end = given + table->count;

	for (; given < end; given++)
		if (given->kind == GIVEN_MOVE || given->kind == GIVEN_FETCH)
			given->kind = table->is_shared && table->may_fetch &&
				      given->source >= FETCH_FROM ? GIVEN_FETCH : GIVEN_MOVE;
}

/* The highest number that the child must find in its table when it starts. */
static long highest_source(const struct table *table)
{
	long highest = 2;
	size_t i;

	if (table->reads > highest)
		highest = table->reads;
	for (i = 0; i < HELD; i++)
		if (table->held[i] > highest)
			highest = table->held[i];
	for (i = 0; i < table->count; i++)
		if (table->given[i].kind == GIVEN_MOVE && table->given[i].source > highest)
			highest = table->given[i].source;
	return highest;
}

struct step *spu__add_about(struct plan *plan, enum step_kind kind, const struct given *given,
			    long a, long b, long c)
{
	struct step *step;

	spu__add_step3(plan, kind, given ? given->index : -1, a, b, c);
	step = &plan->steps[plan->count - 1];
	step->given = given;
	return step;
}

static void add_close(struct plan *plan, const struct table *table, enum step_kind kind,
		      long first, long last)
{
	spu__add_about(plan, kind, NULL, first, last,
		       table->in_place ? KERNEL_CLOSE_RANGE_CLOEXEC : 0);
}

static void add_move(struct plan *plan, const struct move *move)
{
	switch (move->kind) {
	case MOVE_KEEP:
		spu__add_about(plan, STEP_MOVE_KEEP, move->given, move->fd, F_SETFD, 0);
		break;
	case MOVE_DUP:
		spu__add_about(plan, STEP_MOVE, move->given, move->source, move->fd, 0);
		break;
	case MOVE_SAVE:
		/* The lowest free one: the targets that are left are all sources, so not free. */
		spu__add_about(plan, STEP_MOVE_SAVE, move->given, move->source, F_DUPFD_CLOEXEC,
			       0)->link = LINK_SAVE;
		break;
	case MOVE_RESTORE:
		spu__add_about(plan, STEP_MOVE_RESTORE, move->given, -1, move->fd, 0)->link =
			LINK_SAVED;
		break;
	case MOVE_DROP:
		spu__add_about(plan, STEP_MOVE_DROP, move->given, -1, -1, 0)->link = LINK_SAVED;
		break;
	}
}

long spu__find_held(const struct table *table, long from)
{
	long lowest = -1;
	size_t i;

	for (i = 0; i < HELD; i++)
		if (table->held[i] >= from && (lowest < 0 || table->held[i] < lowest))
			lowest = table->held[i];
	return lowest;
}

/* A descriptor that the child doesn't get, so that its number is free for a while. */
static int find_unused(const struct table *table)
{
	const struct given *given = table->given, *end = given + table->count;
	int fd = 0;

	for (;; fd++) {
		if (given < end && given->fd == fd)
			given++;
		else if (spu__find_held(table, fd) != fd)
			return fd;
	}
}

/* What the step before gave goes to this number, which it may have by chance. */
static void add_placing(struct plan *plan, enum step_kind place, enum step_kind drop,
			const struct given *given, int fd, int flags)
{
	spu__add_about(plan, place, given, -1, fd, flags)->link = LINK_SAVED;
	spu__add_about(plan, drop, given, -1, fd, 0)->link = LINK_SAVED;
}

/*
 * What isn't in the short copy of the table comes from the parent itself,
 * close-on-exec and at the lowest free number. The parent's pidfd stays out of
 * the way of all that are still to come. In another pid namespace the parent's
 * number is somebody else's: getppid() tells.
 */
void spu__add_fetching(struct plan *plan, const struct table *table, const struct given *given,
		       int pidfd)
{
	spu__add_about(plan, STEP_FETCH_HERE, given, table->parent, 0, 0);
	spu__add_about(plan, STEP_FETCH_PARENT, given, table->holder, table->holder_flags, 0)
		->link = LINK_SAVE;
	add_placing(plan, STEP_FETCH_PLACE, STEP_FETCH_DROP, given, pidfd, O_CLOEXEC);
}

void spu__add_fetch(struct plan *plan, const struct given *given, int fd, int pidfd,
		    int placing_flags)
{
	spu__add_about(plan, STEP_FETCH, given, pidfd, given->source, 0)->link = LINK_SAVE;
	add_placing(plan, STEP_FETCH_PLACE, STEP_FETCH_DROP, given, fd, placing_flags);
	if (!(placing_flags & O_CLOEXEC))
		spu__add_about(plan, STEP_FETCH_CLEAR, given, fd, F_SETFD, 0);
}

static void add_fetches(struct plan *plan, const struct table *table)
{
	const struct given *given = table->given, *end = given + table->count, *last = NULL;
	int pidfd = find_unused(table);

	for (; given < end; given++) {
		if (given->kind != GIVEN_FETCH)
			continue;
		if (!last)
			spu__add_fetching(plan, table, given, pidfd);
		spu__add_fetch(plan, given, given->fd, pidfd, 0);
		last = given;
	}
	if (last)
		spu__add_about(plan, STEP_FETCH_END, last, pidfd, 0, 0);
}

/*
 * open gives the lowest free number, which the parent can't know: move it from
 * there. What the number held is closed first, as posix_spawn's addopen does:
 * often it is then the lowest, and no number more is needed than the child has.
 */
void spu__add_open(struct plan *plan, const struct table *table, const struct given *given,
		   int placing_flags)
{
	struct step *step;

	if (!table->in_place)	/* who fails there needs it still */
		spu__add_about(plan, STEP_OPEN_CLEAR, given, given->fd, 0, 0);
	step = spu__add_about(plan, STEP_OPEN, given, AT_FDCWD, (long)given->path, given->flags);
	step->arg[3] = given->mode;
	step->link = LINK_SAVE;
	add_placing(plan, STEP_OPEN_PLACE, STEP_OPEN_DROP, given, given->fd, placing_flags);
}

static void add_opens(struct plan *plan, const struct table *table)
{
	const struct given *given = table->given, *end = given + table->count;

	for (; given < end; given++)
		if (given->kind == GIVEN_OPEN)
			spu__add_open(plan, table, given, 0);
	for (given = table->given; given < end; given++)
		if (given->kind == GIVEN_SAME)
			spu__add_about(plan, STEP_SAME, given, given->source, given->fd, 0);
}

/*
 * Everything up to the tail that the child doesn't get: sources that were
 * moved away are among it, and so is what nobody named.
 */
void spu__add_gaps(struct plan *plan, const struct table *table)
{
	const struct given *given = table->given, *end = given + table->count;
	/* a long may have no room for what is behind the last number */
	int64_t next = 0, highest = highest_source(table);

	while (next <= highest) {
		int64_t kept = highest + 1, held = spu__find_held(table, (long)next);

		while (given < end && (given->fd < next || given->kind == GIVEN_CLOSED))
			given++;
		if (given < end && given->fd < kept)
			kept = given->fd;
		if (held >= 0 && held < kept)
			kept = held;
		if (next < kept)
			add_close(plan, table, STEP_CLOSE_GAP, (long)next, (long)(kept - 1));
		next = kept + 1;
	}
}

void spu__add_question(struct plan *plan, const struct table *table, unsigned flags)
{
	if (!table->by_hand)
		spu__add_about(plan, STEP_ASK_CLOSE, NULL, 1, 0, flags);
}

/* Neighbours together: popen names all its streams. */
static void add_given_closes(struct plan *plan, const struct table *table)
{
	const struct given *given = table->given, *end = given + table->count;
	int asked = 0;

	while (given < end) {
		const struct given *first = given++;

		if (first->kind != GIVEN_CLOSED)
			continue;
		while (given < end && given->kind == GIVEN_CLOSED && given->fd == given[-1].fd + 1)
			given++;
		if (!asked++)
			spu__add_question(plan, table, 0);
		add_close(plan, table, STEP_CLOSE_GAP, first->fd, given[-1].fd);
	}
}

/*
 * The kernel gives the child a private table with the part below first. That
 * must be a multiple of 64, the kernel's word: before Linux 5.18 it copies other
 * parts wrongly (fixed by its commit 1c24a186398f). Below 64 it copies one word
 * whatever first is, and closes the rest of the range itself.
 */
void spu__add_tail(struct plan *plan, const struct table *table)
{
	int64_t next = (int64_t)highest_source(table) + 1;
	long first = (long)next, cut = (long)(next < 64 ? next : (next + 63) & ~(int64_t)63);

	if (!table->closes)
		return;
	spu__add_question(plan, table, table->is_shared ? KERNEL_CLOSE_RANGE_UNSHARE : 0);
	if (!table->is_shared) {
		add_close(plan, table, STEP_CLOSE_TAIL, first, UINT_MAX);
		return;
	}
	spu__add_about(plan, STEP_UNSHARE, NULL, cut, UINT_MAX, KERNEL_CLOSE_RANGE_UNSHARE);
	if (first != cut)
		add_close(plan, table, STEP_CLOSE_TAIL, first, cut - 1);
}

void spu__add_table(struct plan *plan, const struct table *table, const struct move *moves,
		    int move_count)
{
	int i;

	for (i = 0; i < move_count; i++)
		add_move(plan, &moves[i]);
	add_fetches(plan, table);
	add_opens(plan, table);
	if (table->closes)
		spu__add_gaps(plan, table);
	else
		add_given_closes(plan, table);
}

size_t spu__bound_table(const struct table *table)
{
	/* a fetch makes four steps and a gap, six more for the first; the tail three */
	return 6 * table->count + 10;
}
