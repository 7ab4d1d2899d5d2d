/* SPDX-License-Identifier: MIT */
/* Waits for the command: passes signals on, stops when it stops, ends it in time. */
#ifndef SAFESPAWN_SUPERVISE_H
#define SAFESPAWN_SUPERVISE_H

#include "ending.h"
#include "launch.h"
#include "relay.h"
#include "tree.h"

/*
 * The signals are blocked since before the launch. tree: with --kill-tree, or NULL.
 * relay: with --pty, or NULL; it has begun, and ends here.
 */
void supervise(const struct launch *launch, struct spu_child *child, struct tree *tree,
	       struct relay *relay, struct ending *ret);

#endif
