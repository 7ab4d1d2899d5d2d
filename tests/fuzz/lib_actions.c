/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever file actions there are, the plan that is made of
 * them does what posix_spawn's do one after the other, or fails at the same one.
 */
#include "simulated.h"

#define ACTIONS 32

static char *const argv[] = {"program", NULL};

static void take_action(struct bytes *bytes, const struct held_fd *own, struct action *action,
			char path[16])
{
	unsigned how = take(bytes);

	*action = (struct action){.kind = (enum action_kind)(how % 7), .fd = take_number(bytes)};
	if (action->kind == ACTION_COPY)
		action->source = how & 64 ? action->fd : take_source(bytes, own);
	if (action->kind == ACTION_OPEN || action->kind == ACTION_CHDIR) {
		snprintf(path, 16, how & 64 ? "/dev/fd/%d" : "file.%d", take_number(bytes));
		action->path = path;
		action->flags = how & 128 ? O_CLOEXEC : 0;
	}
}

/* POSIX's words, on a table: 0, or what fails at *ret_index. is_given: by an action */
static int follow(const struct actions *actions, struct held_fd *own, char *is_given,
		  int *ret_index)
{
	const struct action *action;
	int n, i;

	for (i = 0; i < (int)actions->count; i++) {
		action = &actions->list[i];
		*ret_index = i;
		n = action->path ? number_in_path(action->path) : -1;
		if (n >= 0 && !own[n].inode)
			return -ENOENT;
		switch (action->kind) {
		case ACTION_CLOSE:
		case ACTION_CLOSE_FROM:
			n = action->kind == ACTION_CLOSE ? action->fd + 1 : NUMBERS;
			memset(&own[action->fd], 0, (size_t)(n - action->fd) * sizeof(*own));
			memset(&is_given[action->fd], 0, (size_t)(n - action->fd));
			break;
		case ACTION_COPY:
			if (!own[action->source].inode)
				return -EBADF;
			own[action->fd] = own[action->source];
			own[action->fd].cloexec = 0;
			is_given[action->fd] = 1;
			break;
		case ACTION_OPEN:
			/* what is there is closed first, by its name too */
			if (n == action->fd)
				return -ENOENT;
			own[action->fd] = n >= 0 ? own[n] : file_of_path(action->path);
			own[action->fd].cloexec = (action->flags & O_CLOEXEC) != 0;
			is_given[action->fd] = 1;
			break;
		case ACTION_FCHDIR:
		case ACTION_FOREGROUND:
			if (!own[action->fd].inode)
				return -EBADF;
			break;
		case ACTION_CHDIR:
			break;
		}
	}
	return 0;
}

/* What exec leaves, and what is closed where all is that nobody gave. */
static void promise(const struct actions *actions, int closes, struct held_fd *own,
		    const char *is_given)
{
	int n;

	for (n = 0; n < NUMBERS; n++)
		if (own[n].cloexec || (closes && n > 2 && !is_given[n] &&
				       (!actions->path || number_in_path(actions->path) != n)))
			own[n] = (struct held_fd){0, 0, 0};
}

/* A launch begins with the caller's table only where all that is read of it is there. */
static int sources_are_open(const struct table *table, const struct held_fd *own)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->given[i].source >= 0 && !own[table->given[i].source].inode)
			return 0;
	return 1;
}

static struct simulated child;

static void compare(int r, const struct actions *actions, int closes)
{
	static struct held_fd wanted[NUMBERS];
	static char is_given[NUMBERS];
	int index = -1, expected;

	memset(is_given, 0, sizeof(is_given));
	memcpy(wanted, child.parent, sizeof(wanted));
	expected = follow(actions, wanted, is_given, &index);
	if (r != expected)
		FAULT("%d at step %d, not %d at action %d\n", r, child.at, expected, index);
	if (r < 0 && child.plan->steps[child.at].index != index)
		FAULT("action %d failed, not %d\n", child.plan->steps[child.at].index, index);
	if (r < 0)
		return;
	promise(actions, closes, wanted, is_given);
	compare_tables(child.own, wanted);
}

static void try_plan(struct bytes *bytes, const struct actions *actions)
{
	struct given *given = malloc(ACTIONS_ROOM(actions->count) * sizeof(*given));
	struct spu_options options = SPU_OPTIONS_INIT;
	unsigned how = take(bytes);
	struct plan_request request = {
		.argv = argv, .environ = argv + 1, .options = &options, .actions = actions,
		.path = "/a:/b",
		.table = {.given = given, .held = {-1, -1, -1}, .parent = 4711, .holder = 4711,
			  .closes = how & 1, .by_hand = (how & 3) == 2},
	};
	struct table *table = &request.table;
	static char named[NUMBERS];
	struct plan plan;
	void *block;
	size_t i;
	int r;

	table->count = spu__give_actions(actions, given);
	table->is_shared = (how & 3) == 1 && sources_are_open(table, child.parent);
	table->may_fetch = table->is_shared && how & 8;
	table->reads = spu__highest_read(given, table->count, table->may_fetch);
	memset(named, 0, sizeof(named));
	for (i = 0; i < table->count; i++)
		named[given[i].fd] = 1;
	take_held(bytes, table->is_shared ? 0 : how >> 4 & 1, child.parent, named, table);
	if (spu__compile(&request, &plan, &block) < 0)
		FAULT("no plan\n");
	child.plan = &plan;
	child.is_shared = table->is_shared;
	r = simulate(&child);
	compare(r, actions, table->closes);
	free(block);
	free(given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char paths[ACTIONS + 1][16];
	struct action list[ACTIONS];
	struct bytes bytes = {data, data + size};
	unsigned first = take(&bytes);
	struct actions actions = {.list = list, .count = first % (ACTIONS + 1)};
	size_t i;

	take_table(&bytes, child.parent);
	for (i = 0; i < actions.count; i++)
		take_action(&bytes, child.parent, &list[i], paths[i]);
	if (first & 128) {
		snprintf(paths[i], sizeof(paths[i]), "/dev/fd/%d", take_number(&bytes));
		actions.path = paths[i];
	}
	try_plan(&bytes, &actions);
	return 0;
}
