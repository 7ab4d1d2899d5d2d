/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/parse.h"
#include "options.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif

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

void launch_flags_text(uint64_t flags, char *buffer, size_t size)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} table[] = {
#define FLAG(name) {name, #name}
		FLAG(CLONE_VM), FLAG(CLONE_VFORK), FLAG(CLONE_FS), FLAG(CLONE_FILES),
		FLAG(CLONE_SIGHAND), FLAG(CLONE_PIDFD), FLAG(CLONE_PTRACE), FLAG(CLONE_PARENT),
		FLAG(CLONE_NEWNS), FLAG(CLONE_SYSVSEM), FLAG(CLONE_SETTLS),
		FLAG(CLONE_PARENT_SETTID), FLAG(CLONE_CHILD_CLEARTID), FLAG(CLONE_UNTRACED),
		FLAG(CLONE_CHILD_SETTID), FLAG(CLONE_NEWCGROUP), FLAG(CLONE_NEWUTS),
		FLAG(CLONE_NEWIPC), FLAG(CLONE_NEWUSER), FLAG(CLONE_NEWPID), FLAG(CLONE_NEWNET),
		FLAG(CLONE_IO), FLAG(CLONE_CLEAR_SIGHAND), FLAG(CLONE_INTO_CGROUP),
#undef FLAG
	};
	char name[SIGNAL_NAME_SIZE];
	size_t length = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (flags & table[i].bit && length < size)
			length += (size_t)snprintf(buffer + length, size - length, "%s%s",
						   length ? "|" : "", table[i].name);
	if (flags & CSIGNAL && length < size)
		snprintf(buffer + length, size - length, "%sSIG%s", length ? "|" : "",
			 signal_name((int)(flags & CSIGNAL), name));
}
