/* SPDX-License-Identifier: MIT */
/*
 * A process that may be stuck, as it was found: suspect_look() collects, by /proc and
 * with the one exception of spin.h without stopping anything; verdict.c judges;
 * stuck.c reports.
 */
#ifndef SPAWNAUDIT_SUSPECT_H
#define SPAWNAUDIT_SUSPECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../look/futex.h"
#include "../look/process.h"
#include "../look/runtimes.h"

enum owner {
	OWNER_UNKNOWN,
	OWNER_HERE,		/* a thread of this process */
	OWNER_IN_PARENT,	/* one of the process that it was copied from */
	OWNER_ENDED,		/* no thread has that id now */
};

struct waiter {
	pid_t tid;
	char state;
	char wchan[PROCESS_WCHAN_SIZE];
	int call_error;		/* 0, or why the system call isn't known */
	int waits_for_futex;
	struct futex futex;
	int is_shared;		/* other processes can wake it: it lies in shared memory */
	char *place;		/* the mapping in which the futex lies */
	const char *mutex_kind;	/* NULL: not known to be a mutex */
	pid_t owner_tid;	/* as the mutex has it */
	pid_t owner_pid;	/* OWNER_IN_PARENT: the process that has the thread */
	enum owner owner;
	int tries;		/* waited for the same before, with a limit, and does again */
	int spins;		/* asks its runtime again and again, giving way between */
	unsigned long switches;
	int ran;		/* while it was looked at: nothing said about it holds */
};

struct suspect {
	struct process process;
	pid_t living;		/* what process_living() gives of it */
	struct process_status status;
	struct process parent;	/* .pid 0: it is gone by now */
	int is_parent_same;	/* runs the same program: 1, 0, or a negative errno value */
	int had_threads;	/* who forked it: a tracer has seen them */
	int shares_memory;	/* with its parent: 1, 0 or a negative errno value */
	int is_native;		/* 1, 0, or a negative errno value */
	struct waiter *waiters;	/* all threads that live */
	size_t waiter_count;
	struct runtimes runtimes;
	int runtimes_error;
};

/* A look of a moment can't tell these from others. */
#define SUSPECT_WATCH 1u	/* for two seconds at most: does it spin, or try again and again? */
#define SUSPECT_STOP 2u		/* it may be stopped for that, as spin.h says */

/* 0, for suspect_clear(); or a negative errno value: it is gone, or memory is. */
int suspect_look(pid_t pid, unsigned how, struct suspect *ret);
/* Does it wait for a mutex that no thread could unlock? */
int waiter_lacks_owner(const struct waiter *waiter);
void suspect_clear(struct suspect *suspect);

#endif
