/* SPDX-License-Identifier: MIT */
/*
 * Can a copy go on? Asks the room that judges for --stuck too, when the copy begins to
 * wait, and from time to time when it makes no calls that we see. Keeps launch->hang,
 * and launch->held_by of one that is no copy.
 */
#ifndef SPAWNAUDIT_HANGING_H
#define SPAWNAUDIT_HANGING_H

#include "../look/machine.h"
#include "../record/launch.h"
#include "tasks.h"

/* The task is stopped at the beginning of a call, launch->current. */
void hanging_enter(const struct task *task, const struct registers *entry);

/* launch->current is over; or, not returned, was left. */
void hanging_leave(struct launch *launch, int returned);

/*
 * Does it wait while its caller is suspended, as that of vfork is, for long already?
 * Sets launch->held_by.
 */
void hanging_look_at_caller(const struct tracee *tracee, int64_t now);

/* A look at a process that runs, if one is due, or must be. now: ns since its birth */
void hanging_look(const struct tracee *tracee, int64_t now, int must);

#endif
