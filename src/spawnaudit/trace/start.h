/* SPDX-License-Identifier: MIT */
/* How tracing begins: a command that waits to be traced, or a process that runs. */
#ifndef SPAWNAUDIT_START_H
#define SPAWNAUDIT_START_H

#include <signal.h>
#include <sys/types.h>

#include "tasks.h"

/* The signals that the loop in trace.c waits for. */
void signals_fill(sigset_t *set);

/* Blocks them; a command gets mask and dispositions back as they were. */
void signals_block(void);

/*
 * Makes the process that is to execute the command, once a byte comes through
 * *ret_start: its pid, or -errno. If it isn't given one it leaves. provenance: it
 * stops where it makes descriptors of these groups (creators.h); 0: it doesn't.
 */
pid_t start_command(char *const command[], unsigned provenance, int *ret_start);

/* What is told of a thread, and more options of ptrace's; it is stopped. */
int start_options(pid_t tid, unsigned long more);

/* Traces one thread from now on, and what it makes; it isn't stopped. 0 or -errno. */
int start_tracing(pid_t tid);

/*
 * Traces all threads of a process and enters them in the table of tasks. 0, or
 * -errno after saying why not. filtered: they, and what they make, have a filter that
 * needs us: they don't outlive us.
 */
int start_process(struct tracee *tracee, int filtered);

/* All children of what we trace, and theirs, of now: those born later are traced by birth. */
void start_descendants(void);

#endif
