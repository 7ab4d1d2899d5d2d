/* SPDX-License-Identifier: MIT */
/*
 * In place of libc's malloc where safespawn is made with STATIC=musl: a program
 * that is to start fast, allocates little and ends soon frees nothing. A heap
 * would cost it more to map, and page by page to touch, than all else that it
 * does before the launch. Not for programs with threads.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK ((size_t)1 << 20)

struct block {
	_Alignas(max_align_t) size_t size;
	_Alignas(max_align_t) char bytes[];
};

/*
 * Enough for a plain command line. Common, and so behind everything else that is
 * zero at first: what isn't used of it isn't touched.
 */
__attribute__((common)) _Alignas(max_align_t) char static_malloc_arena[16384];
static char *next = static_malloc_arena;
static char *end = static_malloc_arena + sizeof(static_malloc_arena);

/* Nothing is used twice, so what it gives is zero. NULL: there is no more memory. */
static char *take(size_t size)
{
	char *taken;

	if (size > (size_t)(end - next)) {
		size_t mapped = size > CHUNK ? size : CHUNK;

		taken = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
		if (taken == MAP_FAILED)
			return NULL;
		next = taken;
		end = taken + mapped;
	}
	taken = next;
	next += size;
	return taken;
}

/* Rounded up, or 0 if it's too large. */
static size_t room_for(size_t size)
{
	const size_t mask = _Alignof(max_align_t) - 1;

	return size > PTRDIFF_MAX - CHUNK ? 0 : (size + sizeof(struct block) + mask) & ~mask;
}

void *malloc(size_t size)
{
	size_t room = room_for(size);
	struct block *block = room ? (struct block *)take(room) : NULL;

	if (!block) {
		errno = ENOMEM;
		return NULL;
	}
	block->size = size;
	return block->bytes;
}

void *calloc(size_t count, size_t size)
{
	size_t all;

	return malloc(__builtin_mul_overflow(count, size, &all) ? SIZE_MAX : all);
}

/* Lists grow one by one: the last block grows where it is. */
void *realloc(void *old, size_t size)
{
	struct block *block = old ? (struct block *)((char *)old - sizeof(*block)) : NULL;
	size_t room = room_for(size);
	void *moved;

	if (block && size <= block->size)
		return old;
	if (block && room && next == (char *)block + room_for(block->size) &&
	    room <= (size_t)(end - (char *)block)) {
		next = (char *)block + room;
		block->size = size;
		return old;
	}
	moved = malloc(size);
	if (moved && block)
		memcpy(moved, old, block->size < size ? block->size : size);
	return moved;
}

void free(void *block)
{
	(void)block;
}
