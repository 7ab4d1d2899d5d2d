/* SPDX-License-Identifier: MIT */
#ifndef LIB_ACCEPT_H
#define LIB_ACCEPT_H

#include "../spawnutil.h"

/* By whom: what not every call can carry out, it refuses. */
enum acceptance {
	BY_LAUNCH,
	BY_STREAM,	/* accepted again as a launch, when the streams that it closes are known */
	BY_WAIT,
	BY_EXEC
};

/*
 * What each call does with the options that it is given, first of all: the checked
 * copy, and the looks at the calling thread's table, for what isn't open there and for
 * what SPU_LEAKS_FAIL asks for.
 */
int spu__accept(char *const argv[], const struct spu_options *options, enum acceptance by,
		struct spu_options *ret_options, struct spu_error *ret_error);

#endif
