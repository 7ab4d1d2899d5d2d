/* SPDX-License-Identifier: MIT */
#include "breakpoints.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "../look/process.h"
#include "arch/arch.h"

#ifdef ARCH_BREAKPOINT

/*
 * The child gets a copy of its own of what is written to: a program with more text isn't
 * worth it, nor are more of all children together
 */
#define TEXT_MAX (192u << 20)
#define TEXTS_MAX (512u << 20)

/* Nor is one that has mapped them in more pieces */
#define PIECES_MAX 2048

/* Where functions are awaited to return to; libc has one such place for each kind of handler */
#define RETURNS_MAX 4

struct awaited {
	uint64_t offset;	/* in the file */
	unsigned char was;
};

struct text {
	struct process_mapping at;	/* its name is gone */
	size_t size;
	const struct starts *file;
	size_t first, count;	/* of the file's functions: those that begin here, */
	unsigned char *was;	/* and their first bytes */
	size_t return_count;	/* they stay: the text of a copy may have to be put back */
	struct awaited returns[RETURNS_MAX];
};

struct breakpoints {
	int users;
	pid_t pid;		/* that they were written to, */
	int memory;		/* and what it may hide from us later on */
	uint64_t size;		/* of all text */
	int lacks_some;		/* a file whose functions aren't known, or couldn't be written */
	size_t count;
	struct text *list;
};

static uint64_t planted;	/* bytes of text, in all children */

