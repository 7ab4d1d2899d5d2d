/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <stdlib.h>

#include "../options.h"
#include "common/message.h"

struct launch *launch_new(void)
{
	struct launch *launch = calloc(1, sizeof(*launch));

	if (!launch)
		die(EXIT_TROUBLE, "no memory for another launch");
	return launch;
}

void launch_free(struct launch *launch)
{
	size_t kept = launch->call_count;

	if (kept > LAUNCH_CALLS_KEPT)
		kept = LAUNCH_CALLS_KEPT;
	for (size_t i = 0; i < kept; i++)
		free(launch->calls[i].text);
	free(launch->calls);
	free(launch->program);
	free(launch->runtimes);
	free(launch->executed);
	free(launch->exec_failure);
	for (size_t i = 0; i < launch->leak_count; i++)
		free(launch->leaks[i].name);
	free(launch->leaks);
	free(launch->current.text);
	free(launch->exec_file);
	free(launch->hopeless_call);
	snapshot_free(launch->snapshot);
	place_let_go(launch->place);
	free(launch);
}

int launch_is_hazardous(const struct launch *launch)
{
	return !launch->shares_memory && (launch->threads > 1 || launch->lost_threads > 1);
}

const char *method_name(enum method method)
{
	static const char *const names[METHOD_COUNT] = {
		[METHOD_FORK] = "fork",
		[METHOD_VFORK] = "vfork",
		[METHOD_SPAWN] = "posix_spawn-like",
		[METHOD_CLONE] = "clone",
	};

	return names[method];
}

const char *work_name(int kind)
{
	static const char *const names[WORK_KINDS] = {
		"locks", "allocation", "name service", "dynamic linking", "locale or time zone",
		"output", "threads", "the system log",
	};

	return names[kind];
}
