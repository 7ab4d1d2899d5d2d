/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

/* A place whose launches leak others each time, without end, is told by this many */
#define LEAKS_KEPT 32

static struct group *list, **list_end = &list;
static struct group *passed;
static struct group unwanted;	/* leaks that nobody wants to be told of: for races */
static struct counts counts;
static struct launch *kept, **kept_end = &kept;	/* what findings point to, and more */

static int is_same_text(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

static struct group *find(enum finding kind, const struct launch *launch)
{
	struct group *group = list;

	while (group && (group->kind != kind || group->first->method != launch->method ||
			   !is_same_text(group->first->program, launch->program) ||
			   !is_same_text(group->first->script, launch->script) ||
			   !place_is_same(group->first->place, launch->place)))
		group = group->next;
	return group;
}

/* Numbers in the names of pipes and sockets differ each time. */
static int is_same_leak(const struct leak *one, const struct leak *other)
{
	size_t kind = strcspn(one->name, ":[");

	if (one->fd != other->fd || one->flags != other->flags)
		return 0;
	if (!origin_is_same(one->origin, other->origin))
		return 0;
	return one->name[0] != '/' && one->name[kind] ? strncmp(one->name, other->name, kind) == 0
						      : strcmp(one->name, other->name) == 0;
}

static int has_leak(const struct group *group, const struct leak *leak)
{
	for (size_t i = 0; i < group->leak_count; i++)
		if (is_same_leak(&group->leaks[i], leak))
			return 1;
	return 0;
}

static void add_leak(struct group *group, const struct leak *leak)
{
	struct leak *grown = reallocarray(group->leaks, group->leak_count + 1, sizeof(*grown));

	if (!grown)
		die(EXIT_TROUBLE, "no memory for another finding");
	group->leaks = grown;
	grown[group->leak_count] = *leak;
	origin_share(leak->origin);
	grown[group->leak_count++].name = strdup(leak->name);
}

/* All of the first launch, where no two are the same. */
static void add_leaks(struct group *group, const struct launch *launch, const struct leak *leaks,
		      size_t leak_count)
{
	for (size_t i = 0; i < leak_count; i++) {
		const struct leak *leak = &leaks[i];

		if (leak->is_suppressed || (launch != group->first && has_leak(group, leak)))
			continue;
		if (launch != group->first && group->leak_count >= LEAKS_KEPT) {
			group->leaks_left_out = 1;
			continue;
		}
		add_leak(group, leak);
	}
}

static struct group *group_new(enum finding kind, struct launch *launch)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		die(EXIT_TROUBLE, "no memory for another finding");
	group->kind = kind;
	group->first = launch;
	return group;
}

/* Gives whether the launch is kept. */
static int add(enum finding kind, struct launch *launch)
{
	struct group *group = find(kind, launch);
	int is_new = !group;

	counts.findings[kind]++;
	if (is_new) {
		group = group_new(kind, launch);
		*list_end = group;
		list_end = &group->next;
	}
	group->count++;
	if (kind == FINDING_LEAK)
		add_leaks(group, launch, launch->leaks, launch->leak_count);
	return is_new;
}

/* The same; a leak whose descriptors are all suppressed is counted only. */
static int take_finding(enum finding kind, struct launch *launch)
{
	size_t suppressed = 0;

	if (kind != FINDING_LEAK)
		return add(kind, launch);
	for (size_t i = 0; i < launch->leak_count; i++) {
		const struct leak *leak = &launch->leaks[i];

		suppressed += (size_t)leak->is_suppressed;
		if (leak->is_suppressed && leak->origin && !has_leak(&unwanted, leak))
			add_leak(&unwanted, leak);
	}
	if (suppressed < launch->leak_count)
		return add(kind, launch);
	counts.suppressed[kind]++;
	return 0;
}

/* The same for what a program had been given itself: where it did so is of no interest. */
static int add_passed(struct launch *launch)
{
	struct group **link = &passed;
	int is_new;

	if (launch->passed_count == 0)
		return 0;
	while (*link && (!is_same_text((*link)->first->program, launch->program) ||
			 !is_same_text((*link)->first->script, launch->script)))
		link = &(*link)->next;
	is_new = !*link;
	if (is_new)
		*link = group_new(FINDING_LEAK, launch);
	(*link)->count++;
	add_leaks(*link, launch, launch->passed, launch->passed_count);
	return is_new;
}

