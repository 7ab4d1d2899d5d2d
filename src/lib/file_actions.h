/* SPDX-License-Identifier: MIT */
/* posix_spawn's file actions, in objects of libc's type. */
#ifndef LIB_FILE_ACTIONS_H
#define LIB_FILE_ACTIONS_H

#include <spawn.h>

#include "plan/actions.h"

/*
 * What the object holds; NULL is an object that holds nothing. 0: it isn't ours but
 * libc's, which only libc's functions can read.
 */
int spu__read_actions(const posix_spawn_file_actions_t *object, struct actions *ret);

#endif
