/* SPDX-License-Identifier: MIT */
/*
 * How a child says when it began to run. Its standard output is a file in
 * memory that this process has mapped; a child that knows about it, called
 * with the number of a lane, writes the time there before it does anything
 * else. Nothing is read or waited for here: no system call is added on this
 * side, and descriptors 0 to 2 cross every kind of launch.
 */
#ifndef SPAWNBENCH_STAMPS_H
#define SPAWNBENCH_STAMPS_H

#include <stddef.h>
#include <stdint.h>

/* For that many lanes; descriptor 1 of this process becomes the file. -errno. */
int stamps_open(size_t lanes);

/* Descriptor 1 becomes /dev/null. */
int stamps_close(void);

/* Forgets what is there; stamps_take() is the time then left, 0 if none was. */
void stamps_reset(size_t lane);
uint64_t stamps_take(size_t lane);

#endif
