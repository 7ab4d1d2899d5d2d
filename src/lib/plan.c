/* SPDX-License-Identifier: MIT */
/*
 * Pure: compiles options into a plan. Allocates, resolves every argument,
 * touches no descriptor and makes no process.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "plan.h"
#include "syscall.h"

static const struct kernel_sigaction disposition_default = {.handler = (void *)SIG_DFL};
static const struct kernel_sigaction disposition_ignore = {.handler = (void *)SIG_IGN};

static struct step *add(struct plan *plan, enum step_kind kind, long number, int index)
{
	struct step *step = &plan->steps[plan->count++];

	*step = (struct step){.kind = (unsigned char)kind, .number = (short)number, .index = index};
	return step;
}

static void add3(struct plan *plan, enum step_kind kind, long number, int index, long a, long b,
		 long c)
{
	struct step *step = add(plan, kind, number, index);

	step->arg[0] = a;
	step->arg[1] = b;
	step->arg[2] = c;
}

static void link_last(struct plan *plan, enum step_link link)
{
	plan->steps[plan->count - 1].link = (unsigned char)link;
}

/*
 * ---- Signals, session, directories
 */

static void add_dispositions(struct plan *plan, uint64_t signals,
			     const struct kernel_sigaction *action)
{
	int number;

	for (number = 1; number <= KERNEL_SIGNALS; number++) {
		if (!(signals & SPU_SIGNAL(number)))
			continue;
		add3(plan, STEP_SIGNAL, SYS_rt_sigaction, number, number, (long)action, 0);
		plan->steps[plan->count - 1].arg[3] = KERNEL_SIGSET_SIZE;
	}
}

/* A limit of open files would be in the way of descriptors that are still to come. */
static void add_limits(struct plan *plan, const struct spu_options *options,
		       enum step_kind kind)
{
	const struct spu_limit *limit;

	for (limit = options->limits; limit && limit->kind; limit++)
		if ((limit->resource == RLIMIT_NOFILE) == (kind == STEP_LIMIT_LAST))
			add3(plan, kind, SYS_prlimit64, (int)(limit - options->limits), 0,
			     limit->resource, (long)&limit->soft);
}

static void add_priorities(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	if (options->nice.set)
		add3(plan, STEP_NICE, SYS_setpriority, -1, PRIO_PROCESS, 0,
		     request->nice + options->nice.value);
	if (options->cpus)
		add3(plan, STEP_CPUS, SYS_sched_setaffinity, -1, 0,
		     CPU_WORDS * sizeof(uint64_t), (long)plan->cpus);
}

/* gid before uid, which may take the right to; saved ones too. */
static void add_ids(struct plan *plan, const struct spu_options *options)
{
	long gid = options->gid.value, uid = options->uid.value;

	if (options->groups)
		add3(plan, STEP_GROUPS, SYS_setgroups, -1, (long)options->group_count,
		     (long)options->groups, 0);
	if (options->gid.set)
		add3(plan, STEP_GID, SYS_setresgid, -1, gid, gid, gid);
	if (options->uid.set)
		add3(plan, STEP_UID, SYS_setresuid, -1, uid, uid, uid);
}

static void add_last_rights(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	if (options->flags & SPU_NO_NEW_PRIVS)
		add3(plan, STEP_NO_NEW_PRIVS, SYS_prctl, -1, PR_SET_NO_NEW_PRIVS, 1, 0);
	if (options->pdeathsig.set) {
		add3(plan, STEP_PDEATHSIG, SYS_prctl, -1, PR_SET_PDEATHSIG,
		     options->pdeathsig.value, 0);
		/* what the call gives is compared with the argument */
		add3(plan, STEP_PARENT_ALIVE, SYS_getppid, -1, request->parent, 0, 0);
	}
	add_limits(plan, options, STEP_LIMIT_LAST);
}

