/* SPDX-License-Identifier: MIT */
#ifndef LIB_ACCEPT_H
#define LIB_ACCEPT_H

#include "../spawnutil.h"

/* By whom: what not every call can carry out, it refuses. */
enum acceptance {
	BY_LAUNCH,
	BY_STREAM,	/* accepted again as a launch, when the streams that it closes are known */
	BY_WAIT,
	BY_CAPTURE,	/* waits, too */
	BY_EXEC
};

/*
 * What each call does with the options that it is given, first of all: the checked
 * copy, and the looks at the calling thread's table, for what isn't open there and for
 * what SPU_LEAKS_FAIL asks for. BY_STREAM and BY_CAPTURE look for the former later.
 */
int spu__accept(char *const argv[], const struct spu_options *options, enum acceptance by,
		struct spu_options *ret_options, struct spu_error *ret_error);

/*
 * For those whose call has entries of its own: before anything of ours is open, which the
 * child would take for it. own: the number of one that isn't among the entries yet, or -1.
 */
int spu__refuse_closed(const struct spu_options *options, int own, struct spu_error *ret_error);

#endif
