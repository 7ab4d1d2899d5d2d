/* SPDX-License-Identifier: MIT */
/* The ruleset that a child enters by itself: made in the parent, where it restricts nobody. */
#ifndef LIB_LANDLOCK_H
#define LIB_LANDLOCK_H

#include "../../spawnutil.h"

/* A close-on-exec descriptor, or a negative errno value. */
int spu__make_ruleset(const struct spu_options *options, struct spu_error *ret_error);

#endif
