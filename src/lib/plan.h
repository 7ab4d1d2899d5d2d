/* SPDX-License-Identifier: MIT */
/*
 * The plan: what a child will do, as data. A flat array of steps with every
 * argument resolved; made by plan.c in the parent, carried out by child.c,
 * printed by explain.c, translated by posix_spawn.c. The one table of steps
 * stands here.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../spawnutil.h"
#include "syscall.h"

/*
 * X(kind, public number, name): the steps in the order in which a child takes
 * them. Why this order: the table is its own before anything changes it; the
 * tail is closed before anything can get a number in it; limits and priorities
 * while the rights to raise them are there; directories
 * before the files that are named relative to them; ids before files are opened;
 * moves before opens, which need no source; ctty and foreground name descriptors
 * as the child has them; the parent-death signal after the ids, which clear it;
 * the limit of open files when all are open; signals stay blocked until all is
 * done.
 */
#define STEPS(X) \
	X(STEP_HANDLERS, SPU_STEP_HANDLERS, "handlers") \
	X(STEP_DETACH, SPU_STEP_DETACH, "detach") \
	X(STEP_UNSHARE, SPU_STEP_CLOSE, "close") \
	X(STEP_CLOSE_TAIL, SPU_STEP_CLOSE, "close") \
	X(STEP_SIGNAL, SPU_STEP_SIGNAL, "signal") \
	X(STEP_SETSID, SPU_STEP_SETSID, "setsid") \
	X(STEP_PGROUP, SPU_STEP_PGROUP, "setpgid") \
	X(STEP_NICE, SPU_STEP_NICE, "nice") \
	X(STEP_CPUS, SPU_STEP_CPUS, "cpus") \
	X(STEP_LIMIT, SPU_STEP_LIMIT, "limit") \
	X(STEP_UMASK, SPU_STEP_UMASK, "umask") \
	X(STEP_ROOT, SPU_STEP_ROOT, "chroot") \
	X(STEP_CWD, SPU_STEP_CWD, "chdir") \
	X(STEP_GROUPS, SPU_STEP_GROUPS, "setgroups") \
	X(STEP_GID, SPU_STEP_GID, "setgid") \
	X(STEP_UID, SPU_STEP_UID, "setuid") \
	X(STEP_MOVE, SPU_STEP_MOVE, "move") \
	X(STEP_FETCH, SPU_STEP_MOVE, "fetch") \
	X(STEP_OPEN, SPU_STEP_OPEN, "open") \
	X(STEP_SAME, SPU_STEP_MOVE, "move") \
	X(STEP_CLOSE_GAP, SPU_STEP_CLOSE, "close") \
	X(STEP_CTTY, SPU_STEP_CTTY, "ctty") \
	X(STEP_FOREGROUND, SPU_STEP_FOREGROUND, "foreground") \
	X(STEP_NO_NEW_PRIVS, SPU_STEP_NO_NEW_PRIVS, "no-new-privs") \
	X(STEP_PDEATHSIG, SPU_STEP_PDEATHSIG, "pdeathsig") \
	X(STEP_PARENT_ALIVE, SPU_STEP_PARENT_ALIVE, "parent-alive") \
	X(STEP_LIMIT_LAST, SPU_STEP_LIMIT, "limit") \
	X(STEP_STOP_PENDING, SPU_STEP_STOP_PENDING, "stop-pending") \
	X(STEP_MASK, SPU_STEP_MASK, "mask") \
	X(STEP_READY, SPU_STEP_READY, "ready") \
	X(STEP_EXEC, SPU_STEP_EXEC, "exec")

#define STEP_ENUM(kind, number, name) kind,
enum step_kind { STEPS(STEP_ENUM) STEP_KINDS };
#undef STEP_ENUM

/* How a step's first argument and result are tied to its neighbours. */
enum step_link {
	LINK_NONE,
	LINK_SAVE,	/* keep the result: a descriptor */
	LINK_SAVED	/* argument 0 is what was kept; left out when that equals argument 1 */
};

struct step {
	unsigned char kind;	/* enum step_kind */
	unsigned char link;	/* enum step_link */
	short number;		/* of the system call */
	int index;		/* which entry, signal or candidate it stands for; -1 */
	long arg[4];
};

/* What the child leaves for the parent, in shared memory or in the error pipe. */
struct report {
	int err;	/* 0, an errno value, or REPORT_STOP */
	int at;		/* stamped before each step: its place in the plan */
	int index;	/* exec: the candidate that err is about */
	pid_t pid;	/* written by the kernel (CLONE_CHILD_SETTID) before the child runs */
};

/* A stop signal waits behind the mask: the parent lets it happen and launches again. */
#define REPORT_STOP 4096	/* above every errno value */

/* Words of the mask of processors: as many as the kernel can be built for. */
#define CPU_WORDS 128

