/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

struct launch *launch_new(void)
{
	struct launch *launch = calloc(1, sizeof(*launch));

	if (!launch)
		die(EXIT_TROUBLE, "no memory for another launch");
	return launch;
}

void leaks_free(struct leak *leaks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(leaks[i].name), origin_let_go(leaks[i].origin);
	free(leaks);
}

void launch_free(struct launch *launch)
{
	for (size_t i = 0; i < launch_kept(launch); i++)
		free(launch->calls[i].text);
	free(launch->calls);
	free(launch->program);
	free(launch->script);
	free(launch->runtimes);
	free(launch->executed);
	free(launch->executed_script);
	free(launch->exec_failure);
	leaks_free(launch->leaks, launch->leak_count);
	leaks_free(launch->passed, launch->passed_count);
	free(launch->current.text);
	free(launch->exec_file);
	free(launch->held_by);
	free(launch->hang.text);
	free(launch->hang.call);
	free(launch->reason.text);
	functions_let_go(launch->functions);
	snapshot_free(launch->snapshot);
	snapshot_free(launch->reason_snapshot);
	snapshot_free(launch->wait_snapshot);
	place_let_go(launch->place);
	place_let_go(launch->child_place);
	free(launch);
}

static enum method method_of(uint64_t flags, int has_stack)
{
	if (flags & CLONE_VM && flags & CLONE_VFORK)
		return has_stack ? METHOD_SPAWN : METHOD_VFORK;
	if (flags & (CLONE_VM | CLONE_VFORK) || (flags & CSIGNAL) != SIGCHLD)
		return METHOD_CLONE;
	return METHOD_FORK;
}

void launch_was_made_by(struct launch *launch, uint64_t flags, int has_stack)
{
	launch->flags = flags;
	launch->shares_memory = (flags & CLONE_VM) != 0;
	launch->method = method_of(flags, has_stack);
}

size_t launch_kept(const struct launch *launch)
{
	return launch->call_count - launch_omitted(launch);
}

size_t launch_omitted(const struct launch *launch)
{
	const size_t room = LAUNCH_CALLS_FIRST + LAUNCH_CALLS_LAST;

	return launch->call_count > room ? launch->call_count - room : 0;
}

/* Where the call is that was made after so many others: the last ones lie in a ring. */
static size_t slot_of(size_t number)
{
	if (number < LAUNCH_CALLS_FIRST)
		return number;
	return LAUNCH_CALLS_FIRST + (number - LAUNCH_CALLS_FIRST) % LAUNCH_CALLS_LAST;
}

const struct call *launch_call(const struct launch *launch, size_t number)
{
	if (number >= LAUNCH_CALLS_FIRST)
		number += launch_omitted(launch);
	return &launch->calls[slot_of(number)];
}

void launch_store_call(struct launch *launch)
{
	size_t slot = slot_of(launch->call_count - 1);
	struct call *grown = launch->calls;

	if (launch_omitted(launch) > 0)
		free(grown[slot].text);
	else
		grown = reallocarray(grown, launch->call_count, sizeof(*grown));
	if (!grown)
		die(EXIT_TROUBLE, "no memory for another call");
	launch->calls = grown;
	grown[slot] = launch->current;
	grown[slot].text = launch->current.text ? strdup(launch->current.text) : NULL;
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
