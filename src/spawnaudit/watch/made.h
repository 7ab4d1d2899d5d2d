/* SPDX-License-Identifier: MIT */
/* Who made the descriptors that cross an exec, as the kernel told of them. */
#ifndef SPAWNAUDIT_MADE_H
#define SPAWNAUDIT_MADE_H

#include "events.h"
#include "processes.h"

/* The process made some; its image is of the program that did, or NULL. */
void made_take(struct watched *watched, const struct event_made *made,
	       const struct registers *registers);

/* It executes a program: what it doesn't get is forgotten. */
void made_cross(struct watched *watched);

int made_is_known(const struct watched *watched, const struct event_file *file);

/* Where what crosses comes from is written into a launch's leak. */
void made_tell(const struct watched *watched, const struct event_file *file, struct leak *leak);

/* Where the origin's call was made, if that isn't known and can be: slow. */
void made_locate(struct origin *origin);

#endif