static void add_process_steps(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	add_dispositions(plan, options->default_signals, &disposition_default);
	add_dispositions(plan, options->ignore_signals, &disposition_ignore);
	if (options->flags & SPU_SETSID)
		add(plan, STEP_SETSID, SYS_setsid, -1);
	if (options->pgroup.set)
		add3(plan, STEP_PGROUP, SYS_setpgid, -1, 0, options->pgroup.value, 0);
	add_priorities(plan, request);
	add_limits(plan, options, STEP_LIMIT);
	if (options->umask.set)
		add3(plan, STEP_UMASK, SYS_umask, -1, options->umask.value, 0, 0);
	if (options->root)
		add3(plan, STEP_ROOT, SYS_chroot, -1, (long)options->root, 0, 0);
	/* chroot alone would leave the working directory outside */
	if (options->root && (!options->cwd || options->cwd[0] != '/'))
		add3(plan, STEP_CWD, SYS_chdir, -1, (long)"/", 0, 0);
	if (options->cwd)
		add3(plan, STEP_CWD, SYS_chdir, -1, (long)options->cwd, 0, 0);
	add_ids(plan, options);
}

static pid_t find_group(const struct plan_request *request)
{
	if (request->options->pgroup.set)
		return (pid_t)request->options->pgroup.value;
	return (request->options->flags & SPU_SETSID) ? 0 : request->group;
}

static void add_terminal_steps(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	if (options->ctty.set)
		add3(plan, STEP_CTTY, SYS_ioctl, -1, options->ctty.value, TIOCSCTTY, 0);
	if (options->foreground.set) {
		plan->group = find_group(request);
		add3(plan, STEP_FOREGROUND, SYS_ioctl, -1, options->foreground.value, TIOCSPGRP,
		     (long)(plan->group ? &plan->group : (const pid_t *)&plan->report.pid));
	}
}

/*
 * ---- Descriptors
 */

/*
 * Beyond this number, copying the table up to a source (36 ns a number) costs
 * more than fetching it from the parent.
 */
#define FETCH_FROM 512

static void choose_fetches(const struct plan_request *request)
{
	struct given *given = request->given, *end = given + request->given_count;

	for (; given < end; given++)
		if (given->kind == GIVEN_MOVE || given->kind == GIVEN_FETCH)
			given->kind = request->shares_table && request->may_fetch &&
				      given->source >= FETCH_FROM ? GIVEN_FETCH : GIVEN_MOVE;
}

/* The highest number that the child must find in its table when it starts. */
static long highest_source(const struct plan_request *request)
{
	long highest = request->error_pipe > 2 ? request->error_pipe : 2;
	size_t i;

	for (i = 0; i < request->given_count; i++)
		if (request->given[i].kind == GIVEN_MOVE && request->given[i].source > highest)
			highest = request->given[i].source;
	return highest;
}

static void add_close(struct plan *plan, const struct plan_request *request, enum step_kind kind,
		      long first, long last)
{
	add3(plan, kind, SYS_close_range, -1, first, last,
	     request->in_place ? KERNEL_CLOSE_RANGE_CLOEXEC : 0);
}

static void add_move(struct plan *plan, const struct move *move)
{
	switch (move->kind) {
	case MOVE_KEEP:
		add3(plan, STEP_MOVE, SYS_fcntl, move->index, move->fd, F_SETFD, 0);
		break;
	case MOVE_DUP:
		add3(plan, STEP_MOVE, SYS_dup3, move->index, move->source, move->fd, 0);
		break;
	case MOVE_SAVE:
		/* The lowest free one: the targets that are left are all sources, so not free. */
		add3(plan, STEP_MOVE, SYS_fcntl, move->index, move->source, F_DUPFD_CLOEXEC, 0);
		link_last(plan, LINK_SAVE);
		break;
	case MOVE_RESTORE:
		add3(plan, STEP_MOVE, SYS_dup3, move->index, -1, move->fd, 0);
		link_last(plan, LINK_SAVED);
		break;
	case MOVE_DROP:
		add3(plan, STEP_MOVE, SYS_close, move->index, -1, -1, 0);
		link_last(plan, LINK_SAVED);
		break;
	}
}

/* A descriptor that the child doesn't get, so that its number is free for a while. */
static int find_unused(const struct plan_request *request)
{
	const struct given *given = request->given, *end = given + request->given_count;
	int fd = 0;

	for (; given < end && given->fd == fd; given++)
		fd++;
	return fd;
}

/* What the step before gave goes to this number, which it may have by chance. */
static void add_placing(struct plan *plan, enum step_kind kind, int index, int fd, int flags)
{
	add3(plan, kind, SYS_dup3, index, -1, fd, flags);
	link_last(plan, LINK_SAVED);
	add3(plan, kind, SYS_close, index, -1, fd, 0);
	link_last(plan, LINK_SAVED);
}

