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

static void add_process_steps(struct plan *plan, const struct spu_options *options)
{
	add_dispositions(plan, options->default_signals, &disposition_default);
	add_dispositions(plan, options->ignore_signals, &disposition_ignore);
	if (options->flags & SPU_SETSID)
		add(plan, STEP_SETSID, SYS_setsid, -1);
	if (options->pgroup.set)
		add3(plan, STEP_PGROUP, SYS_setpgid, -1, 0, options->pgroup.value, 0);
	if (options->umask.set)
		add3(plan, STEP_UMASK, SYS_umask, -1, options->umask.value, 0, 0);
	if (options->cwd)
		add3(plan, STEP_CWD, SYS_chdir, -1, (long)options->cwd, 0, 0);
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

/* open gives the lowest free number, which the parent can't know: move it from there. */
static void add_open(struct plan *plan, const struct given *given)
{
	add3(plan, STEP_OPEN, SYS_openat, given->index, AT_FDCWD, (long)given->path, given->flags);
	plan->steps[plan->count - 1].arg[3] = given->mode;
	link_last(plan, LINK_SAVE);
	add3(plan, STEP_OPEN, SYS_dup3, given->index, -1, given->fd, 0);
	link_last(plan, LINK_SAVED);
	add3(plan, STEP_OPEN, SYS_close, given->index, -1, given->fd, 0);
	link_last(plan, LINK_SAVED);
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
		add_close(plan, request, STEP_CLOSE_TAIL, highest + 1, UINT_MAX);
	add_process_steps(plan, options);
	for (i = 0; i < move_count; i++)
		add_move(plan, &moves[i]);
	add_opens(plan, request);
	if (closes)
		add_gaps(plan, request, highest);
	else
		add_given_closes(plan, request);
	add_terminal_steps(plan, request);
	if (!request->in_place)
		add(plan, STEP_STOP_PENDING, SYS_rt_sigpending, -1);
	add3(plan, STEP_MASK, SYS_rt_sigprocmask, -1, SIG_SETMASK, (long)&plan->mask, 0);
	plan->steps[plan->count - 1].arg[3] = KERNEL_SIGSET_SIZE;
	if (request->error_pipe >= 0)
		add3(plan, STEP_READY, SYS_write, -1, request->error_pipe, (long)&plan->report,
		     sizeof(plan->report));
	add(plan, STEP_EXEC, SYS_execve, -1);
}

/* An upper bound: each list entry makes at most three steps and a gap. */
static size_t bound_steps(const struct plan_request *request)
{
	uint64_t signals = request->options->default_signals | request->options->ignore_signals;

	return (size_t)__builtin_popcountll(signals) + 4 * request->given_count + 20;
}

static size_t count_strings(const void *list)
{
	char *const *strings = list;
	size_t count = 0;

	while (strings && strings[count])
		count++;
	return count;
}

/* Is entry ("NAME=VALUE") the variable that name, up to its end or "=", names? */
static int is_variable(const char *entry, const char *name)
{
	size_t length = strcspn(name, "=");

	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static int is_changed(const struct spu_options *options, const char *entry)
{
	const char *const *name;

	for (name = options->env_unset; name && *name; name++)
		if (is_variable(entry, *name))
			return 1;
	for (name = options->env_set; name && *name; name++)
		if (is_variable(entry, *name))
			return 1;
	return 0;
}

static char *const *make_environment(const struct plan_request *request, const char **room)
{
	const struct spu_options *options = request->options;
	char *const *base = options->env ? options->env : request->environ;
	const char *const *set;
	size_t count = 0;

	if (!options->env_set && !options->env_unset)
		return base;
	for (; base && *base; base++)
		if (!is_changed(options, *base))
			room[count++] = *base;
	for (set = options->env_set; set && *set; set++) {
		size_t i = 0;

		/* the last of several settings of one name wins */
		while (i < count && !is_variable(room[i], *set))
			i++;
		room[i] = *set;
		count += i == count;
	}
	room[count] = NULL;
	return (char *const *)room;
}

int spu__compile(const struct plan_request *request, struct plan *ret_plan, void **ret_block)
{
	const struct spu_options *options = request->options;
	const char *file = options->file ? options->file : request->argv[0];
	size_t steps = bound_steps(request), candidates, text, environment, moves;
	const char **pointers;
	struct move *move_room;
	char *block;
	int move_count;

	spu__measure_candidates(file, request->path, &candidates, &text);
	environment = !options->env_set && !options->env_unset ? 0
		    : count_strings(options->env ? options->env : request->environ) +
		      count_strings(options->env_set) + 1;
	moves = 3 * request->given_count;
	block = malloc(steps * sizeof(struct step) + moves * sizeof(struct move) +
		       (candidates + 1 + environment) * sizeof(char *) + text);
	if (!block)
		return -ENOMEM;
	*ret_plan = (struct plan){
		.steps = (struct step *)block,
		.argv = request->argv,
		.error_pipe = request->error_pipe,
		.mask = options->block_signals |
			((options->flags & SPU_KEEP_MASK) ? request->mask : 0),
	};
	pointers = (const char **)(block + steps * sizeof(struct step));
	move_room = (struct move *)(pointers + candidates + 1 + environment);
	spu__write_candidates(file, request->path, pointers, (char *)(move_room + moves));
	ret_plan->candidates = pointers;
	ret_plan->env = make_environment(request, pointers + candidates + 1);

	move_count = spu__order_moves(request->given, request->given_count, move_room);
	if (move_count < 0) {
		free(block);
		return move_count;
	}
	add_steps(ret_plan, request, move_room, move_count);
	*ret_block = block;
	return 0;
}
