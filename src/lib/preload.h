/* SPDX-License-Identifier: MIT */
/* What system.c and popen.c give to preload.c, which stands in for libc's own functions. */
#ifndef LIB_PRELOAD_H
#define LIB_PRELOAD_H

#include <stdio.h>

/* spu_system() and spu_popen(), with another leak policy: SPU_LEAKS_x. */
int spu__system(const char *command, unsigned leaks);
FILE *spu__popen(const char *command, const char *mode, unsigned leaks);

/*
 * spu_pclose(), the stream closed by the function given, libc's fclose; for who
 * has put one of its own in that one's place. 1, with *ret_result as
 * spu_pclose() returns it; 0: no stream of ours, which was not touched. Costs
 * next to nothing where no stream of ours is open.
 */
int spu__pclose(FILE *stream, int (*close_stream)(FILE *stream), int *ret_result);

#endif
