/* SPDX-License-Identifier: MIT */
#include "processes.h"

#include <stdlib.h>
#include <string.h>

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
	descriptors_let_go(watched->descriptors);
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
