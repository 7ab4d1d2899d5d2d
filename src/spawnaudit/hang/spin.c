/* SPDX-License-Identifier: MIT */
#include "spin.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "../look/snapshot.h"

#define LOOKS 40
#define STOPS 12
#define ENOUGH 4		/* of either that see it give way */

static const struct timespec between = {.tv_nsec = 5000000};

struct spot {
	uintptr_t pc;
	const struct runtimes *runtimes;
};

static int find_runtime(void *context, const struct process_mapping *mapping)
{
	const struct spot *spot = context;

	if (spot->pc < mapping->start || spot->pc >= mapping->end)
		return 0;
	for (size_t i = 0; i < spot->runtimes->count; i++)
		if (spot->runtimes->list[i].has_threads &&
		    strcmp(spot->runtimes->list[i].file, mapping->name) == 0)
			return 1;
	return 2;	/* found, and not in a runtime */
}

static int is_short_sleep(pid_t pid, const struct process_call *call)
{
	uintptr_t address = call->arguments[call->number == SYS_clock_nanosleep ? 2 : 0];
	struct timespec time = {0};

	if (call->number != SYS_nanosleep && call->number != SYS_clock_nanosleep)
		return 0;
	return process_memory(pid, address, &time, sizeof(time)) == 0 && time.tv_sec == 0 &&
	       time.tv_nsec < 1000000;
}

/* By a call that a runtime makes, and not the program. */
int spin_gives_way(pid_t pid, const struct process_call *call, const struct runtimes *runtimes)
{
	struct spot spot = {call->pc, runtimes};

	if (call->number != SYS_sched_yield && !is_short_sleep(pid, call))
		return 0;
	return process_maps(pid, find_runtime, &spot) == 1;
}

/* 1: ret is the call that it is in, or has just left; 0: none; negative: it can't be told. */
static int stop_in_call(pid_t tid, struct process_call *ret)
{
	struct snapshot *snapshot;
	int r = snapshot_stop(tid, &snapshot);

	if (r < 0)
		return r;
	*ret = (struct process_call){
		.number = snapshot->registers.call,
		.stack = snapshot->registers.sp,
		.pc = snapshot->registers.pc,
	};
	for (int i = 0; i < 6; i++)
		ret->arguments[i] = snapshot->registers.arguments[i];
	snapshot_free(snapshot);
	return ret->number >= 0 && ret->number != SYS_restart_syscall;
}

static int spins_when_stopped(pid_t pid, pid_t tid, const struct runtimes *runtimes)
{
	struct process_call call;
	int seen = 0;

	for (int i = 0; i < STOPS && seen < ENOUGH; i++) {
		int r = stop_in_call(tid, &call);

		if (r < 0 || (r > 0 && !spin_gives_way(pid, &call, runtimes)))
			return 0;
		seen += r > 0;
		nanosleep(&between, NULL);
	}
	return seen >= ENOUGH;
}

int spin_seen(pid_t pid, pid_t tid, const struct runtimes *runtimes, int may_stop)
{
	struct process_call call;
	int seen = 0;

	for (int i = 0; i < LOOKS; i++) {
		int r = process_call(pid, tid, &call);

		if (r < 0 || (r > 0 && !spin_gives_way(pid, &call, runtimes)))
			return 0;
		seen += r > 0;
		nanosleep(&between, NULL);
	}
	return seen >= ENOUGH || (may_stop && spins_when_stopped(pid, tid, runtimes));
}
