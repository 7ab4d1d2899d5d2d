/* SPDX-License-Identifier: MIT */
/* Pure: what file actions do to a descriptor table, and their steps. */
#include "actions.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

/*
 * ---- What becomes of each number. While that is followed, flags holds these.
 */

enum {
	IS_CHANGED = 1,		/* it isn't the caller's any more */
	IS_OPEN = 2,		/* by an action, or as one of 0 to 2 */
	IS_COPIED = 4,		/* the caller's was the source of a copy */
	IS_NEEDED = 8		/* and read otherwise, or kept: by its number alone */
};

struct followed {
	struct given *given;
	size_t count;
	int closed_from;	/* all from there on, but for what came later */
};

static struct given *follow(struct followed *followed, int fd)
{
	struct given *given = followed->given;
	size_t low = 0, high = followed->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (given[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == followed->count || given[low].fd != fd) {
		memmove(&given[low + 1], &given[low],
			(followed->count - low) * sizeof(*given));
		given[low] = (struct given){.fd = fd, .index = -1};
		if (fd >= followed->closed_from)
			given[low].flags = IS_CHANGED;
		followed->count++;
	}
	return &given[low];
}

static void read_number(struct followed *followed, int fd, int how)
{
	struct given *given = follow(followed, fd);

	if (!(given->flags & IS_CHANGED))
		given->flags |= how;
	else if (!(given->flags & IS_OPEN))
		given->flags |= IS_NEEDED;	/* it fails there: it isn't to be fetched */
}

static void set_number(struct followed *followed, int fd, int is_open)
{
	struct given *given = follow(followed, fd);

	given->flags = (given->flags & ~IS_OPEN) | IS_CHANGED | (is_open ? IS_OPEN : 0);
}

static void close_numbers(struct followed *followed, int from)
{
	size_t i;

	for (i = 0; i < followed->count; i++)
		if (followed->given[i].fd >= from)
			set_number(followed, followed->given[i].fd, 0);
	if (from < followed->closed_from)
		followed->closed_from = from;
}

static void follow_action(struct followed *followed, const struct action *action)
{
	switch (action->kind) {
	case ACTION_CLOSE:
		set_number(followed, action->fd, 0);
		break;
	case ACTION_COPY:
		read_number(followed, action->source,
			    action->source == action->fd ? IS_NEEDED : IS_COPIED);
		set_number(followed, action->fd, 1);
		break;
	case ACTION_OPEN:
		set_number(followed, action->fd, 1);
		break;
	case ACTION_CLOSE_FROM:
		close_numbers(followed, action->fd);
		break;
	case ACTION_FCHDIR:
	case ACTION_FOREGROUND:
		read_number(followed, action->fd, IS_NEEDED);
		break;
	case ACTION_CHDIR:
		break;
	}
}

size_t spu__give_actions(const struct actions *actions, struct given *ret)
{
	struct followed followed = {.given = ret, .closed_from = INT_MAX};
	size_t i;
	int fd;

	for (fd = 0; fd <= 2; fd++)
		follow(&followed, fd)->flags = IS_OPEN;
	for (i = 0; i < actions->count; i++)
		follow_action(&followed, &actions->list[i]);
	for (i = 0; i < followed.count; i++) {
		int flags = ret[i].flags;

		ret[i].kind = (flags & IS_OPEN) ? GIVEN_INHERIT : GIVEN_CLOSED;
		ret[i].source = (flags & (IS_COPIED | IS_NEEDED)) ? ret[i].fd : -1;
		ret[i].is_settled = !(flags & IS_NEEDED);
		ret[i].flags = 0;
	}
	for (i = 0; i < actions->count; i++) {
		const struct action *action = &actions->list[i];

		ret[followed.count + i] = (struct given){
			.fd = action->fd, .kind = GIVEN_OPEN, .source = -1, .index = (int)i,
			.entry = action->kind == ACTION_OPEN ? SPU_FD_OPEN : SPU_FD_MAP,
			.from = action->source, .path = action->path, .flags = action->flags,
			.mode = action->mode,
		};
	}
	return followed.count;
}

static int is_far(const struct given *given)
{
	return given->is_settled && given->source >= FETCH_FROM;
}

int spu__highest_read(const struct given *given, size_t count, int may_fetch)
{
	int highest = -1;
	size_t i;

	for (i = 0; i < count; i++)
		if (given[i].source > highest && !(may_fetch && is_far(&given[i])))
			highest = given[i].source;
	return highest;
}

/*
 * ---- Steps
 */

/* What a copy does on the way, which the kernel knows under the number of the parent's pidfd. */
struct fetching {
	int pidfd;	/* a number that no action names */
	size_t last;	/* the action that fetches the last */
	int is_open;
};

static int is_fetched(const struct table *table, const struct action *action)
{
	const struct given *given;

	if (action->kind != ACTION_COPY || !table->is_shared || !table->may_fetch ||
	    action->source < FETCH_FROM)
		return 0;
	given = spu__find_given(table->given, table->count, action->source);
	return given && is_far(given);
}

static struct fetching prepare_fetching(const struct actions *actions, const struct table *table)
{
	struct fetching fetching = {.pidfd = spu__find_unused(table)};
	size_t i;

