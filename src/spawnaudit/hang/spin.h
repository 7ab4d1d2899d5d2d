/* SPDX-License-Identifier: MIT */
/*
 * Does a copy's only thread spin in a runtime that always has threads? Go, for one,
 * waits for some of its locks by asking, giving way by sched_yield(2) or a sleep of a
 * microsecond, and asking again. Seen as: nothing but that and running.
 */
#ifndef SPAWNAUDIT_SPIN_H
#define SPAWNAUDIT_SPIN_H

#include <sys/types.h>

#include "../look/process.h"
#include "../look/runtimes.h"

/* Does it give way in that call, which a runtime makes that always has threads? */
int spin_gives_way(pid_t pid, const struct process_call *call, const struct runtimes *runtimes);

/*
 * Takes a fifth of a second for a thread that runs. One that yields is never seen
 * asleep, and on a busy machine one that sleeps hardly ever: what has looked like
 * running is then stopped some times for a moment, if may_stop, to see in which call.
 */
int spin_seen(pid_t pid, pid_t tid, const struct runtimes *runtimes, int may_stop);

#endif
