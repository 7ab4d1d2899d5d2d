/* SPDX-License-Identifier: MIT */
/*
 * What a wait for a futex(2) is about, from the system call's arguments and the
 * words beside the futex. Pure.
 */
#ifndef SPAWNAUDIT_FUTEX_H
#define SPAWNAUDIT_FUTEX_H

#include <stdint.h>
#include <sys/types.h>

#include "process.h"

struct futex {
	uintptr_t address;
	unsigned operation;	/* FUTEX_WAIT and the like, without flags */
	uint32_t expected;	/* the value that it saw before it went to sleep */
	int is_private;		/* FUTEX_PRIVATE_FLAG: only who shares the memory can wake it */
	int has_limit;		/* wakes by itself after some time */
};

/* Is it an operation that waits, whatever its flags are? */
int futex_waits(unsigned operation);

/* 1: the call is such a wait; 0: another call. */
int futex_decode(const struct process_call *call, struct futex *ret);

/*
 * glibc's pthread_mutex_t begins with these words on 64-bit machines: lock,
 * count, owner, users, kind. musl's, semaphores, condition variables and the
 * futexes of Go look otherwise, and mustn't be taken for one.
 */
#define MUTEX_WORDS 5

/* The kind in words ("recursive"), and who has locked it by its own thread id; else NULL. */
const char *mutex_decode(const struct futex *futex, const uint32_t words[MUTEX_WORDS],
			 pid_t *ret_owner);

#endif
