/* SPDX-License-Identifier: MIT */
/*
 * Which launches are worth stopping the child at each system call. Where no lock
 * can be lost (memory is shared, or the parent has one thread) a program's first
 * launch of a kind tells what the others do as well, and a stop costs more than a
 * call: glibc's posix_spawn makes up to 120 of them.
 */
#ifndef SPAWNAUDIT_LEARNING_H
#define SPAWNAUDIT_LEARNING_H

#include "../record/launch.h"

/* Is this the first of its kind, or the one after a failure? */
int learning_wants(const struct launch *launch);

/* Did it close all above some number, or one of its kind whose calls were seen? */
int learning_closes_rest(const struct launch *launch);

/* How one ended: after a failure the next is looked at again, so that it says why. */
void learning_note(const struct launch *launch);

#endif