static int open_memory(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int is_all(ssize_t done, size_t size)
{
	return done >= 0 && (size_t)done == size;
}

/* A part of the text as it is, */
struct part {
	unsigned char *now;
	uint64_t offset;	/* in the file, */
	size_t size, begin, end;	/* and what of it has been put back */
};

static void put_back(struct part *part, uint64_t offset, unsigned char was)
{
	size_t at = offset - part->offset;

	if (at >= part->size || part->now[at] != ARCH_BREAKPOINT)
		return;
	part->now[at] = was;
	part->begin = at < part->begin ? at : part->begin;
	part->end = at < part->end ? part->end : at + 1;
}

/* Puts back what is still ours of a part of the text, which is mapped at address. */
static void restore(int memory, const struct text *text, size_t from, size_t size,
		    uint64_t address)
{
	const struct start *list = text->file->list + text->first;
	struct part part = {malloc(size), text->at.offset + from, size, size, 0};

	if (part.now && is_all(pread(memory, part.now, size, (off_t)address), size)) {
		for (size_t i = 0; i < text->count; i++)
			put_back(&part, list[i].offset, text->was[i]);
		for (size_t i = 0; i < text->return_count; i++)
			put_back(&part, text->returns[i].offset, text->returns[i].was);
	}
	if (part.begin < part.end)
		(void)!pwrite(memory, part.now + part.begin, part.end - part.begin,
			      (off_t)(address + part.begin));
	free(part.now);
}

/* Which functions begin there */
static void select_starts(struct text *text)
{
	const struct starts *file = text->file;
	const struct start *before = starts_before(file, text->at.offset);
	size_t at = before ? (size_t)(before - file->list) : 0;

	text->first = before && before->offset < text->at.offset ? at + 1 : at;
	for (at = text->first; at < file->count &&
	     file->list[at].offset - text->at.offset < text->size; at++)
		text->count++;
}

static int plant_text(int memory, struct text *text)
{
	unsigned char *bytes = malloc(text->size);
	off_t address = (off_t)text->at.start;
	int r = 0;

	select_starts(text);
	text->was = malloc(text->count + 1);
	if (bytes && text->was && is_all(pread(memory, bytes, text->size, address), text->size)) {
		for (size_t i = 0; i < text->count; i++) {
			size_t at = text->file->list[text->first + i].offset - text->at.offset;

			text->was[i] = bytes[at];
			bytes[at] = ARCH_BREAKPOINT;
		}
		r = is_all(pwrite(memory, bytes, text->size, address), text->size);
		if (!r)
			restore(memory, text, 0, text->size, text->at.start);
	}
	free(bytes);
	return r;
}

static void clear_text(struct text *text)
{
	starts_let_go(text->file);
	free(text->was);
}

static int add_text(struct breakpoints *breakpoints, const struct text *text)
{
	struct text *grown = reallocarray(breakpoints->list, breakpoints->count + 1,
					  sizeof(*grown));

	if (!grown)
		return -1;
	breakpoints->list = grown;
	grown[breakpoints->count++] = *text;
	return 1;
}

struct planting {
	struct breakpoints *breakpoints;
	unsigned pieces;
	pid_t pid;
};

/* Which text: what lies in files, and is the process's own. */
static int collect(void *context, const struct process_mapping *mapping)
{
	struct planting *planting = context;
	int r = 0;
	struct text text = {.at = *mapping, .size = mapping->end - mapping->start};

	if (!mapping->is_executable || mapping->inode == 0 || mapping->name[0] != '/')
		return 0;
	if (++planting->pieces > PIECES_MAX)
		return -1;
	text.file = mapping->is_shared ? NULL : starts_find(planting->pid, mapping);
	planting->breakpoints->size += text.size;
	if (!text.file || text.file->count == 0)
		planting->breakpoints->lacks_some = 1;
	else if (planting->breakpoints->size > TEXT_MAX ||
		 planted + planting->breakpoints->size > TEXTS_MAX)
		r = -1;
	else
		r = add_text(planting->breakpoints, &text);
	if (r <= 0)
		starts_let_go(text.file);
	return r < 0 ? r : 0;
}

static void plant(struct breakpoints *breakpoints)
{
	size_t kept = 0;

	for (size_t i = 0; i < breakpoints->count; i++)
		if (plant_text(breakpoints->memory, &breakpoints->list[i]))
			breakpoints->list[kept++] = breakpoints->list[i];
		else
			clear_text(&breakpoints->list[i]);
	breakpoints->lacks_some |= kept < breakpoints->count;
	breakpoints->count = kept;
}

int breakpoints_are_known(void)
{
	return 1;
}

struct breakpoints *breakpoints_plant(pid_t pid)
{
	struct breakpoints *breakpoints = calloc(1, sizeof(*breakpoints));
	struct planting planting = {.breakpoints = breakpoints, .pid = pid};
	int is_planted = 0;

	if (!breakpoints)
		return NULL;
	breakpoints->users = 1;
	breakpoints->pid = pid;
	breakpoints->memory = open_memory(pid);
	if (breakpoints->memory >= 0 && process_maps(pid, collect, &planting) == 0) {
		plant(breakpoints);
		is_planted = breakpoints->count > 0;
	} else {
		breakpoints->size = 0;
	}
	planted += breakpoints->size;
	if (is_planted)
		return breakpoints;
	breakpoints_let_go(breakpoints);
	return NULL;
}

struct breakpoints *breakpoints_share(struct breakpoints *breakpoints)
{
	if (breakpoints)
		breakpoints->users++;
	return breakpoints;
}

void breakpoints_let_go(struct breakpoints *breakpoints)
{
	if (!breakpoints || --breakpoints->users > 0)
		return;
	planted -= breakpoints->size;
	for (size_t i = 0; i < breakpoints->count; i++)
		clear_text(&breakpoints->list[i]);
	if (breakpoints->memory >= 0)
		close(breakpoints->memory);
	free(breakpoints->list);
	free(breakpoints);
}

struct removal {
	const struct breakpoints *breakpoints;
	int memory;
};

/* It may have mapped something else there since, or that elsewhere. */
static int restore_mapping(void *context, const struct process_mapping *mapping)
{
	const struct removal *removal = context;

	for (size_t i = 0; !mapping->is_shared && i < removal->breakpoints->count; i++) {
		const struct text *text = &removal->breakpoints->list[i];
		uint64_t end = text->at.offset + text->size;
		uint64_t mapped_end = mapping->offset + (mapping->end - mapping->start);
		uint64_t from = text->at.offset, to = mapped_end < end ? mapped_end : end;

		if (from < mapping->offset)
			from = mapping->offset;
		if (from < to && process_maps_same(&text->at, mapping))
			restore(removal->memory, text, from - text->at.offset, to - from,
				mapping->start + (from - mapping->offset));
	}
	return 0;
}

void breakpoints_remove(const struct breakpoints *breakpoints, pid_t pid)
{
	int is_copy = pid != breakpoints->pid;
	struct removal removal = {breakpoints, is_copy ? open_memory(pid) : breakpoints->memory};

	if (removal.memory < 0)
		return;
	/* what it has mapped is hidden: they are where they were */
	if (process_maps(pid, restore_mapping, &removal) < 0)
		for (size_t i = 0; i < breakpoints->count; i++)
			restore(removal.memory, &breakpoints->list[i], 0, breakpoints->list[i].size,
				breakpoints->list[i].at.start);
	if (is_copy)
		close(removal.memory);
}

int breakpoints_can_be_reached(const struct breakpoints *breakpoints)
{
	int memory = open_memory(breakpoints->pid);

	if (memory >= 0)
		close(memory);
	return memory >= 0;
}

int breakpoints_are_whole(const struct breakpoints *breakpoints)
{
	return !breakpoints->lacks_some;
}

static struct text *find_text(const struct breakpoints *breakpoints, uint64_t address)
{
	for (size_t i = 0; i < breakpoints->count; i++)
		if (address - breakpoints->list[i].at.start < breakpoints->list[i].size)
			return &breakpoints->list[i];
	return NULL;
}

static struct spot find_spot(const struct breakpoints *breakpoints, uint64_t address)
{
	const struct text *text = find_text(breakpoints, address);
	struct spot spot = {0};

	if (!text)
		return spot;
	spot.file = text->file;
	spot.offset = address - text->at.start + text->at.offset;
	spot.function = starts_before(text->file, spot.offset);
	return spot;
}

static struct awaited *find_return(struct text *text, uint64_t offset)
{
	for (size_t i = 0; text && i < text->return_count; i++)
		if (text->returns[i].offset == offset)
			return &text->returns[i];
	return NULL;
}

void breakpoints_await(const struct breakpoints *breakpoints, uint64_t address)
{
	const unsigned char breakpoint = ARCH_BREAKPOINT;
	struct text *text = find_text(breakpoints, address);
	struct awaited new = {0}, *known;

	if (!text || pread(breakpoints->memory, &new.was, 1, (off_t)address) != 1 ||
	    new.was == breakpoint)
		return;
	new.offset = address - text->at.start + text->at.offset;
	known = find_return(text, new.offset);
	if (!known && text->return_count == RETURNS_MAX)
		return;
	if (!known)
		text->returns[text->return_count++] = new;
	(void)!pwrite(breakpoints->memory, &breakpoint, 1, (off_t)address);
}

/* The byte that a breakpoint stands for; ARCH_BREAKPOINT: it is none of ours. */
static unsigned char find_was(struct text *text, const struct spot *at, int *ret_is_return)
{
	const struct awaited *awaited = find_return(text, at->offset);

	*ret_is_return = awaited != NULL;
	if (awaited)
		return awaited->was;
	if (!at->function || at->function->offset != at->offset)
		return ARCH_BREAKPOINT;
	return text->was[(size_t)(at->function - text->file->list) - text->first];
}

/*
 * A signal of the program's that waited already takes the place of the trap's own, so
 * that what lies there counts more than what the signal says.
 */
int breakpoints_take(const struct breakpoints *breakpoints, pid_t tid, struct hit *ret,
		     int *ret_own)
{
	struct registers registers;
	unsigned char byte = 0, was;
	uint64_t address;
	siginfo_t info;
	int is_trap;

	if (ptrace(PTRACE_GETSIGINFO, tid, 0, &info) < 0 ||
	    machine_registers(tid, &registers) < 0 || registers.foreign)
		return 0;
	address = registers.pc - 1;
	is_trap = info.si_code == SI_KERNEL;
	ret->at = find_spot(breakpoints, address);
	was = find_was(find_text(breakpoints, address), &ret->at, &ret->is_return);
	if (was == ARCH_BREAKPOINT)
		return 0;
	machine_read(tid, address, &byte, 1);
	if (!is_trap && byte != ARCH_BREAKPOINT)
		return 0;
	/* one byte: what was written around it stays */
	if (pwrite(breakpoints->memory, &was, 1, (off_t)address) != 1 ||
	    machine_go_to(tid, address) < 0)
		return 0;
	ret->sp = registers.sp;
	ret->back = 0;
	machine_read(tid, registers.sp, &ret->back, sizeof(ret->back));
	ret->caller = find_spot(breakpoints, ret->back - 1);
	*ret_own = !is_trap;
	return 1;
}

#else

int breakpoints_are_known(void)
{
	return 0;
}

struct breakpoints *breakpoints_plant(pid_t pid)
{
	(void)pid;
	return NULL;
}

struct breakpoints *breakpoints_share(struct breakpoints *breakpoints)
{
	return breakpoints;
}

void breakpoints_let_go(struct breakpoints *breakpoints)
{
	(void)breakpoints;
}

void breakpoints_remove(const struct breakpoints *breakpoints, pid_t pid)
{
	(void)breakpoints, (void)pid;
}

int breakpoints_are_whole(const struct breakpoints *breakpoints)
{
	(void)breakpoints;
	return 0;
}

int breakpoints_can_be_reached(const struct breakpoints *breakpoints)
{
	(void)breakpoints;
	return 0;
}

void breakpoints_await(const struct breakpoints *breakpoints, uint64_t address)
{
	(void)breakpoints, (void)address;
}

int breakpoints_take(const struct breakpoints *breakpoints, pid_t tid, struct hit *ret,
		     int *ret_own)
{
	(void)breakpoints, (void)tid, (void)ret, (void)ret_own;
	return 0;
}

#endif
