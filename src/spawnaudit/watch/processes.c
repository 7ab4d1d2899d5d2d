/* SPDX-License-Identifier: MIT */
#include "processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../look/process.h"
#include "../options.h"
#include "common/message.h"

#define SLOTS 4096

static struct watched *table[SLOTS];

static void *need(void *memory)
{
	if (!memory)
		die(EXIT_TROUBLE, "no memory for another process");
	return memory;
}

/*
 * Descriptors
 */

struct held *held_share(struct held *held)
{
	if (held)
		held->users++;
	return held;
}

void held_let_go(struct held *held)
{
	if (!held || --held->users > 0)
		return;
	free(held->list);
	free(held);
}

void held_add(struct held **held, const struct event_file *file)
{
	struct held *to = *held;

	if (!to) {
		*held = to = need(calloc(1, sizeof(*to)));
		to->users = 1;
	}
	if (to->count == to->room) {
		to->room = to->room ? to->room * 2 : 8;
		to->list = need(reallocarray(to->list, to->room, sizeof(*to->list)));
	}
	to->list[to->count++] = *file;
}

static int compare(const void *one, const void *other)
{
	return ((const struct event_file *)one)->fd - ((const struct event_file *)other)->fd;
}

int held_has(const struct held *held, const struct event_file *file)
{
	const struct event_file *found =
		held && held->count ? bsearch(file, held->list, held->count, sizeof(*file), compare)
				    : NULL;

	return found && found->file == file->file && found->inode == file->inode;
}

/*
 * Images
 */

struct reading {
	FILE *text;
	const struct registers *registers;
	int has_code, has_stack;
};

static int take_mapping(void *context, const struct process_mapping *mapping)
{
	struct reading *reading = context;
	const struct registers *registers = reading->registers;

	reading->has_code |= mapping->is_executable && registers->pc >= mapping->start &&
			     registers->pc < mapping->end;
	reading->has_stack |= registers->sp >= mapping->start && registers->sp < mapping->end;
	fprintf(reading->text, "%lx-%lx r-%cp %lx %x:%x %lu %s\n", (unsigned long)mapping->start,
		(unsigned long)mapping->end, mapping->is_executable ? 'x' : '-',
		(unsigned long)mapping->offset, mapping->device_major, mapping->device_minor,
		(unsigned long)mapping->inode, mapping->name);
	return 0;
}

static int has_our_root(pid_t pid)
{
	struct stat ours, its;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	return stat(path, &its) == 0 && stat("/", &ours) == 0 && its.st_dev == ours.st_dev &&
	       its.st_ino == ours.st_ino;
}

/* Where both code and stack lie as they did, it has executed nothing since: addresses are random */
struct image *image_read(pid_t pid, uint64_t code, const struct registers *registers)
{
	struct image *image = need(calloc(1, sizeof(*image)));
	struct reading reading = {.registers = registers};
	size_t size;
	int r;

	*image = (struct image){.pid = pid, .users = 1, .code = code, .is_ours = has_our_root(pid)};
	reading.text = need(open_memstream(&image->maps, &size));
	r = process_maps(pid, take_mapping, &reading);
	if (fclose(reading.text) == 0 && r == 0 && reading.has_code && reading.has_stack)
		return image;
	image_let_go(image);
	return NULL;
}

struct image *image_share(struct image *image)
{
	if (image)
		image->users++;
	return image;
}

void image_let_go(struct image *image)
{
	if (!image || --image->users > 0)
		return;
	view_let_go(image->view);
	free(image->maps);
	free(image);
}

/*
 * Processes
 */

struct watched *watched_find(pid_t pid)
{
	struct watched *watched = table[pid % SLOTS];

	while (watched && watched->pid != pid)
		watched = watched->next;
	return watched;
}

struct watched *watched_add(pid_t pid)
{
	struct watched *watched = watched_find(pid);

	if (watched)
		watched_remove(watched);
	watched = need(calloc(1, sizeof(*watched)));
	watched->pid = pid;
	watched->next = table[pid % SLOTS];
	return table[pid % SLOTS] = watched;
}

void watched_remove(struct watched *watched)
{
	struct watched **link = &table[watched->pid % SLOTS];

	while (*link != watched)
		link = &(*link)->next;
	*link = watched->next;
	if (watched->window)
		launch_free(watched->window);
	free(watched->program);
	free(watched->script);
	held_let_go(watched->given);
	held_let_go(watched->inherited);
	held_let_go(watched->crossed);
	announced_clear(&watched->announced);
	image_let_go(watched->image);
	image_let_go(watched->parent_image);
	free(watched);
}

void watched_visit(void (*visit)(struct watched *watched, void *context), void *context)
{
	struct watched *watched, *next;

	for (size_t i = 0; i < SLOTS; i++)
		for (watched = table[i]; watched; watched = next) {
			next = watched->next;
			visit(watched, context);
		}
}
