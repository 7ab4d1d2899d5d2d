/* SPDX-License-Identifier: MIT */
#include "report_json.h"

#include <signal.h>
#include <stdio.h>

#include "../hang/verdict.h"
#include "../look/flags.h"
#include "../record/findings.h"
#include "../record/judgement.h"
#include "common/parse.h"
#include "origins.h"
#include "output.h"
#include "report_functions.h"
#include "shapes.h"
#include "suppressions.h"

static void write_ms(struct json *json, const char *key, int64_t ns)
{
	int64_t us = ns / 1000;

	json_decimal(json, key, (double)us / 1000, 3);
}

static void write_call(struct json *json, const char *key, const struct call *call)
{
	json_object(json, key);
	json_string(json, "call", call->text);
	if (call->returned)
		json_integer(json, "result", call->result);
	else
		json_null(json, "result");
	write_ms(json, "at_ms", call->begun);
	write_ms(json, "took_ms", call->took);
	json_end(json);
}

static void write_calls(struct json *json, const struct launch *launch)
{
	if (!launch->recorded) {
		json_null(json, "calls");
		json_null(json, "call_count");
		return;
	}
	json_array(json, "calls");
	for (size_t i = 0; i < launch_kept(launch); i++)
		write_call(json, NULL, launch_call(launch, i));
	json_end(json);
	json_unsigned(json, "call_count", launch->call_count);
}

static void write_leaks(struct json *json, const char *key, const struct leak *leaks,
			size_t count)
{
	json_array(json, key);
	for (size_t i = 0; i < count; i++) {
		json_object(json, NULL);
		json_integer(json, "fd", leaks[i].fd);
		json_string(json, "name", leaks[i].name);
		json_string(json, "access", access_name(leaks[i].flags));
		origins_write(json, &leaks[i]);
		json_end(json);
	}
	json_end(json);
}

static void write_hang(struct json *json, const struct hang *hang)
{
	if (!hang->said) {
		json_null(json, "hang");
		return;
	}
	json_object(json, "hang");
	json_string(json, "reason", hang->said->name);
	json_string(json, "text", hang->said->text);
	json_string(json, "call", hang->call);
	write_ms(json, "lasted_ms", hang->longest);
	json_end(json);
}

static void write_findings(struct json *json, unsigned findings)
{
	json_array(json, "findings");
	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		if (findings & FINDING_BIT(kind))
			json_string(json, NULL, finding_words[kind].name);
	json_end(json);
}

static void write_work(struct json *json, unsigned work)
{
	json_array(json, "work");
	for (int kind = 0; kind < WORK_KINDS; kind++)
		if (work & 1u << kind)
			json_string(json, NULL, work_name(kind));
	json_end(json);
}

static void write_outcome(struct json *json, const struct launch *launch)
{
	static const char *const names[] = {"open", "executed", "exited", "killed", "left"};
	char name[SIGNAL_NAME_SIZE];

	json_string(json, "outcome", names[launch->outcome]);
	json_string(json, "executed", launch->executed);
	json_string(json, "executed_script", launch->executed_script);
	json_string(json, "exec_failure", launch->exec_failure);
	if (launch->outcome == OUTCOME_EXITED)
		json_integer(json, "exit_code", launch->status);
	if (launch->outcome == OUTCOME_KILLED)
		json_string(json, "signal", signal_name(launch->status, name));
	write_ms(json, "lasted_ms", launch->lasted);
}

static void write_known(struct json *json, const char *key, pid_t number)
{
	if (number)
		json_integer(json, key, number);
	else
		json_null(json, key);
}

