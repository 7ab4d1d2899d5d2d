/* SPDX-License-Identifier: MIT */
#include "judgement.h"

/* Couldn't go on, by what the hang room said */
static int was_stuck(const struct launch *launch)
{
	int was_alive = launch->outcome == OUTCOME_LEFT || launch->outcome == OUTCOME_KILLED;

	return launch->hang.longest >= LAUNCH_LONG || (launch->hang.reason && was_alive);
}

/* What counts is which functions ran; where that doesn't tell, the calls have to. */
enum ground launch_ground(const struct launch *launch)
{
	const struct functions *functions = launch->functions;

	if (!launch_is_hazardous(launch) || !launch->recorded)
		return GROUND_NONE;
	if (!functions)
		return GROUND_UNKNOWN;
	if (functions->unsafe_count > 0)
		return GROUND_FUNCTIONS;
	if (!functions->is_complete)
		return GROUND_INCOMPLETE;
	return (launch->work & ~functions->work) ? GROUND_DIFFERS : GROUND_FUNCTIONS;
}

int launch_is_judged_by_calls(const struct launch *launch)
{
	enum ground ground = launch_ground(launch);

	return ground != GROUND_NONE && ground != GROUND_FUNCTIONS;
}

static int is_unsafe(const struct launch *launch)
{
	if (launch_ground(launch) == GROUND_FUNCTIONS)
		return launch->functions->unsafe_count > 0;
	return launch->work != 0;
}

/* It did, it tried and ended, or it was let go while it was on its way, for all we know. */
static int was_to_execute(const struct launch *launch)
{
	return launch->outcome == OUTCOME_EXECUTED ||
	       ((launch->exec_failure || launch->outcome == OUTCOME_LEFT) &&
		launch->lasted < LAUNCH_LONG);
}

static unsigned judge_child(const struct launch *launch)
{
	if (was_stuck(launch))
		return FINDING_BIT(FINDING_STUCK);
	if (launch->held_by)
		return FINDING_BIT(FINDING_HELD_UP);
	if (!launch_is_hazardous(launch))
		return 0;
	if (was_to_execute(launch))
		return is_unsafe(launch) ? FINDING_BIT(FINDING_UNSAFE_FORK) : 0;
	if (is_unsafe(launch) ||
	    (launch->outcome != OUTCOME_EXITED && launch->lasted >= LAUNCH_LONG))
		return FINDING_BIT(FINDING_NO_EXEC);
	return 0;
}

unsigned launch_judge(const struct launch *launch)
{
	return judge_child(launch) | (launch->leak_count > 0 ? FINDING_BIT(FINDING_LEAK) : 0);
}

int launch_is_unjudged(const struct launch *launch)
{
	return !launch->findings && !launch->recorded && launch_is_hazardous(launch);
}
