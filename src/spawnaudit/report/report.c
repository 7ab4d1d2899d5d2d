/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "../options.h"
#include "../record/judgement.h"
#include "../record/launch.h"
#include "report_json.h"
#include "report_text.h"

static const struct options *options;

void report_setup(const struct options *all_options)
{
	options = all_options;
}

/* Names of places take long to find: what has one is printed when the program is over. */
static int is_late(const struct launch *launch)
{
	return options->json && launch->place;
}

void report_launch(struct launch *launch)
{
	if (options->json && !is_late(launch))
		report_json_launch(launch);
	else if (options->verbose && !options->json)
		report_text_launch(launch);
	if (is_late(launch))
		launch->place = place_unite(launch->place);
	tally_take(launch, is_late(launch));
}

static void print_late(void)
{
	for (const struct launch *launch = tally_kept(); launch; launch = launch->next)
		if (is_late(launch)) {
			place_name(launch->place);
			report_json_launch(launch);
		}
}

void report_end(const struct trace *trace)
{
	const struct counts *counts = tally_counts();

	if (options->json)
		print_late();
	else
		report_text_end(trace, counts);
	for (const struct group *group = tally_groups(); group; group = group->next) {
		place_name(group->first->place);
		if (options->json)
			report_json_group(group);
		else
			report_text_group(group);
	}
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
