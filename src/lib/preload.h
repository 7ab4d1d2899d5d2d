/* SPDX-License-Identifier: MIT */
/* What system.c and popen.c give to preload.c, which stands in for libc's own functions. */
#ifndef LIB_PRELOAD_H
#define LIB_PRELOAD_H

#include "../spawnutil.h"

/* spu_system() and spu_popen(), with another leak policy: SPU_LEAKS_x. */
int spu__system(const char *command, unsigned leaks);
FILE *spu__popen(const char *command, const char *mode, unsigned leaks);

/* spu_pclose(), where libc's pclose() is the function given. */
int spu__pclose(FILE *stream, int (*next_pclose)(FILE *stream));

#endif
