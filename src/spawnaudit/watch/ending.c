/* SPDX-License-Identifier: MIT */
#include "ending.h"

#include <stdlib.h>

#include "../options.h"
#include "common/message.h"
#include "made.h"

#define WAITING 1024

struct waiting {
	struct launch *launch;
	struct image *image;
	struct waiting *next;
};

static void (*take)(struct launch *launch);
static struct waiting *waiting, **waiting_end = &waiting;
static size_t waiting_count;

void ending_setup(void (*take_launch)(struct launch *launch))
{
	take = take_launch;
}

static void locate(struct launch *launch, struct image *image)
{
	for (size_t i = 0; i < launch->leak_count; i++)
		made_locate(launch->leaks[i].origin);
	for (size_t i = 0; i < launch->passed_count; i++)
		made_locate(launch->passed[i].origin);
	if (!image || !launch->snapshot)
		return;
	if (!image->view)
		image->view = view_of_maps(image->pid, image->maps, image->is_ours);
	if (image->view)
		launch->place = place_find(launch->snapshot, image->pid, &image->view);
}

void ending_tell(struct launch *launch, struct image *image)
{
	locate(launch, image);
	image_let_go(image);
	snapshot_free(launch->snapshot);
	launch->snapshot = NULL;
	take(launch);
}

void ending_tell_first(void)
{
	struct waiting *first = waiting;

	waiting = first->next;
	if (!waiting)
		waiting_end = &waiting;
	waiting_count--;
	ending_tell(first->launch, first->image);
	free(first);
}

void ending_put_off(struct launch *launch, struct image *image)
{
	struct waiting *last = malloc(sizeof(*last));

	if (!last)
		die(EXIT_TROUBLE, "no memory for another launch");
	*last = (struct waiting){launch, image, NULL};
	*waiting_end = last;
	waiting_end = &last->next;
	if (++waiting_count > WAITING)
		ending_tell_first();
}

int ending_is_awaited(void)
{
	return waiting != NULL;
}
