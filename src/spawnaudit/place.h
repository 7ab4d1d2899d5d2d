/* SPDX-License-Identifier: MIT */
/*
 * Where in a program something happened: the stack of a thread, unwound with
 * libdw. A snapshot is cheap and is taken while the thread is stopped; it is
 * unwound later, and only if somebody wants to know.
 */
#ifndef SPAWNAUDIT_PLACE_H
#define SPAWNAUDIT_PLACE_H

#include <stdint.h>
#include <sys/types.h>

#include "machine.h"

#define PLACE_FRAMES 24

struct snapshot;
struct libdw_view;

struct frame {
	uint64_t address;
	char *module;		/* the file's name without directories; NULL: none there */
	uint64_t offset;	/* in the module */
	char *function;		/* these three by place_name(); NULL: not known */
	char *file;
	int line;
};

struct place {
	struct libdw_view *view;	/* kept for place_name() */
	size_t count;
	struct frame frames[PLACE_FRAMES];	/* the innermost first */
};

/* Of a stopped thread, with its registers; NULL when these are of a 32-bit program. */
struct snapshot *snapshot_take(pid_t tid, const struct registers *registers);
void snapshot_free(struct snapshot *snapshot);

/*
 * The process that the snapshot is of must be alive still. *view is made when
 * it is NULL; it is to be let go when the process executes another program or
 * ends. NULL: nothing is known.
 */
struct place *place_find(const struct snapshot *snapshot, pid_t pid, struct libdw_view **view);
void place_free(struct place *place);

/* Functions and lines. Reads files and is slow: not while a program waits for us. */
void place_name(struct place *place);

/* Do both stand for the same instructions? Addresses may differ, NULL is a place as well. */
int place_is_same(const struct place *one, const struct place *other);

/* Places that were found with it keep it as long as they need it. */
void libdw_view_let_go(struct libdw_view *view);

#endif
