/* SPDX-License-Identifier: MIT */
/*
 * Launches that are over, on their way to who gets them. To name a place takes long,
 * and events wait meanwhile: those that have one wait for a quiet time.
 */
#ifndef SPAWNAUDIT_ENDING_H
#define SPAWNAUDIT_ENDING_H

#include "../record/launch.h"
#include "processes.h"

/* Who gets each, and frees it. */
void ending_setup(void (*take)(struct launch *launch));

/* At once; image is let go, and NULL where no place is to be named. */
void ending_tell(struct launch *launch, struct image *image);

/* Later; with very many, the first of them now. */
void ending_put_off(struct launch *launch, struct image *image);

int ending_is_awaited(void);
void ending_tell_first(void);

#endif
