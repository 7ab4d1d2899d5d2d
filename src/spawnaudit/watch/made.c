/* SPDX-License-Identifier: MIT */
#include "made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../look/creators.h"
#include "../record/call_text.h"

/* The address of a file may be used again, but not for that inode. */
static struct identity identity_told(const struct event_file *file)
{
	return (struct identity){.device = file->file, .inode = file->inode};
}

static struct snapshot *snapshot_of(const struct event_made *made,
				    const struct registers *registers)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot) + made->size);

	if (!snapshot)
		return NULL;
	snapshot->registers = *registers;
	snapshot->size = made->size;
	memcpy(snapshot->stack, made->stack, made->size);
	return snapshot;
}

static struct origin *origin_of(const struct watched *watched, const struct event_made *made,
				enum creator_made how, const struct registers *registers)
{
	struct origin *origin = origin_new();

	origin->kind = origin_kind_of(how);
	origin->pid = watched->pid;
	origin->thread = made->thread;
	snprintf(origin->thread_name, sizeof(origin->thread_name), "%.*s",
		 (int)sizeof(made->name), made->name);
	origin->program = watched->program ? strdup(watched->program) : NULL;
	origin->script = watched->script ? strdup(watched->script) : NULL;
	origin->call = call_text_kept(registers, made->path[0] ? made->path : NULL);
	if (watched->image) {
		origin->snapshot = snapshot_of(made, registers);
		origin->mapped = image_share(watched->image);
	}
	return origin;
}

void made_take(struct watched *watched, const struct event_made *made,
	       const struct registers *registers)
{
	size_t count;
	/* the programs' table begins with one that is none */
	const struct creator *creator = &creators_table(&count)[made->creator - 1];
	struct origin *origin = origin_of(watched, made, creator->made, registers);
	int is_of = origin->kind == ORIGIN_COPIED || origin->kind == ORIGIN_KEPT;

	if (!watched->descriptors)
		watched->descriptors = descriptors_new();
	for (__u32 i = 0; i < made->count; i++) {
		struct origin *next = i + 1 < made->count ? origin_again(origin) : NULL;

		origin->identity = identity_told(&made->files[i]);
		if (is_of)
			origin->of = descriptors_origin(watched->descriptors,
							(int)registers->arguments[0],
							&origin->identity);
		descriptors_set(watched->descriptors, made->files[i].fd, origin);
		origin_let_go(origin);
		origin = next;
	}
	origin_let_go(origin);
}

static struct descriptor *find(const struct watched *watched, const struct event_file *file)
{
	struct descriptor *descriptor = descriptors_find(watched->descriptors, file->fd);
	struct identity identity = identity_told(file);

	return descriptor && identity_is_same(&descriptor->origin->identity, &identity)
	     ? descriptor : NULL;
}

void made_cross(struct watched *watched)
{
	struct descriptors *kept = NULL;

	for (size_t i = 0; watched->crossed && i < watched->crossed->count; i++) {
		const struct event_file *file = &watched->crossed->list[i];
		struct descriptor *descriptor = find(watched, file);

		if (!descriptor)
			continue;
		if (!kept)
			kept = descriptors_new();
		descriptors_set(kept, file->fd, descriptor->origin);
		descriptors_find(kept, file->fd)->execs = descriptor->execs + 1;
	}
	descriptors_let_go(watched->descriptors);
	watched->descriptors = kept;
}

int made_is_known(const struct watched *watched, const struct event_file *file)
{
	return find(watched, file) != NULL;
}

void made_tell(const struct watched *watched, const struct event_file *file, struct leak *leak)
{
	struct descriptor *descriptor = find(watched, file);

	leak->is_sought = 1;
	if (!descriptor)
		return;
	leak->origin = origin_share(descriptor->origin);
	/* this one isn't over */
	leak->execs = descriptor->execs + 1;
}

void made_locate(struct origin *origin)
{
	for (; origin; origin = origin->of) {
		struct image *image = origin->mapped;

		if (!image || !origin->snapshot)
			continue;
		if (!image->view)
			image->view = view_of_maps(image->pid, image->maps, image->is_ours);
		if (image->view)
			origin->place = place_find(origin->snapshot, image->pid, &image->view);
		snapshot_free(origin->snapshot);
		origin->snapshot = NULL;
		origin->mapped = NULL;
		image_let_go(image);
	}
}
