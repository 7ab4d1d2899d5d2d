/* SPDX-License-Identifier: MIT */
/*
 * The record of one launch: a new process, from its birth to its first exec or
 * its end. stops.c and window.c fill it in, judgement.c judges it, the reports show it.
 */
#ifndef SPAWNAUDIT_LAUNCH_H
#define SPAWNAUDIT_LAUNCH_H

#include <stdint.h>
#include <sys/types.h>

#include "../look/place.h"
#include "../look/process.h"
#include "functions.h"
#include "origin.h"

#define LAUNCH_CALLS_FIRST 64	/* of each launch these are kept, */
#define LAUNCH_CALLS_LAST 192	/* and these */
#define LAUNCH_CALLS_TRACED 1000	/* then it's a worker, and runs on at full speed */

/* ns; a child that got so far is no longer on its way to exec */
#define LAUNCH_LONG 1000000000

enum method { METHOD_FORK, METHOD_VFORK, METHOD_SPAWN, METHOD_CLONE, METHOD_COUNT };

enum outcome { OUTCOME_OPEN, OUTCOME_EXECUTED, OUTCOME_EXITED, OUTCOME_KILLED, OUTCOME_LEFT };

/* What the calls of a child show that isn't safe in a copy of a process with threads */
#define WORK_LOCKS (1u << 0)
#define WORK_ALLOCATES (1u << 1)
#define WORK_NAMES (1u << 2)	/* users, hosts: the name service */
#define WORK_LINKS (1u << 3)	/* the dynamic linker */
#define WORK_LOCALE (1u << 4)	/* locales, time zones */
#define WORK_WRITES (1u << 5)
#define WORK_CREATES (1u << 6)	/* threads */
#define WORK_LOGS (1u << 7)	/* the system log */
#define WORK_KINDS 8

struct call {
	char *text;		/* openat(AT_FDCWD, "/etc/localtime", O_RDONLY) */
	int64_t begun, took;	/* ns; begun since the birth */
	int64_t result;
	int returned;
	int interrupted;	/* by a signal: what it would have returned nobody knows */
};

/* A copy that can't go on */
struct hang {
	const struct reason_words *reason;	/* of hang/verdict.h; NULL: it may go on */
	int64_t since;		/* ns since the birth */
	char *text;		/* the call that it is in */
	int64_t longest;	/* ns, */
	char *call;		/* in which, */
	const struct reason_words *said;	/* and why; NULL: it never hung */
	uint64_t tried;		/* a futex of a gone owner, waited for with a limit; or 0 */
	unsigned long switches;	/* as they were then */
	unsigned yields;	/* calls in a row that give way to other threads */
	int64_t next_look;	/* ns since the birth */
};

/* A descriptor that a program got and that nobody expected */
struct leak {
	int fd;
	int flags;		/* as F_GETFL */
	char *name;
	int is_suppressed;	/* nobody wants to be told of it */
	int is_sought;		/* its origin was asked for */
	struct origin *origin;	/* NULL: unknown */
	unsigned execs;		/* that it went through since, this one counted */
};

struct launch {
	pid_t parent, thread, child;	/* thread 0: it isn't known who made the child */
	char thread_name[PROCESS_NAME_SIZE];
	char *program;		/* the parent's executable; NULL: unknown */
	char *script;		/* that this runs; NULL: none, or not known */
	unsigned generation;	/* of the parent, as struct tracee has it */
	enum method method;
	uint64_t flags;		/* of clone */
	int shares_memory, foreign;
	int is_unreadable;	/* nobody may read the parent's memory, or not we */
	unsigned threads;	/* in the parent, with the forking one */
	unsigned lost_threads;	/* the parent is itself a copy of a process with so many */
	char *runtimes;		/* mapped in the parent, for people; NULL: none, or not looked */

	struct snapshot *snapshot;	/* of the calling thread */
	int located;		/* place and runtimes have been looked for */
	struct place *place;	/* NULL: not known */

	int recorded;		/* are the calls recorded? */
	struct call *calls;
	size_t call_count;	/* all that were recorded; see launch_call() */
	struct call current;	/* the one that it is in, or was in last */
	char *exec_file;	/* of the last execve */
	int closes_rest;	/* it closed all descriptors above some number */
	unsigned work;		/* WORK_ bits */
	int is_reason;		/* the current call is the first that shows some */
	struct call reason;	/* that call; .text NULL: none */
	struct snapshot *reason_snapshot;	/* of the child there, or in such a function */
	struct snapshot *wait_snapshot;	/* and in its last call, if that waits for a futex */
	struct place *child_place;	/* from one of these, for the first finding of its kind */
	struct functions *functions;	/* NULL: not known */
	int are_firsts;		/* these are of the first launch from the same place */
	struct hang hang;
	char *held_by;		/* the call in which it kept its caller suspended for LAUNCH_LONG */

	int64_t born, lasted;	/* ns */
	enum outcome outcome;
	int status;		/* exit code, or signal */
	char *executed;
	char *executed_script;	/* that this runs; NULL: none, or not known */
	char *exec_failure;	/* "/bin/x: No such file or directory", the last */
	struct leak *leaks;
	size_t leak_count;
	size_t passed_on;	/* descriptors that the parent had got in the same way */
	struct leak *passed;	/* those of them that were made since we began, if asked for */
	size_t passed_count;

	unsigned findings;	/* FINDING_ bits, by judgement.c */
	int is_late;		/* it is printed at the end, report.c's */
	struct launch *next;	/* tally.c's */
};

void leaks_free(struct leak *leaks, size_t count);

struct launch *launch_new(void);
void launch_free(struct launch *launch);

/* By clone with these flags; has_stack: the child doesn't go on in its creator's frames. */
void launch_was_made_by(struct launch *launch, uint64_t flags, int has_stack);

/* The current call is over: keeps it. */
void launch_store_call(struct launch *launch);

/* How many calls are kept; by number, in their order; how many between FIRST and LAST aren't. */
size_t launch_kept(const struct launch *launch);
const struct call *launch_call(const struct launch *launch, size_t number);
size_t launch_omitted(const struct launch *launch);

/* Could another thread have held a lock when the child was copied? */
int launch_is_hazardous(const struct launch *launch);

/* "fork", "vfork", ... */
const char *method_name(enum method method);

/* "locks", "allocation", ...; the index is that of the WORK_ bit. */
const char *work_name(int kind);

#endif
