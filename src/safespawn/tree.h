/* SPDX-License-Identifier: MIT */
/*
 * All that descends from the command, whatever session or group it has gone to.
 * As a subreaper we are the parent of what loses its own: nothing gets away, and
 * who has no child left has no descendant either.
 */
#ifndef SAFESPAWN_TREE_H
#define SAFESPAWN_TREE_H

#include <stddef.h>
#include <sys/types.h>

/* A number alone may be another's by now. */
struct identity {
	pid_t pid;
	unsigned long long start;
};

struct identities {
	struct identity *items;
	size_t count;
};

struct tree {
	struct identities before;	/* our children before the launch, and what descends from
					   them: not the command's */
	struct identities told;		/* had the signal */
	int number;			/* that one */
	int looks;			/* since then */
	int group_kill;			/* the file that ends all in the control group, or -1 */
	int is_group_killed;
};

/*
 * Before the launch. cgroup: the directory of the control group that the command will
 * join, or NULL. Says what is wrong: 0, or a negative errno value.
 */
int tree_begin(struct tree *tree, const char *cgroup);

struct tree_left {
	size_t all;		/* also who has ended and isn't reaped; 1 where it can't be told */
	size_t living, refused;	/* of these; those that we may not signal */
	pid_t one;		/* of the latter */
};

/*
 * Who hasn't had this signal yet gets it, and SIGCONT behind it; 0 only counts.
 * One look at /proc isn't a moment: what is forked meanwhile can be missed. But all
 * is 0 only where nobody is left: our child stays there until we reap it, and by the
 * time it has ended its own children are ours.
 * SIGKILL goes to the control group first, and may not have ended all of it yet.
 */
void tree_signal(struct tree *tree, int number, struct tree_left *ret);

#endif
