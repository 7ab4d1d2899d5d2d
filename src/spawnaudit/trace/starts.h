/* SPDX-License-Identifier: MIT */
/*
 * Where the functions of a mapped file begin: by the table of its unwinding rules, which
 * stripped files have too, and by its symbols. What was read is kept for the next process
 * with the file. The audited program chooses the files: nothing in them is believed.
 */
#ifndef SPAWNAUDIT_STARTS_H
#define SPAWNAUDIT_STARTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../look/process.h"

struct start {
	uint64_t offset;	/* in the file */
	const char *name;	/* NULL: it has none */
	int is_exported;	/* other files can call it by that name */
	int is_safe;		/* one of its names is of those in record/safe.h: it is libc's, */
	int is_allocator;	/* and here it isn't */
};

struct starts {
	char *path;
	int is_libc;
	size_t count;
	struct start *list;	/* by offset, each once */
};

/* For starts_let_go(). NULL: it can't be read; without any: it isn't such a file. */
const struct starts *starts_find(pid_t pid, const struct process_mapping *mapping);
void starts_let_go(const struct starts *starts);

/* All, also those that somebody uses. */
void starts_forget(void);

/* The last one that isn't behind the offset; NULL: there is none. */
const struct start *starts_before(const struct starts *starts, uint64_t offset);

#endif
