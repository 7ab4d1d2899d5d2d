/* SPDX-License-Identifier: MIT */
/* The same plan by libc's function; what that can't express is refused. */
#ifndef LIB_POSIX_SPAWN_H
#define LIB_POSIX_SPAWN_H

#include "../text.h"
#include "launch.h"

int spu__posix_spawn(const struct launch *launch, struct spu_child *ret_child);
/* Its attributes and file actions, as text. */
int spu__explain_posix_spawn(const struct launch *launch, struct text *text);

#endif
