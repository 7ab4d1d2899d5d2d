/* SPDX-License-Identifier: MIT */
/* Pure: what file actions do to a descriptor table, and their steps. */
#include "actions.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
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
	else if (!(given->flags & IS_OPEN) || given->flags & IS_COPIED)
		given->flags |= IS_NEEDED;	/* it isn't the caller's, or fails there */
}

/* A name of a descriptor's: the caller's, or what an action has put there. -1 */
static int named_number(const char *path)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		size_t length = strlen(directories[i]);
		char *end;
		long fd;

		if (strncmp(path, directories[i], length) != 0)
			continue;
		fd = strtol(path + length, &end, 10);
		if (end > path + length && (!*end || *end == '/') && fd >= 0 && fd < INT_MAX)
			return (int)fd;
	}
	return -1;
}

static void read_path(struct followed *followed, const char *path)
{
	int fd = named_number(path);

	if (fd >= 0)
		read_number(followed, fd, IS_NEEDED);
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
		read_path(followed, action->path);
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
		read_path(followed, action->path);
		break;
	}
}

/* Exec needs it, and so does the interpreter of a script: it stays, as without us. */
static void keep_program(struct followed *followed, const char *path)
{
	int fd = path ? named_number(path) : -1;

	if (fd < 0)
		return;
	read_number(followed, fd, IS_NEEDED);
	follow(followed, fd)->flags |= IS_OPEN;
}

/* Numbers that no action names, for what is fetched; the last one is the parent's pidfd's. */
static int next_unnamed(const struct given *given, size_t count, int after)
{
	int fd = after + 1;
	size_t i;

	for (i = 0; i < count && given[i].fd <= fd; i++)
		fd += given[i].fd == fd;
	return fd;
}

static int is_far(const struct given *given)
{
	return given->is_settled && given->source >= FETCH_FROM;
}

static void choose_places(struct given *given, size_t count)
{
	int fd = 2;
	size_t i;

	for (i = 0; i < count; i++)
		if (is_far(&given[i]))
			fd = given[i].from = next_unnamed(given, count, fd);
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
	keep_program(&followed, actions->path);
	for (i = 0; i < followed.count; i++) {
		int flags = ret[i].flags;

		ret[i].kind = (flags & IS_OPEN) ? GIVEN_INHERIT : GIVEN_CLOSED;
		ret[i].source = (flags & (IS_COPIED | IS_NEEDED)) ? ret[i].fd : -1;
		ret[i].is_settled = !(flags & IS_NEEDED);
		ret[i].flags = 0;
	}
	choose_places(ret, followed.count);
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

/* What is fetched is closed again with all else below. */
int spu__highest_read(const struct given *given, size_t count, int may_fetch)
{
	int highest = -1;
	size_t i;

	for (i = 0; i < count; i++) {
		int fd = may_fetch && is_far(&given[i]) ? given[i].from : given[i].source;

		if (fd > highest)
			highest = fd;
	}
	return highest;
}

/*
 * ---- Steps
 */

/*
 * First of all: where that is refused, nothing has been done that can't be done
 * twice. What is fetched is close-on-exec.
 */
static void add_fetches(struct plan *plan, const struct table *table)
{
	const struct given *given = table->given, *end = given + table->count, *last = NULL;
	int pidfd = 2;

	if (!table->is_shared || !table->may_fetch)
		return;
	for (; given < end; given++)
		if (is_far(given) && given->from > pidfd)
			pidfd = given->from;
	pidfd = next_unnamed(table->given, table->count, pidfd);
	for (given = table->given; given < end; given++) {
		if (!is_far(given))
			continue;
		if (!last)
			spu__add_fetching(plan, table, given, pidfd);
		spu__add_fetch(plan, given, given->from, pidfd, O_CLOEXEC);
		last = given;
	}
	if (last)
		spu__add_about(plan, STEP_FETCH_END, last, pidfd, 0, 0);
}

/* Where what is copied is by then */
static int find_source(const struct table *table, const struct action *action)
{
	const struct given *given;

	if (!table->is_shared || !table->may_fetch || action->source < FETCH_FROM)
		return action->source;
	given = spu__find_given(table->given, table->count, action->source);
	return given && is_far(given) ? given->from : action->source;
}

static void add_copy(struct plan *plan, const struct action *action, const struct table *table,
		     const struct given *given)
{
	if (action->source == action->fd)
		/* POSIX.1-2024 has that take close-on-exec off */
		spu__add_about(plan, STEP_MOVE_KEEP, given, action->fd, F_SETFD, 0);
	else
		spu__add_about(plan, STEP_MOVE, given, find_source(table, action), action->fd, 0);
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
	int asked = table->closes;	/* with the tail */
	size_t i;

	add_fetches(plan, table);
	for (i = 0; i < actions->count; i++) {
		const struct action *action = &actions->list[i];
		const struct given *given = &table->given[table->count + i];

		switch (action->kind) {
		case ACTION_CLOSE:
			spu__add_about(plan, STEP_CLOSE_ONE, given, action->fd, 0, 0);
			break;
		case ACTION_COPY:
			add_copy(plan, action, table, given);
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
