/* SPDX-License-Identifier: MIT */
/* What would help against a failure: known to a program, which has options, and to no library. */
#ifndef SAFESPAWN_ADVICE_H
#define SAFESPAWN_ADVICE_H

#include "spawnutil.h"

#define ADVICE_SIZE 160

/* As ": TEXT", or "". */
const char *advice(const struct spu_error *error, const struct spu_options *options,
		   char buffer[ADVICE_SIZE]);

#endif
