/* SPDX-License-Identifier: MIT */
/* What system calls tell about the code that makes them. */
#ifndef SPAWNAUDIT_CALLS_H
#define SPAWNAUDIT_CALLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../look/machine.h"

/* Is it execve or execveat? */
int call_is_exec(long number);

/* May it wait for a lock? */
int call_is_wait(const struct registers *entry);

/* The argument that is a path, or -1. */
int call_path(long number);

/* At the beginning of a call: WORK_ bits of launch.h. */
unsigned call_work(pid_t tid, const struct registers *entry);

/* At the beginning of a clone: its flags. 0: it is another call. */
uint64_t call_clone_flags(pid_t tid, const struct registers *entry);

/* Does it close all descriptors above some number, now or at the exec? */
int call_closes_rest(const struct registers *entry);

/* For execve: the file, for free(); NULL if it can't be read. */
char *call_executed_file(pid_t tid, const struct registers *entry);

#endif
