/* SPDX-License-Identifier: MIT */
/* What popen.c gives to a library that stands in for libc's own functions. */
#ifndef POPEN_H
#define POPEN_H

#include <stdio.h>

/*
 * spu_pclose(), the stream closed by the function given, libc's fclose; for who
 * has put one of its own in that one's place. 1, with *ret_result as
 * spu_pclose() returns it; 0: no stream of ours, which was not touched.
 */
int spu__pclose(FILE *stream, int (*close_stream)(FILE *stream), int *ret_result);

#endif
