/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>

#include "../options.h"
#include "../record/judgement.h"
#include "../record/launch.h"
#include "output.h"
#include "report_json.h"
#include "report_text.h"
#include "suppressions.h"

static const struct options *options;

void report_setup(const struct options *all_options)
{
	options = all_options;
}

/* So many launches at most are kept until their places have names */
#define LATE_KEPT 256

static size_t late_count;

static void print_json(const struct launch *launch)
{
	place_name(launch->place);
	place_name(launch->child_place);
	report_json_launch(launch);
}

/*
 * Names of places take long to find: what has one is printed when the program is over, as
 * far as memory is spared by it.
 */
static int becomes_late(struct launch *launch)
{
	if (!options->json || !launch->place)
		return 0;
	launch->place = place_unite(launch->place);
	launch->is_late = late_count < LATE_KEPT;
	late_count += (size_t)launch->is_late;
	return launch->is_late;
}

/* A program that can't be told may be one of them. */
static int is_asked_for(const char *program, const char *script)
{
	for (size_t i = 0; i < options->program_count && program; i++)
		if (program_fits(options->programs[i], program, script))
			return 1;
	return options->program_count == 0 || !program;
}

/* Those of a place are found at the end, when it has its names. */
static void suppress_leaks(struct launch *launch)
{
	const struct culprit culprit = {FINDING_LEAK, launch->program, launch->script};

	for (size_t i = 0; i < launch->leak_count; i++)
		launch->leaks[i].is_suppressed =
			suppressions_fit(&culprit, launch->leaks[i].name);
}

void report_launch(struct launch *launch)
{
	int is_late;

	if (!is_asked_for(launch->program, launch->script)) {
		tally_leave_out(launch);
		return;
	}
	is_late = becomes_late(launch);

	if (options->json && !is_late)
		print_json(launch);
	else if (options->verbose && !options->json)
		report_text_launch(launch);
	/* who follows a log sees whole launches */
	fflush(output_stream());
	suppress_leaks(launch);
	tally_take(launch, is_late);
}

void report_race(struct race *race)
{
	if (is_asked_for(race->origin->program, race->origin->script))
		tally_take_race(race);
	else
		race_free(race);
}

static void print_late(void)
{
	for (const struct launch *launch = tally_kept(); launch; launch = launch->next)
		if (launch->is_late)
			print_json(launch);
}

static int is_suppressed(const struct group *group)
{
	const struct launch *launch = group->first;
	const struct culprit culprit = {group->kind, launch->program, launch->script};

	place_name(launch->place);
	place_name(launch->child_place);
	return suppressions_fit_place(&culprit, launch->place) |
	       suppressions_fit_place(&culprit, launch->child_place);
}

/* Leaks by their names, as far as all of these are known. */
static void propose(const struct group *group)
{
	const struct launch *launch = group->first;
	const struct culprit culprit = {group->kind, launch->program, launch->script};

	for (size_t i = 0; i < group->leak_count && !group->leaks_left_out; i++)
		suppressions_propose(&culprit, group->leaks[i].name);
	if (group->kind != FINDING_LEAK || group->leaks_left_out)
		suppressions_propose_place(&culprit, launch->place);
}

void report_end(const struct trace *trace)
{
	const struct counts *counts = tally_counts();

	if (suppressions_list())
		tally_suppress(is_suppressed);
	if (options->json)
		print_late();
	else
		report_text_end(trace, counts);
	for (const struct group *group = tally_groups(); group; group = group->next) {
		place_name(group->first->place);
		place_name(group->first->child_place);
		if (options->json)
			report_json_group(group);
		else
			report_text_group(group);
		propose(group);
	}
	for (const struct group *group = tally_passed(); group && !options->json;
	     group = group->next)
		report_text_passed(group);
	if (options->json)
		report_json_end(trace, counts);
}

unsigned report_findings(void)
{
	unsigned found = 0;

	for (const struct group *group = tally_groups(); group; group = group->next)
		found |= FINDING_BIT(group->kind);
	return found;
}

void report_free(void)
{
	tally_free();
	places_forget();
}
