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
	copy->count = descriptors->count;
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

struct descriptor *descriptors_find(struct descriptors *descriptors, int fd)
{
	if (!descriptors || fd < 0 || (size_t)fd >= descriptors->count ||
	    !descriptors->list[fd].origin)
		return NULL;
	return &descriptors->list[fd];
}

static void grow(struct descriptors *descriptors, size_t count)
{
	size_t old = descriptors->count;

	count = count < 2 * old ? 2 * old : count;
	descriptors->list = check(reallocarray(descriptors->list, count,
					       sizeof(*descriptors->list)));
	memset(descriptors->list + old, 0, (count - old) * sizeof(*descriptors->list));
	descriptors->count = count;
}

void descriptors_set(struct descriptors *descriptors, int fd, struct origin *origin)
{
	struct descriptor *descriptor;

	if (fd < 0 || ((size_t)fd >= descriptors->count && !origin))
		return;
	if ((size_t)fd >= descriptors->count)
		grow(descriptors, (size_t)fd + 1);
	descriptor = &descriptors->list[fd];
	origin_share(origin);
	origin_let_go(descriptor->origin);
	*descriptor = (struct descriptor){.origin = origin};
}
