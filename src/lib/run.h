/* SPDX-License-Identifier: MIT */
/* For the calls that launch and wait. */
#ifndef LIB_RUN_H
#define LIB_RUN_H

#include "../spawnutil.h"

/*
 * Accepts the options, and gives the child a group of its own where it may have to
 * be ended.
 */
int spu__accept_for_wait(char *const argv[], const struct spu_options *options,
			 struct spu_options *ret_options, struct spu_error *ret_error);
/* What came of waiting, r, as the result; name is what was waited for. */
int spu__wait_result(int r, const char *name, const struct spu_options *options,
		     struct spu_error *ret_error);

#endif
