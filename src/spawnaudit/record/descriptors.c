/* SPDX-License-Identifier: MIT */
#include "descriptors.h"

#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

static void *check(void *memory)
{
	if (!memory)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	return memory;
}

void making_free(struct making *making)
{
	if (!making)
		return;
	origin_let_go(making->origin);
	free(making);
}

struct descriptors *descriptors_new(void)
{
	struct descriptors *descriptors = check(calloc(1, sizeof(*descriptors)));

	descriptors->users = 1;
	return descriptors;
}

struct descriptors *descriptors_share(struct descriptors *descriptors)
{
	if (descriptors)
		descriptors->users++;
	return descriptors;
}

struct descriptors *descriptors_copy(const struct descriptors *descriptors)
{
	struct descriptors *copy = descriptors_new();

	if (!descriptors || descriptors->count == 0)
		return copy;
	copy->room = copy->count = descriptors->count;
	copy->list = check(calloc(copy->count, sizeof(*copy->list)));
	memcpy(copy->list, descriptors->list, copy->count * sizeof(*copy->list));
	for (size_t i = 0; i < copy->count; i++)
		origin_share(copy->list[i].origin);
	return copy;
}

void descriptors_let_go(struct descriptors *descriptors)
{
	if (!descriptors || --descriptors->users > 0)
		return;
	for (size_t i = 0; i < descriptors->count; i++)
		origin_let_go(descriptors->list[i].origin);
	free(descriptors->list);
	free(descriptors);
}

/* The first one of this number or a higher one; behind the last if there is none. */
static size_t place_of(const struct descriptors *descriptors, int fd)
{
	size_t low = 0, high = descriptors->count;

	/* the newest mostly has the highest number */
	if (high == 0 || descriptors->list[high - 1].fd < fd)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (descriptors->list[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int is_at(const struct descriptors *descriptors, size_t at, int fd)
{
	return at < descriptors->count && descriptors->list[at].fd == fd;
}

struct descriptor *descriptors_find(struct descriptors *descriptors, int fd)
{
	size_t at;

	if (!descriptors)
		return NULL;
	at = place_of(descriptors, fd);
	return is_at(descriptors, at, fd) ? &descriptors->list[at] : NULL;
}

static void insert(struct descriptors *descriptors, size_t at)
{
	struct descriptor *list = descriptors->list;

	if (descriptors->count == descriptors->room) {
		descriptors->room = descriptors->room ? 2 * descriptors->room : 8;
		list = check(reallocarray(list, descriptors->room, sizeof(*list)));
		descriptors->list = list;
	}
	memmove(list + at + 1, list + at, (descriptors->count++ - at) * sizeof(*list));
	list[at] = (struct descriptor){0};
}

static void remove_at(struct descriptors *descriptors, size_t at)
{
	struct descriptor *list = descriptors->list;

	origin_let_go(list[at].origin);
	memmove(list + at, list + at + 1, (--descriptors->count - at) * sizeof(*list));
}

void descriptors_set(struct descriptors *descriptors, int fd, struct origin *origin)
{
	size_t at = place_of(descriptors, fd);
	int is_known = is_at(descriptors, at, fd);

	if (!origin) {
		if (is_known)
			remove_at(descriptors, at);
		return;
	}
	if (!is_known)
		insert(descriptors, at);
	origin_share(origin);
	origin_let_go(descriptors->list[at].origin);
	descriptors->list[at] = (struct descriptor){.fd = fd, .origin = origin};
}

struct origin *descriptors_origin(struct descriptors *descriptors, int fd,
				  const struct identity *made)
{
	struct descriptor *descriptor = descriptors_find(descriptors, fd);
	struct origin *first;
	int depth = 0;

	if (!descriptor || !identity_is_same(&descriptor->origin->identity, made))
		return NULL;
	for (first = descriptor->origin; first->of; first = first->of)
		depth++;
	return origin_share(depth < ORIGIN_DEPTH ? descriptor->origin : first);
}
