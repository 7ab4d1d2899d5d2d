/* SPDX-License-Identifier: MIT */
/* What lies where the program itself does: in a build directory, its companions. */
#ifndef COMMON_BESIDE_H
#define COMMON_BESIDE_H

/* DIRECTORY/name, the caller's to free(), there or not; NULL: no /proc, or no memory. */
char *path_beside_program(const char *name);

#endif