/* Everything that the child reads; lives in the parent's frame and heap. */
struct plan {
	struct step *steps;
	int count;
	int start;		/* 1 where step 0 (handlers) isn't needed */
	int error_pipe;		/* the write end, or -1 */
	int shares_table;	/* the child may begin with the parent's descriptor table */
	uint64_t mask;		/* the child's signal mask */
	const char *const *candidates;	/* for exec; NULL ends */
	char *const *argv;
	char *const *env;
	uint64_t *cpus;		/* CPU_WORDS of them, or NULL */
	pid_t group;		/* that foreground names; 0: the child's own, which is report.pid */
	char *spare_stack;	/* its top: for the child that detach makes */
	volatile struct report report;
};

/*
 * Where each descriptor of the child comes from, after everything that must be
 * done in the parent was done: made by descriptors.c, sorted by number, each
 * number at most once; 0 to 2 are always among them.
 */
enum given_kind {
	GIVEN_INHERIT,	/* 0 to 2 as they are, if open */
	GIVEN_MOVE,	/* from the caller's number "source" */
	GIVEN_FETCH,	/* the same, by pidfd_getfd: plan.c turns one into the other */
	GIVEN_OPEN,	/* path, flags, mode */
	GIVEN_SAME,	/* a copy of the child's number "source", which is a GIVEN_OPEN */
	GIVEN_CLOSED
};

struct given {
	int fd;
	enum given_kind kind;
	int source;
	int flags;
	unsigned mode;
	const char *path;
	int index;		/* of the entry in spu_options.fds, or -1 */
};

/* One move of a descriptor, in the order in which they are to be done. */
enum move_kind {
	MOVE_KEEP,	/* already in place: only take close-on-exec off */
	MOVE_DUP,	/* source to fd */
	MOVE_SAVE,	/* source to a spare number, out of the way */
	MOVE_RESTORE,	/* the spare to fd */
	MOVE_DROP	/* the spare is no longer needed */
};

struct move {
	enum move_kind kind;
	int fd;
	int source;
	int index;
};

/*
 * Orders simultaneous moves of the GIVEN_MOVE entries so that none overwrites
 * what a later one reads; a cycle goes through a spare. ret_moves has room for
 * 3 a given entry; returns how many were written, or -ENOMEM.
 */
int spu__order_moves(const struct given *given, size_t count, struct move *ret_moves);

/* What plan.c needs; all of it stays alive as long as the plan. */
struct plan_request {
	char *const *argv;
	char *const *environ;	/* the caller's environment */
	const char *path;	/* directories to search: options.path, or the caller's PATH */
	const struct spu_options *options;
	struct given *given;
	size_t given_count;
	uint64_t mask;		/* the calling thread's, for SPU_KEEP_MASK */
	int error_pipe;		/* or -1 */
	int shares_table;	/* begin with the parent's table, and make a short copy */
	int may_fetch;		/* descriptors with high numbers, by pidfd_getfd */
	pid_t parent;		/* of the program */
	pid_t group;		/* the caller's process group */
	int nice;		/* the calling thread's */
	int in_place;		/* spu_exec(): no child; mark instead of close */
};

/*
 * Compiles a request. *ret_block is the one allocation that the plan lives in,
 * for free(). 0, -ENOMEM.
 */
int spu__compile(const struct plan_request *request, struct plan *ret_plan, void **ret_block);

/*
 * environment.c: how many strings the environment may come to, the closing NULL
 * included (0: it is unchanged), and the environment, made in a room of that size.
 */
size_t spu__measure_environment(const struct spu_options *options, char *const *environ);
char *const *spu__write_environment(const struct spu_options *options, char *const *environ,
				    const char **room, size_t size);

/* path.c: how many bytes of text the candidates need, and how many pointers. */
void spu__measure_candidates(const char *file, const char *path, size_t *ret_count,
			     size_t *ret_bytes);
/* Writes them: pointers ended by NULL to candidates, text to text. */
void spu__write_candidates(const char *file, const char *path, const char **candidates,
			   char *text);
/* The interpreter that the first line of a script names; 0, or -ENOENT if it names none. */
int spu__parse_interpreter(const char *head, size_t size, char *ret, size_t ret_size);

/* child.c */

/* Bytes of stack that a child needs; the one that detach makes needs as much again. */
#define CHILD_STACK 4096

/*
 * The two system calls that make a child. It carries the plan out from
 * plan->start, on the stack whose top is given, and never returns; the caller
 * gets a pid or a negative errno value. flags of clone hold the exit signal.
 */
long spu__clone_child(unsigned long flags, void *stack_top, int *ret_pidfd, struct plan *plan);
long spu__clone3_child(const struct kernel_clone_args *args, struct plan *plan);

/* Carries the plan out in the calling process; returns only on failure, with report filled in. */
void spu__run_plan(struct plan *plan);

#endif
