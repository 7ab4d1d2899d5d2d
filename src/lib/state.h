/* SPDX-License-Identifier: MIT */
/* What all threads of a process share, for as long as it is that process. */
#ifndef LIB_STATE_H
#define LIB_STATE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define IGNORED_COUNT 2

struct process_state {
	atomic_int owner;	/* the process whose state this is; 0: none, below: who resets it */
	atomic_int is_wiped_by_fork;
	atomic_uint stamp;	/* 0: not given yet */
	pthread_mutex_t lock;	/* all zero is PTHREAD_MUTEX_INITIALIZER, in glibc and musl */
	/* system.c: calls that run, and the dispositions from before the first */
	unsigned systems;
	struct sigaction before[IGNORED_COUNT];
	/* ids.c: children with changed ids before exec, and the flag from before the first */
	unsigned id_changers;
	int dumpable;
	/* popened.c: were its places looked at, and who must wait for whom */
	int has_places;
	pthread_cond_t popen_turn;	/* all zero is PTHREAD_COND_INITIALIZER, too */
	unsigned popen_launches;
	unsigned popen_publishers;
};

struct process_state *spu__process_state(void);

/*
 * Not that of any process that this one is a copy of, whatever their numbers: in a pid
 * namespace of its own a copy may have the same. Where the kernel doesn't wipe the state,
 * such a copy isn't told.
 */
unsigned spu__process_stamp(void);

/*
 * All signals but those that can't wait: faults, a filter's SIGSYS, and stops, which
 * a launch lets happen where it sees them.
 */
void spu__hold_signals(sigset_t *ret_mask);

/*
 * Signals are held meanwhile, and stops too: a handler may call system(), which takes
 * the lock. Who waits here for long waits for a launch, whose thread can be stopped.
 */
struct process_state *spu__lock_state(sigset_t *ret_mask);
void spu__unlock_state(struct process_state *state, const sigset_t *mask);

#endif
