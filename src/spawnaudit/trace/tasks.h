/* SPDX-License-Identifier: MIT */
/* The threads and processes that we trace: two tables. They stop and continue none. */
#ifndef SPAWNAUDIT_TASKS_H
#define SPAWNAUDIT_TASKS_H

#include <signal.h>
#include <sys/types.h>

/* How waitid(2) tells of a stop at a system call */
#define CALL_STOP (SIGTRAP | 0x80)

struct descriptors;
struct given;
struct launch;
struct watch;
struct making;
struct races;
struct view;

/* A process that we trace */
struct tracee {
	pid_t pid;
	int is_asked_for;	/* the command, or named by -p: not a descendant alone */
	unsigned threads;	/* whose end hasn't been told */
	unsigned lost_threads;	/* it is a copy of a process with so many threads */
	struct launch *window;	/* its own birth, until its first exec */
	char *program;		/* its executable; NULL: not asked yet */
	char *script;		/* that this runs; NULL: none, or not known */
	struct given *given;	/* what its last exec gave it, or its parent's; NULL: unknown */
	struct given *inherited;	/* of its window; NULL: its creator knows */
	struct view *view;	/* of its files; NULL: not made yet */
	struct watch *watch;	/* entries.c's; NULL: none */
	unsigned generation;	/* how often it executed a program */
	unsigned image;		/* that it runs; its copies run the same */
	struct descriptors *descriptors;	/* by provenance.c; NULL: unknown */
	struct races *races;	/* the same */
	int status;		/* how its first thread ended */
	struct tracee *parent;	/* that made it; NULL: it is gone, or not known */
	unsigned children;
	struct tracee *next;
};

/*
 * The first stop of a new thread and the event that tells of it in its creator
 * come in either order.
 */
enum task_state {
	TASK_RUNS,
	TASK_STOPPED_FIRST,	/* stopped, and who made it isn't known yet: it waits */
	TASK_TOLD_FIRST,	/* known, but not seen yet */
	TASK_ENDED_FIRST,	/* was killed before its creator told of it */
};

struct task {
	pid_t tid;
	enum task_state state;
	struct tracee *tracee;	/* NULL while it waits */
	int steps;		/* it stops at system calls */
	int in_call;
	int enters_handler;	/* it is to stop at the beginning of a handler */
	struct making *making;	/* the call that it is in makes descriptors; else NULL */
	int status;		/* of TASK_ENDED_FIRST */
	struct task *next;
};

struct task *task_find(pid_t tid);
struct task *task_add(pid_t tid, enum task_state state);
void task_remove(struct task *task);

/* Removes all tasks of a process but the one given. */
void tasks_keep_one(const struct tracee *tracee, const struct task *keep);

/* Calls visit() for each; it may remove the one that it is given. */
void tasks_visit(void (*visit)(struct task *task, void *context), void *context);

/* How many tasks are TASK_STOPPED_FIRST. */
size_t tasks_waiting(void);
void task_set_state(struct task *task, enum task_state state);

/* How many may be at work: all but one in each process that may wait for its children. */
long tasks_active(void);

struct tracee *tracee_find(pid_t pid);
struct tracee *tracee_add(pid_t pid, struct tracee *parent);	/* parent NULL: not known */

/* The file that a process executes, " (deleted)" behind it if so; NULL if it can't be told. */
const char *tracee_program(struct tracee *tracee);

/* How many threads it has; task is one of them. */
unsigned tracee_living_threads(const struct tracee *tracee, const struct task *task);

/* It executes another, or the same as its parent. */
void tracee_forget_program(struct tracee *tracee);
void tracee_copy_program(struct tracee *tracee, struct tracee *parent);

void tracee_remove(struct tracee *tracee);
void tracees_visit(void (*visit)(struct tracee *tracee, void *context), void *context);

#endif