/*
 * What isn't in the short copy of the table comes from the parent itself,
 * close-on-exec and at the lowest free number. The parent's pidfd stays out of
 * the way of all that are still to come.
 */
static void add_fetches(struct plan *plan, const struct plan_request *request)
{
	const struct given *given = request->given, *end = given + request->given_count;
	int pidfd = -1;

	for (; given < end; given++) {
		if (given->kind != GIVEN_FETCH)
			continue;
		if (pidfd < 0) {
			pidfd = find_unused(request);
			add3(plan, STEP_FETCH, SYS_pidfd_open, given->index, request->parent, 0, 0);
			link_last(plan, LINK_SAVE);
			add_placing(plan, STEP_FETCH, given->index, pidfd, O_CLOEXEC);
		}
		add3(plan, STEP_FETCH, SYS_pidfd_getfd, given->index, pidfd, given->source, 0);
		link_last(plan, LINK_SAVE);
		add_placing(plan, STEP_FETCH, given->index, given->fd, 0);
		add3(plan, STEP_FETCH, SYS_fcntl, given->index, given->fd, F_SETFD, 0);
	}
	if (pidfd >= 0)
		add3(plan, STEP_FETCH, SYS_close, -1, pidfd, 0, 0);
}

/* open gives the lowest free number, which the parent can't know: move it from there. */
static void add_open(struct plan *plan, const struct given *given)
{
	add3(plan, STEP_OPEN, SYS_openat, given->index, AT_FDCWD, (long)given->path, given->flags);
	plan->steps[plan->count - 1].arg[3] = given->mode;
	link_last(plan, LINK_SAVE);
	add_placing(plan, STEP_OPEN, given->index, given->fd, 0);
}

/*
 * Everything up to the tail that the child doesn't get: sources that were
 * moved away are among it, and so is what nobody named.
 */
static void add_gaps(struct plan *plan, const struct plan_request *request, long highest)
{
	const struct given *given = request->given, *end = given + request->given_count;
	long next = 0;

	while (next <= highest) {
		long kept = highest + 1;

		while (given < end && (given->fd < next || given->kind == GIVEN_CLOSED))
			given++;
		if (given < end && given->fd < kept)
			kept = given->fd;
		if (request->error_pipe >= next && request->error_pipe < kept)
			kept = request->error_pipe;
		if (next < kept)
			add_close(plan, request, STEP_CLOSE_GAP, next, kept - 1);
		next = kept + 1;
	}
}

/*
 * The kernel gives the child a private table with the part below first. That
 * is a multiple of 64, the kernel's word: before Linux 5.18 it copies other
 * parts wrongly (fixed by its commit 1c24a186398f).
 */
static void add_tail(struct plan *plan, const struct plan_request *request, long first)
{
	long aligned = (first + 63) & ~63l;

	if (!request->shares_table) {
		add_close(plan, request, STEP_CLOSE_TAIL, first, UINT_MAX);
		return;
	}
	add3(plan, STEP_UNSHARE, SYS_close_range, -1, aligned, UINT_MAX,
	     KERNEL_CLOSE_RANGE_UNSHARE);
	if (first < aligned)
		add_close(plan, request, STEP_CLOSE_TAIL, first, aligned - 1);
}

static void add_given_closes(struct plan *plan, const struct plan_request *request)
{
	size_t i;

	for (i = 0; i < request->given_count; i++) {
		int fd = request->given[i].fd;

		if (request->given[i].kind == GIVEN_CLOSED)
			add_close(plan, request, STEP_CLOSE_GAP, fd, fd);
	}
}

static void add_opens(struct plan *plan, const struct plan_request *request)
{
	const struct given *given;
	size_t i;

	for (i = 0; i < request->given_count; i++)
		if (request->given[i].kind == GIVEN_OPEN)
			add_open(plan, &request->given[i]);
	for (i = 0; i < request->given_count; i++) {
		given = &request->given[i];
		if (given->kind == GIVEN_SAME)
			add3(plan, STEP_SAME, SYS_dup3, given->index, given->source, given->fd, 0);
	}
}

/*
 * ---- The whole
 */

