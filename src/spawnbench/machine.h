/* SPDX-License-Identifier: MIT */
/* What the machine says about itself, for the head of the tables. */
#ifndef SPAWNBENCH_MACHINE_H
#define SPAWNBENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A field of /proc/meminfo in bytes; 0 if it isn't there. */
uint64_t machine_memory(const char *field);

/* Processors, model, memory, kernel, libc and load, in lines. */
void machine_print(FILE *out);

#endif
