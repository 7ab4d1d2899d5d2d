/* SPDX-License-Identifier: MIT */
/*
 * Memory beside malloc's, for a launch that may have interrupted it: what is taken
 * last is given back first. An empty one, or NULL, stands for malloc.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stddef.h>

struct arena {
	char *begin, *next, *end;
};

/* NULL: no memory. What doesn't fit comes from malloc. */
void *spu__allot(struct arena *arena, size_t size);
void spu__give_back(struct arena *arena, void *memory);

#endif
