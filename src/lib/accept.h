/* SPDX-License-Identifier: MIT */
#ifndef LIB_ACCEPT_H
#define LIB_ACCEPT_H

#include "../spawnutil.h"

/*
 * What each call does with the options that it is given, first of all: the checked
 * copy, and the look at the calling thread's table that SPU_LEAKS_FAIL asks for.
 */
int spu__accept(char *const argv[], const struct spu_options *options,
		struct spu_options *ret_options, struct spu_error *ret_error);

#endif
