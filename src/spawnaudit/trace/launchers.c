/* SPDX-License-Identifier: MIT */
#include "launchers.h"

#include <stdlib.h>
#include <string.h>

#include "../look/process.h"
#include "../look/snapshot.h"
#include "../options.h"
#include "common/message.h"

#define PLACES_MAX 64		/* of one program */
#define LAUNCHERS_MAX 1024	/* that are kept, of all programs */

static struct launcher *launchers;	/* the newest is the first */

/*
 * Two places may differ in what lies far out on the stack only; what varies there by
 * chance makes one place look like many, which costs a little and tells nothing wrong.
 */
struct key {
	const struct snapshot *snapshot;
	uint64_t hash;
	int has_code;
};

static void mix(struct key *key, uint64_t value)
{
	key->hash = (key->hash ^ value) * UINT64_C(0x100000001b3);
}

static int mix_mapping(void *context, const struct process_mapping *mapping)
{
	struct key *key = context;
	uint64_t word;

	if (!mapping->is_executable)
		return 0;
	key->has_code = 1;
	for (size_t at = 0; at + sizeof(word) <= key->snapshot->size; at += sizeof(word)) {
		memcpy(&word, key->snapshot->stack + at, sizeof(word));
		if (word - mapping->start >= mapping->end - mapping->start)
			continue;
		mix(key, at);
		mix(key, mapping->inode);
		mix(key, word - mapping->start + mapping->offset);
	}
	return 0;
}

static void free_launcher(struct launcher *launcher)
{
	functions_let_go(launcher->functions);
	free(launcher->program);
	free(launcher);
}

void launchers_forget(void)
{
	struct launcher *launcher;

	while ((launcher = launchers)) {
		launchers = launcher->next;
		free_launcher(launcher);
	}
}

/* The oldest go: a place that launches again is looked at again. */
static void trim_launchers(void)
{
	struct launcher **link = &launchers, *launcher;

	for (size_t count = 0; (launcher = *link); count++)
		if (count >= LAUNCHERS_MAX && launcher->users == 0) {
			*link = launcher->next;
			free_launcher(launcher);
		} else {
			link = &launcher->next;
		}
}

struct launcher *launchers_find(const struct launch *launch)
{
	struct key key = {launch->snapshot, UINT64_C(0xcbf29ce484222325), 0};
	const char *program = launch->program ? launch->program : "";
	struct launcher *launcher;
	size_t others = 0;

	/* its copy has what it had, even where its first thread has ended, or all of it */
	if (!launch->snapshot || process_maps(launch->child, mix_mapping, &key) < 0 ||
	    !key.has_code)
		return NULL;
	for (launcher = launchers; launcher; launcher = launcher->next) {
		if (strcmp(launcher->program, program) != 0)
			continue;
		if (launcher->key == key.hash)
			return launcher;
		others++;
	}
	if (others >= PLACES_MAX)
		return NULL;
	launcher = calloc(1, sizeof(*launcher));
	if (!launcher || !(launcher->program = strdup(program)))
		die(EXIT_TROUBLE, "no memory for another place");
	launcher->key = key.hash;
	launcher->next = launchers;
	launchers = launcher;
	trim_launchers();
	return launcher;
}
