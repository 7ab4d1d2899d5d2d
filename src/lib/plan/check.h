/* SPDX-License-Identifier: MIT */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

#include "../../spawnutil.h"

/*
 * Copies the caller's options into today's struct and checks all that can be
 * checked without asking the kernel.
 */
int spu__check_options(char *const argv[], const struct spu_options *options,
		       struct spu_options *ret_options, struct spu_error *ret_error);

#endif
