/* SPDX-License-Identifier: MIT */
/* What the calling thread's children inherit from it. */
#ifndef LIB_STANDING_H
#define LIB_STANDING_H

#include "request.h"

/* Changes nothing. 0 or a negative errno value. Needs /proc, for the umask. */
int spu__read_standing(struct standing *ret, struct spu_error *ret_error);

#endif