static void keep(struct launch *launch)
{
	*kept_end = launch;
	kept_end = &launch->next;
}

static int was_seen_in(const struct group *group, const struct race *race)
{
	for (size_t i = 0; i < group->leak_count; i++)
		for (struct origin *origin = group->leaks[i].origin; origin; origin = origin->of)
			if (origin->place && race_is_of(race, origin))
				return 1;
	return 0;
}

static int was_seen(const struct race *race)
{
	int is_seen = was_seen_in(&unwanted, race);

	for (const struct group *group = list; group && !is_seen; group = group->next)
		is_seen = was_seen_in(group, race);
	return is_seen;
}

/* Who made the first one, as a launch's record has it */
static struct launch *maker_of(const struct race *race)
{
	const struct origin *origin = race->origin;
	struct launch *maker = launch_new();

	maker->parent = origin->pid;
	maker->thread = origin->thread;
	memcpy(maker->thread_name, origin->thread_name, sizeof(maker->thread_name));
	maker->program = origin->program ? strdup(origin->program) : NULL;
	maker->script = origin->script ? strdup(origin->script) : NULL;
	maker->threads = race->threads;
	maker->place = place_share(origin->place);
	return maker;
}

void tally_take_race(struct race *race)
{
	struct group *group;

	if (was_seen(race)) {
		race_free(race);
		return;
	}
	group = group_new(FINDING_RACE, maker_of(race));
	keep(group->first);
	group->race = race;
	group->count = race->count;
	counts.findings[FINDING_RACE] += race->count;
	*list_end = group;
	list_end = &group->next;
}

static void count(const struct launch *launch)
{
	counts.launches++;
	counts.methods[launch->method]++;
	counts.executed += launch->outcome == OUTCOME_EXECUTED;
	counts.left += launch->outcome == OUTCOME_LEFT;
	if (launch->outcome == OUTCOME_EXITED || launch->outcome == OUTCOME_KILLED) {
		counts.failed += launch->exec_failure != NULL;
		counts.unexecuted += !launch->exec_failure;
	}
	counts.unjudged += launch_is_unjudged(launch) != 0;
	counts.judged_by_calls += launch_is_judged_by_calls(launch);
	counts.safe += launch->findings == 0 && !launch_is_unjudged(launch);
	counts.foreign += launch->foreign;
	counts.passed_on += launch->passed_on > 0;
}

void tally_leave_out(struct launch *launch)
{
	counts.left_out++;
	launch_free(launch);
}

int tally_knows(const struct launch *launch)
{
	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		if (launch->findings & FINDING_BIT(kind) && !find(kind, launch))
			return 0;
	return 1;
}

void tally_take(struct launch *launch, int is_kept)
{
	count(launch);
	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		if (launch->findings & FINDING_BIT(kind))
			is_kept |= take_finding(kind, launch);
	is_kept |= add_passed(launch);
	if (!is_kept) {
		launch_free(launch);
		return;
	}
	keep(launch);
}

static void free_group(struct group *group)
{
	leaks_free(group->leaks, group->leak_count);
	if (group->race)
		race_free(group->race);
	free(group);
}

void tally_suppress(int (*is_unwanted)(const struct group *group))
{
	struct group **link = &list, *group;

	while ((group = *link)) {
		if (!is_unwanted(group)) {
			link = &group->next;
			continue;
		}
		counts.findings[group->kind] -= group->count;
		counts.suppressed[group->kind] += group->count;
		*link = group->next;
		free_group(group);
	}
	list_end = link;
}

const struct group *tally_groups(void)
{
	return list;
}

const struct group *tally_passed(void)
{
	return passed;
}

const struct launch *tally_kept(void)
{
	return kept;
}

const struct counts *tally_counts(void)
{
	return &counts;
}

void tally_free(void)
{
	struct group *group;
	struct launch *launch;

	while ((group = list)) {
		list = group->next;
		free_group(group);
	}
	list_end = &list;
	while ((group = passed)) {
		passed = group->next;
		free_group(group);
	}
	leaks_free(unwanted.leaks, unwanted.leak_count);
	unwanted = (struct group){0};
	while ((launch = kept)) {
		kept = launch->next;
		launch_free(launch);
	}
	kept_end = &kept;
}