	for (i = 0; i < actions->count; i++)
		if (is_fetched(table, &actions->list[i]))
			fetching.last = i;
	return fetching;
}

static void add_copy(struct plan *plan, const struct action *action, const struct table *table,
		     const struct given *given, struct fetching *fetching)
{
	if (is_fetched(table, action)) {
		if (!fetching->is_open++)
			spu__add_fetching(plan, table, given, fetching->pidfd);
		spu__add_fetch(plan, given, action->source, fetching->pidfd);
		if ((size_t)given->index == fetching->last)
			spu__add_about(plan, STEP_FETCH_END, given, fetching->pidfd, 0, 0);
	} else if (action->source == action->fd) {
		/* POSIX.1-2024 has that take close-on-exec off */
		spu__add_about(plan, STEP_MOVE_KEEP, given, action->fd, F_SETFD, 0);
	} else {
		spu__add_about(plan, STEP_MOVE, given, action->source, action->fd, 0);
	}
}

/* But for what is held, which exec closes. */
static void add_close_from(struct plan *plan, const struct table *table, long from, int *asked)
{
	long held;

	if (!*asked)
		spu__add_question(plan, table, 0);
	*asked = 1;
	while ((held = spu__find_held(table, from)) >= 0) {
		if (held > from)
			spu__add_about(plan, STEP_CLOSE_GAP, NULL, from, held - 1, 0);
		from = held + 1;
	}
	spu__add_about(plan, STEP_CLOSE_TAIL, NULL, from, UINT_MAX, 0);
}

void spu__add_actions(struct plan *plan, const struct actions *actions,
		      const struct table *table)
{
	struct fetching fetching = prepare_fetching(actions, table);
	int asked = table->closes;	/* with the tail */
	size_t i;

	for (i = 0; i < actions->count; i++) {
		const struct action *action = &actions->list[i];
		const struct given *given = &table->given[table->count + i];

		switch (action->kind) {
		case ACTION_CLOSE:
			spu__add_about(plan, STEP_CLOSE_ONE, given, action->fd, 0, 0);
			break;
		case ACTION_COPY:
			add_copy(plan, action, table, given, &fetching);
			break;
		case ACTION_OPEN:
			spu__add_open(plan, table, given, given->flags & O_CLOEXEC);
			break;
		case ACTION_CHDIR:
			spu__add_step1(plan, STEP_CWD, (int)i, (long)action->path);
			break;
		case ACTION_FCHDIR:
			spu__add_step1(plan, STEP_FCHDIR, (int)i, action->fd);
			break;
		case ACTION_CLOSE_FROM:
			add_close_from(plan, table, action->fd, &asked);
			break;
		case ACTION_FOREGROUND:
			spu__add_foreground(plan, (int)i, action->fd);
			break;
		}
	}
	if (table->closes)
		spu__add_gaps(plan, table);
}

size_t spu__bound_actions(const struct actions *actions)
{
	/* a fetch makes four steps, four more for the first and one for the last; a gap */
	return 6 * actions->count + 10;
}
