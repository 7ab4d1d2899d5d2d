/* SPDX-License-Identifier: MIT */
#include "race.h"

#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

struct race *race_new(struct origin *origin, unsigned threads, const char *mend)
{
	struct race *race = calloc(1, sizeof(*race));

	if (!race)
		die(EXIT_TROUBLE, "no memory for another finding");
	race->origin = origin_share(origin);
	race->threads = threads;
	race->mend = mend;
	return race;
}

void race_free(struct race *race)
{
	origin_let_go(race->origin);
	free(race);
}

static int is_same_name(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

int race_is_of(const struct race *race, const struct origin *origin)
{
	const struct frame *one = origin_caller(race->origin), *other = origin_caller(origin);

	return race->origin->kind == origin->kind &&
	       is_same_name(race->origin->program, origin->program) &&
	       is_same_name(race->origin->script, origin->script) &&
	       (one && other ? frame_is_same(one, other) : one == other);
}

struct race *race_find(struct race *list, const struct origin *origin)
{
	while (list && !race_is_of(list, origin))
		list = list->next;
	return list;
}
