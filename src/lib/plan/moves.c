/* SPDX-License-Identifier: MIT */
/*
 * Pure: in which order descriptors are moved so that none overwrites what a
 * later move reads. Knows numbers only, calls no kernel.
 */
#include <errno.h>
#include <stdlib.h>

#include "given.h"

struct pending {
	const struct given *given;
	size_t readers;		/* pending moves whose source is this one's target */
	int from_spare;		/* its source was saved before it was overwritten */
	int done;
};

struct order {
	struct pending *pending;
	size_t count;
	size_t *ready;		/* indices whose target nobody reads any more */
	size_t ready_count;
	struct move *moves;
	int move_count;
};

/* given is sorted by fd, and so is pending. */
static struct pending *find_target(const struct order *order, int fd)
{
	size_t low = 0, high = order->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order->pending[middle].given->fd == fd)
			return &order->pending[middle];
		if (order->pending[middle].given->fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void emit(struct order *order, enum move_kind kind, const struct given *given)
{
	order->moves[order->move_count++] = (struct move){kind, given->fd, given->source, given};
}

static void mark_ready(struct order *order, const struct pending *pending)
{
	order->ready[order->ready_count++] = (size_t)(pending - order->pending);
}

static void make_ready_moves(struct order *order)
{
	while (order->ready_count > 0) {
		struct pending *next = &order->pending[order->ready[--order->ready_count]];
		struct pending *freed = find_target(order, next->given->source);

		next->done = 1;
		if (next->from_spare) {
			emit(order, MOVE_RESTORE, next->given);
			emit(order, MOVE_DROP, next->given);
			continue;
		}
		emit(order, MOVE_DUP, next->given);
		if (freed && !freed->done && --freed->readers == 0)
			mark_ready(order, freed);
	}
}

/* In a cycle: the one that reads what "first" is to overwrite. */
static struct pending *find_reader(const struct order *order, const struct pending *first)
{
	struct pending *reader = find_target(order, first->given->source);

	while (reader->given->source != first->given->fd)
		reader = find_target(order, reader->given->source);
	return reader;
}

/* What is left are simple cycles: each target has one reader, which is turned to the spare. */
static void break_cycles(struct order *order)
{
	size_t i;

	for (i = 0; i < order->count; i++) {
		struct pending *first = &order->pending[i];

		if (first->done)
			continue;
		order->moves[order->move_count++] = (struct move){
			MOVE_SAVE, first->given->fd, first->given->fd, first->given};
		find_reader(order, first)->from_spare = 1;
		first->readers = 0;
		mark_ready(order, first);
		make_ready_moves(order);
	}
}

int spu__order_moves(const struct given *given, size_t count, struct move *ret_moves)
{
	struct order order = {.moves = ret_moves};
	size_t i, moving = 0;

	for (i = 0; i < count; i++)
		moving += given[i].kind == GIVEN_MOVE;
	if (moving == 0)
		return 0;
	order.pending = calloc(moving, sizeof(*order.pending) + sizeof(*order.ready));
	if (!order.pending)
		return -ENOMEM;
	order.ready = (size_t *)(order.pending + moving);
	for (i = 0; i < count; i++)
		if (given[i].kind == GIVEN_MOVE && given[i].source != given[i].fd)
			order.pending[order.count++].given = &given[i];
	for (i = 0; i < order.count; i++) {
		struct pending *read = find_target(&order, order.pending[i].given->source);

		if (read)
			read->readers++;
	}
	for (i = 0; i < order.count; i++)
		if (order.pending[i].readers == 0)
			mark_ready(&order, &order.pending[i]);
	make_ready_moves(&order);
	break_cycles(&order);
	for (i = 0; i < count; i++)
		if (given[i].kind == GIVEN_MOVE && given[i].source == given[i].fd)
			emit(&order, MOVE_KEEP, &given[i]);
	free(order.pending);
	return order.move_count;
}
