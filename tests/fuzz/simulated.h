/* SPDX-License-Identifier: MIT */
/*
 * A child that carries out a plan on a descriptor table that isn't there: each step's
 * call does what the kernel does with it.
 */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "../promised.h"
#include "bytes.h"
#include "lib/plan/compile.h"

#define NUMBERS 640	/* of both tables; only some of them are named */

/* Devices: what is the caller's, what a path opens, what else there is */
enum { IN_CALLER = 1, BY_PATH, PARENT, ERROR_PIPE, PROGRAM, RULESET };

struct simulated {
	const struct plan *plan;
	struct held_fd parent[NUMBERS], own[NUMBERS];
	int is_shared;		/* own is the parent's still: nothing may change it */
	int at, err;		/* where the plan ended */
};

static inline struct held_fd file_of_path(const char *path)
{
	unsigned long long inode = 5381;

	for (; *path; path++)
		inode = inode * 33 + (unsigned char)*path;
	return (struct held_fd){BY_PATH, inode, 0};
}

/* A name of one of the child's own; -1 */
static inline int number_in_path(const char *path)
{
	return strncmp(path, "/dev/fd/", 8) == 0 ? atoi(path + 8) : -1;
}

static inline int holds(const struct simulated *child, long fd)
{
	return fd >= 0 && fd < NUMBERS && child->own[fd].inode;
}

static inline void put(struct simulated *child, long fd, struct held_fd held, int cloexec)
{
	if (child->is_shared)
		FAULT("step %d changes the parent's table\n", child->at);
	held.cloexec = cloexec;
	child->own[fd] = held;
}

static inline long put_lowest(struct simulated *child, struct held_fd held, int cloexec)
{
	long fd = 0;

	while (fd < NUMBERS && holds(child, fd))
		fd++;
	if (fd == NUMBERS)
		return -EMFILE;
	put(child, fd, held, cloexec);
	return fd;
}

static inline long close_range_of(struct simulated *child, const struct step *step)
{
	unsigned long first = (unsigned long)step->arg[0], last = (unsigned long)step->arg[1];
	unsigned long fd;

	if (step->kind == STEP_ASK_CLOSE)
		return 0;
	if (step->arg[2] & KERNEL_CLOSE_RANGE_UNSHARE)
		child->is_shared = 0;
	if (first > last)
		return -EINVAL;
	for (fd = first; fd <= last && fd < NUMBERS; fd++) {
		if (step->arg[2] & KERNEL_CLOSE_RANGE_CLOEXEC)
			child->own[fd].cloexec = 1;
		else
			put(child, (long)fd, (struct held_fd){0, 0, 0}, 0);
	}
	return 0;
}

static inline long open_in(struct simulated *child, const struct step *step)
{
	const char *path = (const char *)step->arg[1];
	int n = number_in_path(path);

	if (n >= 0 && !holds(child, n))
		return -ENOENT;
	return put_lowest(child, n >= 0 ? child->own[n] : file_of_path(path),
			  (step->arg[2] & O_CLOEXEC) != 0);
}

static inline long copy_in(struct simulated *child, long from, long to, int cloexec)
{
	if (from == to)
		return -EINVAL;
	if (!holds(child, from) || to < 0 || to >= NUMBERS)
		return -EBADF;
	put(child, to, child->own[from], cloexec);
	return to;
}

/* What isn't about descriptors goes well. */
static inline long call_in(struct simulated *child, const struct step *step, long first)
{
	int is_open = holds(child, first);

	switch (step->number) {
	case SYS_openat:
		return open_in(child, step);
	case SYS_close:
		if (is_open)
			put(child, first, (struct held_fd){0, 0, 0}, 0);
		return 0;
	case SYS_close_range:
		return close_range_of(child, step);
	case SYS_dup3:
		return copy_in(child, first, step->arg[1], (step->arg[2] & O_CLOEXEC) != 0);
	case SYS_fcntl:
		if (!is_open)
			return -EBADF;
		if (step->arg[1] == F_DUPFD_CLOEXEC)
			return put_lowest(child, child->own[first], 1);
		put(child, first, child->own[first], (int)step->arg[2]);
		return 0;
	case SYS_pidfd_open:
		return put_lowest(child, (struct held_fd){PARENT, 1, 0}, 1);
	case SYS_pidfd_getfd:
		if (!is_open || child->own[first].device != PARENT ||
		    step->arg[1] >= NUMBERS || !child->parent[step->arg[1]].inode)
			return -EBADF;
		return put_lowest(child, child->parent[step->arg[1]], 1);
	case SYS_chdir: {
		int n = number_in_path((const char *)step->arg[0]);

		return n < 0 || holds(child, n) ? 0 : -ENOENT;
	}
	case SYS_fchdir:
	case SYS_ioctl:
		return is_open ? 0 : -EBADF;
	case SYS_landlock_restrict_self:
		return is_open && child->own[first].device == RULESET ? 0 : -EBADF;
	case SYS_write:
		/* a line goes to what was opened for it, a report to the pipe */
		if (!is_open || (step->kind == STEP_READY && child->own[first].device != ERROR_PIPE))
			FAULT("step %d writes to %ld\n", child->at, first);
	}
	return 0;
}

