/* SPDX-License-Identifier: MIT */
/* The descriptors that a program was given by exec, and which of them came by themselves. */
#ifndef SPAWNAUDIT_CROSSING_H
#define SPAWNAUDIT_CROSSING_H

#include "../options.h"
#include "../record/launch.h"
#include "tasks.h"

/* Its window begins, and it stands still: what came by itself is known by this. */
void crossing_birth(struct tracee *tracee);

/*
 * The process stands at its exec: tracee->given is made anew. With a launch (its
 * own, or NULL) what nobody expected is listed there, but for what its parent had been
 * given in the same way, as tracee->given has it from the birth: that was counted once.
 */
void crossing_look(struct tracee *tracee, struct launch *launch, const struct options *options);

#endif
