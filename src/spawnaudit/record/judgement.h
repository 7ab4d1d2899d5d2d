/* SPDX-License-Identifier: MIT */
/* What a launch is to be blamed for. Looks at the record alone. */
#ifndef SPAWNAUDIT_JUDGEMENT_H
#define SPAWNAUDIT_JUDGEMENT_H

#include "findings.h"
#include "launch.h"

/* A set of findings: bits by enum finding */
#define FINDING_BIT(kind) (1u << (kind))
#define FINDING_ALL (FINDING_BIT(FINDING_KINDS) - 1)

/*
 * FINDING_BITs; 0: safe. Of all but leak it is one at most:
 * the gravest.
 */
unsigned launch_judge(const struct launch *launch);

/* What ran in a copy of a process with threads wasn't recorded: it can't be called safe. */
int launch_is_unjudged(const struct launch *launch);

#endif
