/* SPDX-License-Identifier: MIT */
/* Rights in the file system, as setpriv(1) writes them. */
#ifndef SAFESPAWN_LANDLOCK_H
#define SAFESPAWN_LANDLOCK_H

#include "spawnutil.h"

/* "fs": all that the kernel knows; "fs:execute,read-file". 0, or -EINVAL. */
int landlock_parse_access(const char *text, uint64_t *ret);

/* "path-beneath:read-file,read-dir:/srv"; the path is a part of the text. 0, or -EINVAL. */
int landlock_parse_rule(const char *text, struct spu_landlock *ret);

#endif
