/* SPDX-License-Identifier: MIT */
/* Which signals the command gets from us. */
#ifndef SAFESPAWN_FORWARD_H
#define SAFESPAWN_FORWARD_H

#include "supervisor.h"

/* One that was sent to us. Whether the command was asked to end by that. */
int forward(struct supervisor *s, const siginfo_t *info);

/* Whether one that was sent to us would ask it, if there still were somebody to get it. */
int asks_to_end(const struct settings *settings, const siginfo_t *info);

#endif
