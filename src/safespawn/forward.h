/* SPDX-License-Identifier: MIT */
/* Which signals the command gets from us. */
#ifndef SAFESPAWN_FORWARD_H
#define SAFESPAWN_FORWARD_H

#include "supervisor.h"

/* One that was sent to us. */
void forward(struct supervisor *s, const siginfo_t *info);

#endif