void report_json_launch(const struct launch *launch)
{
	struct json *json = output_begin("launch");
	char flags[FLAGS_SIZE];

	clone_flags_text(launch->flags, flags);
	write_known(json, "parent", launch->parent);
	write_known(json, "thread", launch->thread);
	json_string(json, "thread_name", launch->thread_name[0] ? launch->thread_name : NULL);
	json_string(json, "program", launch->program);
	json_string(json, "script", launch->script);
	json_unsigned(json, "threads", launch->threads);
	json_unsigned(json, "copy_of_threads", launch->lost_threads);
	json_string(json, "runtimes", launch->runtimes);
	json_integer(json, "child", launch->child);
	json_string(json, "method", method_name(launch->method));
	json_string(json, "flags", flags);
	write_outcome(json, launch);
	write_calls(json, launch);
	write_work(json, launch->work);
	write_hang(json, &launch->hang);
	json_string(json, "held_by", launch->held_by);
	if (launch->reason.text)
		write_call(json, "reason", &launch->reason);
	else
		json_null(json, "reason");
	report_functions_json(json, launch);
	shapes_write_place(json, "child_stack", launch->child_place);
	shapes_write_place(json, "stack", launch->place);
	write_leaks(json, "leaks", launch->leaks, launch->leak_count);
	json_unsigned(json, "passed_on", launch->passed_on);
	write_leaks(json, "passed", launch->passed, launch->passed_count);
	write_findings(json, launch->findings);
	json_finish(json);
}

static void write_race(struct json *json, const struct race *race)
{
	if (!race) {
		json_null(json, "race");
		return;
	}
	json_object(json, "race");
	json_string(json, "how", origin_kind_name(race->origin->kind));
	json_string(json, "call", race->origin->call);
	json_integer(json, "thread", race->origin->thread);
	json_unsigned(json, "threads", race->threads);
	json_unsigned(json, "closed", race->closed);
	json_end(json);
}

void report_json_group(const struct group *group)
{
	const struct launch *launch = group->first;
	struct json *json = output_begin("finding");

	json_string(json, "kind", finding_words[group->kind].name);
	json_unsigned(json, "count", group->count);
	json_string(json, "program", launch->program);
	json_string(json, "script", launch->script);
	json_string(json, "method", group->race ? NULL : method_name(launch->method));
	write_known(json, "parent", launch->parent);
	write_known(json, "child", group->race ? 0 : launch->child);
	shapes_write_place(json, "stack", launch->place);
	shapes_write_place(json, "child_stack", launch->child_place);
	write_race(json, group->race);
	write_leaks(json, "leaks", group->leaks, group->leak_count);
	json_string(json, "why", finding_words[group->kind].why);
	json_string(json, "mend", group->race ? group->race->mend
					      : finding_words[group->kind].mend);
	json_finish(json);
}

static void write_counts(struct json *json, const char *key, const size_t counted[FINDING_KINDS])
{
	json_object(json, key);
	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		json_unsigned(json, finding_words[kind].name, counted[kind]);
	json_end(json);
}

static void write_unused(struct json *json)
{
	json_array(json, "suppressions_unused");
	for (const struct suppression *line = suppressions_list(); line; line = line->next)
		if (!line->is_used) {
			json_object(json, NULL);
			json_string(json, "file", line->file);
			json_unsigned(json, "line", line->line);
			json_end(json);
		}
	json_end(json);
}

void report_json_end(const struct trace *trace, const struct counts *counts)
{
	struct json *json = output_begin("summary");

	if (trace->pid)
		json_integer(json, "pid", trace->pid);
	else
		json_null(json, "pid");
	json_unsigned(json, "launches", counts->launches);
	json_object(json, "methods");
	for (enum method method = 0; method < METHOD_COUNT; method++)
		json_unsigned(json, method_name(method), counts->methods[method]);
	json_end(json);
	json_unsigned(json, "executed", counts->executed);
	json_unsigned(json, "reexecuted", trace->reexecuted);
	json_unsigned(json, "failed", counts->failed);
	json_unsigned(json, "unexecuted", counts->unexecuted);
	json_unsigned(json, "left", counts->left);
	json_unsigned(json, "safe", counts->safe);
	json_unsigned(json, "unjudged", counts->unjudged);
	json_unsigned(json, "judged_by_calls", counts->judged_by_calls);
	json_unsigned(json, "lost_events", trace->lost);
	json_unsigned(json, "passed_on", counts->passed_on);
	json_unsigned(json, "left_out", counts->left_out);
	json_unsigned(json, "foreign", counts->foreign);
	json_string(json, "unprivileged", trace->unprivileged);
	write_counts(json, "findings", counts->findings);
	write_counts(json, "suppressed", counts->suppressed);
	write_unused(json);
	json_unsigned(json, "processes_left", trace->left);
	json_finish(json);
}
