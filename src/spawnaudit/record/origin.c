/* SPDX-License-Identifier: MIT */
#include "origin.h"

#include <stdlib.h>
#include <string.h>

#include "../look/libc.h"
#include "../options.h"
#include "common/message.h"

enum origin_kind origin_kind_of(enum creator_made made)
{
	static const enum origin_kind kinds[] = {
		[MADE_RESULT] = ORIGIN_OPENED,
		[MADE_COPY] = ORIGIN_COPIED,
		[MADE_KEPT] = ORIGIN_KEPT,
		[MADE_PAIR] = ORIGIN_OPENED,
		[MADE_MESSAGE] = ORIGIN_RECEIVED,
		[MADE_MESSAGES] = ORIGIN_RECEIVED,
	};

	return kinds[made];
}

struct origin *origin_new(void)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	origin->users = 1;
	return origin;
}

struct origin *origin_share(struct origin *origin)
{
	if (origin)
		origin->users++;
	return origin;
}

struct origin *origin_again(const struct origin *origin)
{
	struct origin *copy = origin_new();

	*copy = *origin;
	copy->users = 1;
	copy->of = NULL;
	copy->program = origin->program ? strdup(origin->program) : NULL;
	copy->script = origin->script ? strdup(origin->script) : NULL;
	copy->call = origin->call ? strdup(origin->call) : NULL;
	copy->snapshot = snapshot_copy(origin->snapshot);
	copy->mapped = image_share(origin->mapped);
	copy->place = place_share(origin->place);
	return copy;
}

/* A loop: copies of copies may be many. */
void origin_let_go(struct origin *origin)
{
	while (origin && --origin->users == 0) {
		struct origin *of = origin->of;

		free(origin->program);
		free(origin->script);
		free(origin->call);
		snapshot_free(origin->snapshot);
		image_let_go(origin->mapped);
		place_let_go(origin->place);
		free(origin);
		origin = of;
	}
}

int origin_is_same(const struct origin *one, const struct origin *other)
{
	while (one && other && one != other) {
		if (one->kind != other->kind || !place_is_same(one->place, other->place))
			return 0;
		one = one->of;
		other = other->of;
	}
	return one == other;
}

const struct frame *origin_caller(const struct origin *origin)
{
	const struct place *place = origin->place;

	if (!place)
		return NULL;
	for (size_t i = 0; i < place->count; i++)
		if (!place->frames[i].module || !file_is_libc(place->frames[i].module))
			return &place->frames[i];
	return &place->frames[0];
}

const char *origin_kind_name(enum origin_kind kind)
{
	static const char *const names[ORIGIN_KINDS] = {
		[ORIGIN_OPENED] = "opened",
		[ORIGIN_COPIED] = "copied",
		[ORIGIN_RECEIVED] = "received",
		[ORIGIN_KEPT] = "kept",
	};

	return names[kind];
}
