/* SPDX-License-Identifier: MIT */
/*
 * The registers and the inner part of the stack of a thread, at one moment. Cheap
 * to take while the thread stands still; unwound later, and only if somebody
 * wants to know.
 */
#ifndef SPAWNAUDIT_SNAPSHOT_H
#define SPAWNAUDIT_SNAPSHOT_H

#include <stddef.h>
#include <sys/types.h>

#include "machine.h"

struct snapshot {
	struct registers registers;
	size_t size;
	unsigned char stack[];
};

/*
 * Of a thread that is stopped by us, with its registers; for snapshot_free().
 * NULL: they are of a 32-bit program, or there is no memory.
 */
struct snapshot *snapshot_take(pid_t tid, const struct registers *registers);

/* The same, where it stands. */
struct snapshot *snapshot_standing(pid_t tid);
struct snapshot *snapshot_copy(const struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/*
 * Of a thread that isn't traced: stops it for that by PTRACE_SEIZE and
 * PTRACE_INTERRUPT, and lets it go. No signal is sent, and a wait for a futex goes
 * on as if nothing had been. 0 with *ret for snapshot_free(), or -EPERM: not
 * allowed, or somebody else traces it; -ETIMEDOUT: it sits where it can't be
 * stopped (a vfork, a file server that doesn't answer); another -errno.
 */
int snapshot_stop(pid_t tid, struct snapshot **ret);

#endif
