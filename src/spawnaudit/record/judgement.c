/* SPDX-License-Identifier: MIT */
#include "judgement.h"

#include "kernel.h"

/* ns; a child that got so far is no longer on its way to exec */
#define LONG 1000000000

/* Couldn't go on, by what the hang room said; or, sharing memory, held its parent up. */
static int was_stuck(const struct launch *launch)
{
	const struct call *last = &launch->current;
	int was_alive = launch->outcome == OUTCOME_LEFT || launch->outcome == OUTCOME_KILLED;

	if (launch->hang.longest >= LONG || (launch->hang.reason && was_alive))
		return 1;
	return was_alive && launch->recorded && last->text && !last->returned &&
	       launch->flags & KERNEL_CLONE_VFORK && last->took >= LONG;
}

static unsigned judge_child(const struct launch *launch)
{
	if (was_stuck(launch))
		return FINDING_BIT(FINDING_STUCK);
	if (!launch_is_hazardous(launch))
		return 0;
	if (launch->outcome == OUTCOME_EXECUTED || launch->exec_failure)
		return launch->work ? FINDING_BIT(FINDING_UNSAFE_FORK) : 0;
	if (launch->work || (launch->outcome != OUTCOME_EXITED && launch->lasted >= LONG))
		return FINDING_BIT(FINDING_NO_EXEC);
	return 0;
}

unsigned launch_judge(const struct launch *launch)
{
	return judge_child(launch) | (launch->leak_count > 0 ? FINDING_BIT(FINDING_LEAK) : 0);
}
