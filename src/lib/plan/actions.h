/* SPDX-License-Identifier: MIT */
/*
 * The front of posix_spawn's file actions: steps in the order in which they were
 * added, where options have each number's last state alone.
 */
#ifndef LIB_ACTIONS_H
#define LIB_ACTIONS_H

#include "table.h"

enum action_kind {
	ACTION_CLOSE,		/* fd */
	ACTION_COPY,		/* source to fd */
	ACTION_OPEN,		/* path, flags and mode, at fd */
	ACTION_CHDIR,		/* path */
	ACTION_FCHDIR,		/* fd */
	ACTION_CLOSE_FROM,	/* fd and all above */
	ACTION_FOREGROUND	/* fd, a terminal */
};

struct action {
	enum action_kind kind;
	int fd;
	int source;
	int flags;
	unsigned mode;
	char *path;
};

/* Beside the options, which hold the attributes: what a launch by actions has. */
struct actions {
	const struct action *list;
	size_t count;
	const char *path;	/* of the program, which isn't looked for then; or NULL */
	int resets_ids;		/* the effective ones become the real ones */
	long real_uid, real_gid;
};

/* Two numbers an action and what it opens, 0 to 2, and the number of the program */
#define ACTIONS_ROOM(count) (3 * (count) + 4)

/*
 * What the actions say of numbers, sorted, each once, 0 to 2 always among them:
 * GIVEN_INHERIT is what the child has in the end. Its source is its number where the
 * caller's descriptor is read, and -1 else; is_settled, where all who read it can
 * have a copy that was fetched at number "from". Behind them stands one entry for each
 * action, with what it opens. ret has ACTIONS_ROOM; the result is how many are sorted.
 */
size_t spu__give_actions(const struct actions *actions, struct given *ret);

/* The highest number that the child must find in its table when it starts, or -1. */
int spu__highest_read(const struct given *given, size_t count, int may_fetch);

/* As spu__add_table() for options; an upper bound of the steps. */
void spu__add_actions(struct plan *plan, const struct actions *actions,
		      const struct table *table);
size_t spu__bound_actions(const struct actions *actions);

#endif
