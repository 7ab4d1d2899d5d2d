/* SPDX-License-Identifier: MIT */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include "../spawnutil.h"

/* spu_spawn() with options that spu__accept() has passed. */
int spu__spawn(struct spu_child *ret_child, char *const argv[], const struct spu_options *options,
	       struct spu_error *ret_error);

#endif
