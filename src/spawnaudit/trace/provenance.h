/* SPDX-License-Identifier: MIT */
/*
 * Who made the descriptors that cross an exec: what is learned at the stops of the
 * filter in creators.h. Stops and continues no thread.
 */
#ifndef SPAWNAUDIT_PROVENANCE_H
#define SPAWNAUDIT_PROVENANCE_H

#include <stdint.h>

#include "../options.h"
#include "tasks.h"

/* The command, before its exec: it has made nothing. */
void provenance_begin(struct tracee *tracee, const struct options *options);

/* A thread made a process, with these flags of clone. */
void provenance_birth(const struct task *creator, struct tracee *child, uint64_t flags);

/* A thread is stopped at a filter: task->making is set when it is to stop at the end. */
void provenance_call(struct task *task);

/* The call of task->making is over. */
void provenance_made(struct task *task);

/* The process stands at its exec, its own launch open still. */
void provenance_exec(struct tracee *tracee);

/* Where its descriptors come from is written into what a launch leaked and passed on. */
void provenance_tell(struct tracee *tracee, struct launch *launch);

#endif
