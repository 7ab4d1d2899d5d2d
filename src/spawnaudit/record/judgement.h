/* SPDX-License-Identifier: MIT */
/* What a launch is to be blamed for. Looks at the record alone. */
#ifndef SPAWNAUDIT_JUDGEMENT_H
#define SPAWNAUDIT_JUDGEMENT_H

#include "findings.h"
#include "launch.h"

/* A set of findings: bits by enum finding */
#define FINDING_BIT(kind) (1u << (kind))
#define FINDING_ALL (FINDING_BIT(FINDING_KINDS) - 1)

/* FINDING_BITs; 0: safe. Of all but leak it is one at most: the gravest. */
unsigned launch_judge(const struct launch *launch);

/* What the judgement of a copy of a process with threads is drawn from */
enum ground {
	GROUND_NONE,		/* it is no such copy, or what ran there wasn't recorded */
	GROUND_FUNCTIONS,
	/* its calls, since the functions */
	GROUND_UNKNOWN,		/* aren't known, */
	GROUND_INCOMPLETE,	/* not all of them are, */
	GROUND_DIFFERS,		/* or those of the first one from there don't explain them */
};

enum ground launch_ground(const struct launch *launch);
int launch_is_judged_by_calls(const struct launch *launch);

/* What ran in a copy of a process with threads wasn't recorded: it can't be called safe. */
int launch_is_unjudged(const struct launch *launch);

#endif
