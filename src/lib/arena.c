/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdlib.h>

void *spu__allot(struct arena *arena, size_t size)
{
	size_t whole = (size + 15) & ~(size_t)15;
	char *memory;

	if (!arena || whole > (size_t)(arena->end - arena->next))
		return malloc(size);
	memory = arena->next;
	arena->next += whole;
	return memory;
}

void spu__give_back(struct arena *arena, void *memory)
{
	char *p = memory;

	if (arena && p >= arena->begin && p < arena->end)
		arena->next = p;
	else
		free(memory);
}