/* 0, or a negative errno value and where: at */
static inline int simulate(struct simulated *child)
{
	const struct plan *plan = child->plan;
	long saved = -1, r = 0;
	int n;

	memcpy(child->own, child->parent, sizeof(child->own));
	for (child->at = 0; child->at < plan->count && r >= 0; child->at++) {
		const struct step *step = &plan->steps[child->at];
		long first = step->link == LINK_SAVED || step->kind == STEP_PID_WRITE
			   ? saved : step->arg[0];

		if (step->link == LINK_SAVED && saved == step->arg[1])
			continue;
		r = call_in(child, step, first);
		if (step->link == LINK_SAVE)
			saved = r;
	}
	if (r < 0) {
		child->at--;
		return (int)r;
	}
	n = plan->program;
	if (n >= 0 && child->own[n].device != PROGRAM)
		FAULT("the program isn't at %d any more\n", n);
	for (n = 0; n < NUMBERS; n++)
		if (child->own[n].cloexec)
			child->own[n] = (struct held_fd){0, 0, 0};
	return 0;
}

static inline void compare_tables(const struct held_fd *has, const struct held_fd *wanted)
{
	int n;

	for (n = 0; n < NUMBERS; n++)
		if (!is_same_file(&has[n], &wanted[n]))
			FAULT("the child's %d is %llu:%llu, not %llu:%llu\n", n, has[n].device,
			      has[n].inode, wanted[n].device, wanted[n].inode);
}

/*
 * ---- What is drawn from the bytes
 */

/* Few low ones, so that they meet, and some around a word's end and FETCH_FROM */
static inline int take_number(struct bytes *bytes)
{
	unsigned byte = take(bytes);

	return (int)(byte < 96 ? byte % 12 : byte < 176 ? byte - 96 + 56 : byte - 176 + 500);
}

/* Mostly one that is open */
static inline int take_source(struct bytes *bytes, const struct held_fd own[NUMBERS])
{
	int first = take_number(bytes), n = first;

	if (take(bytes) % 16 == 15)
		return first;
	while (n < NUMBERS && !own[n].inode)
		n++;
	return n < NUMBERS ? n : first;
}

/* The caller's table: runs of numbers that are open, or not, or close-on-exec. */
static inline void take_table(struct bytes *bytes, struct held_fd own[NUMBERS])
{
	int count = (int)take(bytes) % 16, i, n, end;

	memset(own, 0, NUMBERS * sizeof(*own));
	for (i = 0; i < count; i++) {
		unsigned how = take(bytes);

		n = take_number(bytes);
		for (end = n + (int)(how & 31) + 1; n < end; n++)
			own[n] = how & 128 ? (struct held_fd){0, 0, 0}
				: (struct held_fd){IN_CALLER, (unsigned)n + 1, (how & 64) != 0};
	}
}

/* A new one of the library's, which nobody has and no entry or action names. */
static inline int take_free(struct bytes *bytes, struct held_fd own[NUMBERS],
			    const char named[NUMBERS], int device)
{
	int n = take_number(bytes);

	while (own[n].inode || named[n])
		n++;
	own[n] = (struct held_fd){(unsigned)device, (unsigned)n + 1, 1};
	return n;
}

/* Those that the child has until exec, as far as they are asked for. */
static inline void take_held(struct bytes *bytes, unsigned which, struct held_fd own[NUMBERS],
			     const char named[NUMBERS], struct table *table)
{
	static const int devices[HELD] = {ERROR_PIPE, PROGRAM, RULESET};
	int i;

	for (i = 0; i < HELD; i++)
		table->held[i] = (which & 1u << i) ? take_free(bytes, own, named, devices[i]) : -1;
}

#endif
