/* SPDX-License-Identifier: MIT */
/* The memory of a parent: whether there is enough, and holding it. */
#ifndef SPAWNBENCH_MEMORY_H
#define SPAWNBENCH_MEMORY_H

#include <stdint.h>

/* What is missing is said on stderr, and the result negative. */
int memory_check(uint64_t size, int huge);

/*
 * Maps and touches that much, in 4 KiB pages or in huge ones, for the rest of
 * the process's life, and looks whether the kernel agrees that it is there.
 */
int memory_hold(uint64_t size, int huge);

/* What memory_hold() made, *ret_size bytes; NULL and 0 when it didn't. */
volatile char *memory_held(uint64_t *ret_size);

#endif