static void add_steps(struct plan *plan, const struct plan_request *request,
		      const struct move *moves, int move_count)
{
	const struct spu_options *options = request->options;
	int closes = options->leaks != SPU_LEAKS_ALLOW;
	long highest = highest_source(request);
	int i;

	add(plan, STEP_HANDLERS, SYS_rt_sigaction, -1);
	if (options->flags & SPU_DETACH)
		add(plan, STEP_DETACH, SYS_clone, -1);
	if (closes)
		add_tail(plan, request, highest + 1);
	add_process_steps(plan, request);
	for (i = 0; i < move_count; i++)
		add_move(plan, &moves[i]);
	add_fetches(plan, request);
	add_opens(plan, request);
	if (closes)
		add_gaps(plan, request, highest);
	else
		add_given_closes(plan, request);
	add_terminal_steps(plan, request);
	add_last_rights(plan, request);
	if (!request->in_place)
		add(plan, STEP_STOP_PENDING, SYS_rt_sigpending, -1);
	add3(plan, STEP_MASK, SYS_rt_sigprocmask, -1, SIG_SETMASK, (long)&plan->mask, 0);
	plan->steps[plan->count - 1].arg[3] = KERNEL_SIGSET_SIZE;
	if (request->error_pipe >= 0)
		add3(plan, STEP_READY, SYS_write, -1, request->error_pipe, (long)&plan->report,
		     sizeof(plan->report));
	add(plan, STEP_EXEC, SYS_execve, -1);
}

/* An upper bound: a descriptor makes at most six steps and a gap. */
static size_t bound_steps(const struct plan_request *request)
{
	const struct spu_options *options = request->options;
	uint64_t signals = options->default_signals | options->ignore_signals;
	size_t limits = 0;

	while (options->limits && options->limits[limits].kind)
		limits++;
	return (size_t)__builtin_popcountll(signals) + 7 * request->given_count + limits + 32;
}

static uint64_t *write_cpus(const struct spu_options *options, uint64_t *mask)
{
	size_t i;

	memset(mask, 0, CPU_WORDS * sizeof(*mask));
	for (i = 0; i < options->cpu_count; i++)
		mask[options->cpus[i] / 64] |= (uint64_t)1 << options->cpus[i] % 64;
	return mask;
}

int spu__compile(const struct plan_request *request, struct plan *ret_plan, void **ret_block)
{
	const struct spu_options *options = request->options;
	const char *file = options->file ? options->file : request->argv[0];
	size_t environment = spu__measure_environment(options, request->environ);
	size_t steps = bound_steps(request);
	size_t moves = 3 * request->given_count, cpus = options->cpus ? CPU_WORDS : 0;
	size_t candidates, text;
	const char **pointers;
	struct move *move_room;
	uint64_t *cpu_room;
	char *block, *text_room;
	int move_count;

	choose_fetches(request);
	spu__measure_candidates(file, request->path, &candidates, &text);
	text = (text + sizeof(long) - 1) & ~(sizeof(long) - 1);
	block = malloc(cpus * sizeof(uint64_t) + moves * sizeof(struct move) +
		       (candidates + 1 + environment) * sizeof(char *) + text +
		       steps * sizeof(struct step));
	if (!block)
		return -ENOMEM;
	cpu_room = (uint64_t *)block;
	pointers = (const char **)(cpu_room + cpus);
	move_room = (struct move *)(pointers + candidates + 1 + environment);
	text_room = (char *)(move_room + moves);
	*ret_plan = (struct plan){
		/* last: few of the bound are taken, and their pages needn't be touched */
		.steps = (struct step *)(text_room + text),
		.argv = request->argv,
		.env = spu__write_environment(options, request->environ,
					      pointers + candidates + 1, environment),
		.candidates = pointers,
		.cpus = cpus ? write_cpus(options, cpu_room) : NULL,
		.error_pipe = request->error_pipe,
		.shares_table = request->shares_table,
		.mask = options->block_signals |
			((options->flags & SPU_KEEP_MASK) ? request->mask : 0),
	};
	spu__write_candidates(file, request->path, pointers, text_room);
	move_count = spu__order_moves(request->given, request->given_count, move_room);
	if (move_count < 0) {
		free(block);
		return move_count;
	}
	add_steps(ret_plan, request, move_room, move_count);
	*ret_block = block;
	return 0;
}
