/* SPDX-License-Identifier: MIT */
/*
 * Which language runtimes are in a process: by the files that it has mapped.
 * Works on a process that runs as on one that is stopped, and needs the right
 * to read its memory map. A file is opened at most once, and remembered: the
 * second look at processes that map the same files costs one read of the map.
 */
#ifndef SPAWNAUDIT_RUNTIMES_H
#define SPAWNAUDIT_RUNTIMES_H

#include <stddef.h>
#include <sys/types.h>

#define RUNTIMES_MAX 8

struct runtime {
	const char *name;	/* "Go", "JVM", "CoreCLR", "CPython", "Node" */
	int has_threads;	/* it never works with the forking thread alone */
	char *file;		/* the file in which it lies, as the map has it */
};

struct runtimes {
	struct runtime list[RUNTIMES_MAX];
	size_t count;
};

/* 0, for runtimes_clear(); or a negative errno value, as process_maps(). */
int runtimes_find(pid_t pid, struct runtimes *ret);
void runtimes_clear(struct runtimes *runtimes);

#endif
