/* SPDX-License-Identifier: MIT */
/* Which files are libc's, by their names. */
#ifndef SPAWNAUDIT_LIBC_H
#define SPAWNAUDIT_LIBC_H

/* Is it of libc, by the name of the file? The dynamic linker counts. */
int file_is_libc(const char *path);

#endif
