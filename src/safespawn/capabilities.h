/* SPDX-License-Identifier: MIT */
/* Sets of capabilities and securebits, as setpriv(1) has them: what changes in ours. */
#ifndef SAFESPAWN_CAPABILITIES_H
#define SAFESPAWN_CAPABILITIES_H

#include "spawnutil.h"

enum capability_set { SET_INHERITABLE, SET_AMBIENT, SET_BOUNDING, SET_SECUREBITS };

/*
 * "+net_raw,-chown,-all": a name without a sign is one more. 0, or -EINVAL; *ret is the
 * whole set then.
 */
int capabilities_parse(const char *text, enum capability_set which, struct spu_value *ret);

#endif
