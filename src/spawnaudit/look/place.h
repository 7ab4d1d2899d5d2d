/* SPDX-License-Identifier: MIT */
/* Where in a program something happened: the stack of a thread, from a snapshot of it. */
#ifndef SPAWNAUDIT_PLACE_H
#define SPAWNAUDIT_PLACE_H

#include "snapshot.h"
#include "view.h"

#define PLACE_FRAMES 64

struct place {
	struct view *view;	/* for place_name(), which lets it go; then NULL */
	const char *ended;	/* why there are no more frames, or NULL */
	int users;
	struct place *next;	/* place_unite()'s */
	size_t count;
	struct frame frames[];	/* the innermost first */
};

/*
 * The process that the snapshot is of must be alive still. *view is made when it
 * is NULL, and may be made anew; it is to be let go when the process executes
 * another program or ends. NULL: nothing is known.
 */
struct place *place_find(const struct snapshot *snapshot, pid_t pid, struct view **view);
struct place *place_share(struct place *place);
void place_let_go(struct place *place);

/*
 * The one that stands for all that are the same: thousands of launches from one place
 * take its memory and its naming once. Takes the caller's, gives one to let go.
 */
struct place *place_unite(struct place *place);
void places_forget(void);

/* Functions and lines. Reads files and is slow: not while a program waits for us. */
void place_name(struct place *place);

/* Do both stand for the same instructions? Addresses may differ, NULL is a place as well. */
int frame_is_same(const struct frame *one, const struct frame *other);
int place_is_same(const struct place *one, const struct place *other);

#endif
