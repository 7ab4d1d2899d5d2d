/* SPDX-License-Identifier: MIT */
/* Which file it was that exec refused. */
#ifndef LIB_OBSTACLE_H
#define LIB_OBSTACLE_H

struct obstacle {
	int interpreters;	/* that lead there, 0: it is the program, or its loader */
	int is_loader;
	const char *remark;	/* behind its name: ": not executable", ... or "" */
	char path[256];		/* of an interpreter or a loader */
};

/*
 * The program, an interpreter that it or the last one names, or the loader of the
 * last: the first that err can be about, as this process sees them. cwd is where
 * relative paths begin, or NULL. -ENOENT: none of them.
 */
int spu__find_obstacle(const char *cwd, const char *program, int err, struct obstacle *ret);

#endif
