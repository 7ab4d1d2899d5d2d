/* SPDX-License-Identifier: MIT */
/*
 * A launch: what was checked and acquired for it, once, and the plan of its next
 * attempt.
 */
#ifndef LIB_LAUNCH_H
#define LIB_LAUNCH_H

#include "../arena.h"
#include "../plan/actions.h"
#include "ends.h"

enum purpose {
	FOR_CHILD,
	FOR_EXPLAIN,
	FOR_EXEC	/* in place: no child */
};

struct launch {
	enum purpose purpose;
	char *const *argv;
	struct spu_options options;	/* checked, defaults filled in */
	const struct actions *actions;	/* in place of what options give, or NULL */
	struct spu_error *ret_error;
	struct arena *arena;	/* or NULL */
	int64_t deadline;	/* by which its program is to be executed, or NEVER */
	/* acquired once */
	char *stacks;		/* for the child; NULL: they lie on the caller's */
	struct ends ends;
	struct given *given;	/* sorted; allocated. Behind them, what each of the actions opens */
	size_t given_count;
	char *path;		/* a copy of PATH: another thread may change the environment */
	int changes_ids;
	/* what an attempt before this one has shown */
	int copies_memory;	/* the child doesn't share ours */
	int is_ordinary;	/* nor begins with our descriptor table */
	/* of this attempt */
	struct plan plan;
	void *plan_block;
};

/*
 * Acquires. The options are checked; with actions they give no descriptors. arena:
 * where the launch gets its memory, and the child its stacks; or NULL. On failure
 * nothing stays, and it is not to be closed.
 */
int spu__open_launch(struct launch *ret, char *const argv[], const struct spu_options *options,
		     const struct actions *actions, enum purpose purpose, struct arena *arena,
		     struct spu_error *ret_error);

/* Makes the plan of the next attempt, and its error pipe where it needs one. */
int spu__plan_launch(struct launch *launch);

/* What the steps before "at" have done that can't be done twice isn't in the next plan. */
void spu__keep_what_was_made(struct launch *launch, int at);

void spu__close_launch(struct launch *launch, int succeeded);

#endif
