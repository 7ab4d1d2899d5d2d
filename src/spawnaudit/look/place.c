/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <stdlib.h>
#include <string.h>

#include "symbols.h"

static struct place *united;	/* no two of them are the same */

/* Frames that lie in no file */
static size_t count_lost(const struct place *place)
{
	size_t lost = 0;

	for (size_t i = 0; i < place->count; i++)
		lost += !place->frames[i].module;
	return lost;
}

static struct place *unwind(struct view *view, const struct snapshot *snapshot)
{
	struct frame frames[PLACE_FRAMES];
	const char *ended;
	size_t count = view_unwind(view, snapshot, frames, PLACE_FRAMES, &ended);
	struct place *place = NULL;

	if (count > 0)
		place = malloc(sizeof(*place) + count * sizeof(*frames));
	if (place) {
		*place = (struct place){
			.view = view_share(view), .ended = ended, .users = 1, .count = count,
		};
		memcpy(place->frames, frames, count * sizeof(*frames));
		return place;
	}
	for (size_t i = 0; i < count; i++)
		frame_clear(&frames[i]);
	return NULL;
}

struct place *place_find(const struct snapshot *snapshot, pid_t pid, struct view **view)
{
	int is_old = *view != NULL;
	struct place *place;

	if (!snapshot)
		return NULL;
	if (!is_old)
		*view = view_new(pid);
	if (!*view)
		return NULL;
	place = unwind(*view, snapshot);
	if (!is_old || (place && count_lost(place) == 0) || !view_renew(view))
		return place;
	place_let_go(place);
	return unwind(*view, snapshot);
}

struct place *place_share(struct place *place)
{
	if (place)
		place->users++;
	return place;
}

void place_let_go(struct place *place)
{
	if (!place || --place->users > 0)
		return;
	for (size_t i = 0; i < place->count; i++)
		frame_clear(&place->frames[i]);
	view_let_go(place->view);
	free(place);
}

void place_name(struct place *place)
{
	if (!place || !place->view)
		return;
	for (size_t i = 0; i < place->count; i++)
		frame_name(place->view, &place->frames[i]);
	view_let_go(place->view);
	place->view = NULL;
}

int frame_is_same(const struct frame *one, const struct frame *other)
{
	if (!one->module || !other->module)
		return one->module == other->module && one->address == other->address;
	return one->offset == other->offset && strcmp(one->module, other->module) == 0;
}

int place_is_same(const struct place *one, const struct place *other)
{
	if (!one || !other)
		return one == other;
	if (one->count != other->count)
		return 0;
	for (size_t i = 0; i < one->count; i++)
		if (!frame_is_same(&one->frames[i], &other->frames[i]))
			return 0;
	return 1;
}

struct place *place_unite(struct place *place)
{
	struct place *same = united;

	while (same && !place_is_same(same, place))
		same = same->next;
	if (!same) {
		place->next = united;
		united = same = place;
	} else {
		place_let_go(place);
	}
	same->users++;
	return same;
}

void places_forget(void)
{
	struct place *place;

	while ((place = united)) {
		united = place->next;
		place_let_go(place);
	}
}
