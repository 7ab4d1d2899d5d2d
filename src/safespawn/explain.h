/* SPDX-License-Identifier: MIT */
/* --explain: the plan, the look-up of COMMAND, and with -v what this kernel has. */
#ifndef SAFESPAWN_EXPLAIN_H
#define SAFESPAWN_EXPLAIN_H

#include "launch.h"

/* Prints it on stdout: the exit status. */
int explain(const struct launch *launch);

#endif
