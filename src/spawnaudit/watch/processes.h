/* SPDX-License-Identifier: MIT */
/*
 * The processes that are watched, and what they hold: tables, filled from events and
 * from /proc when watching begins.
 */
#ifndef SPAWNAUDIT_PROCESSES_H
#define SPAWNAUDIT_PROCESSES_H

#include <sys/types.h>

#include "../look/announced.h"
#include "../look/image.h"
#include "../record/descriptors.h"
#include "../record/launch.h"
#include "events.h"

/* Descriptors, by number; copies of a process share them */
struct held {
	int users;
	size_t count, room;
	struct event_file *list;
};

struct held *held_share(struct held *held);
void held_let_go(struct held *held);

/* *held is made when it is NULL. Numbers go up. */
void held_add(struct held **held, const struct event_file *file);

/* The same open file under the same number? held may be NULL. */
int held_has(const struct held *held, const struct event_file *file);

struct watched {
	pid_t pid;
	char *program;		/* its executable; NULL: unknown */
	char *script;		/* that this runs; NULL: none, or not known */
	int is_inside;		/* it is to be told of */
	unsigned lost_threads;	/* it is a copy of a process with so many */
	unsigned generation;	/* how often it executed a program */
	struct held *given;	/* what its last exec gave it, or its parent's, */
	int is_known;		/* if that is known: it may have ended before we looked */
	struct descriptors *descriptors;	/* who made them; NULL: nobody asked */
	struct image *image;	/* NULL: not read */
	struct launch *window;	/* its own birth, until its first exec */
	uint64_t parent_code;	/* of the window: as struct event_birth has it */
	struct image *parent_image;
	struct held *inherited;	/* of the window: what its parent would have handed on */
	struct held *crossed;	/* what has crossed the exec that is on its way, */
	struct announced announced;	/* and which of it is named there */
	struct watched *next;
};

struct watched *watched_find(pid_t pid);

/* In the place of one that had the number, if there is one. */
struct watched *watched_add(pid_t pid);
void watched_remove(struct watched *watched);
void watched_visit(void (*visit)(struct watched *watched, void *context), void *context);

#endif
