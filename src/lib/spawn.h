/* SPDX-License-Identifier: MIT */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include "../spawnutil.h"
#include "plan/actions.h"

/* spu_spawn() with options that spu__accept() has passed. */
int spu__spawn(struct spu_child *ret_child, char *const argv[], const struct spu_options *options,
	       struct spu_error *ret_error);

/*
 * spu_spawn() in memory of its own: but for little neither malloc's nor the stack's.
 * For calls that programs make where these are in a bad way, in a handler of SIGSEGV
 * or SIGABRT. What needs malloc all the same: fds, and a file without a slash.
 */
int spu__spawn_apart(struct spu_child *ret_child, char *const argv[],
		     const struct spu_options *options, struct spu_error *ret_error);

/*
 * The same for posix_spawn's front: actions are in the place of fds, and the options,
 * made by it, are complete and not checked.
 */
int spu__spawn_by_actions(struct spu_child *ret_child, char *const argv[],
			  const struct spu_options *options, const struct actions *actions);

#endif
