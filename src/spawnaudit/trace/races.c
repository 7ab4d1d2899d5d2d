/* SPDX-License-Identifier: MIT */
#include "races.h"

#include <stdlib.h>

#include "../options.h"
#include "common/message.h"

/* Of one process; a program that compiles code as it runs has places without end */
#define PLACES_KEPT 256

/* A copy of a copy of a copy: who executes nothing for so long is no launch */
#define DEPTH 16

struct races {
	int users;
	struct races *above;	/* that it is a copy of, and had threads then; or NULL */
	unsigned depth;
	int launched;
	struct race *list, **list_end;
	size_t count;
};

static struct race *kept, **kept_end = &kept;

struct races *races_new(struct races *creator, unsigned threads)
{
	struct races *races = calloc(1, sizeof(*races));
	struct races *above = creator && threads < 2 ? creator->above : creator;

	if (!races)
		die(EXIT_TROUBLE, "no memory for another process");
	races->users = 1;
	races->list_end = &races->list;
	if (above && above->depth < DEPTH) {
		races->above = above;
		races->depth = above->depth + 1;
		above->users++;
	}
	return races;
}

static void keep(struct race *race)
{
	struct race *same = race_find(kept, race->origin);

	race->next = NULL;
	if (!same) {
		*kept_end = race;
		kept_end = &race->next;
		return;
	}
	same->count += race->count;
	same->closed += race->closed;
	race_free(race);
}

void races_let_go(struct races *races)
{
	while (races && --races->users == 0) {
		struct races *above = races->above;
		struct race *race;

		while ((race = races->list)) {
			races->list = race->next;
			if (races->launched)
				keep(race);
			else
				race_free(race);
		}
		free(races);
		races = above;
	}
}

void races_made(struct races *races, struct origin *origin, unsigned threads, const char *mend)
{
	struct race *race = race_find(races->list, origin);

	if (!race && races->count == PLACES_KEPT)
		return;
	if (!race) {
		race = race_new(origin, threads, mend);
		*races->list_end = race;
		races->list_end = &race->next;
		races->count++;
	}
	race->count++;
}

void races_closed(struct races *races, const struct origin *origin)
{
	struct race *race = race_find(races->list, origin);

	if (race)
		race->closed++;
}

void races_launched(struct races *races)
{
	while ((races = races->above))
		races->launched = 1;
}

void races_tell(void (*take)(struct race *race))
{
	struct race *race;

	while ((race = kept)) {
		kept = race->next;
		take(race);
	}
	kept_end = &kept;
}
