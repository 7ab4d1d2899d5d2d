/* SPDX-License-Identifier: MIT */
/* JSON: a line for each launch as it ends, for each finding, and a summary as the last one. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "common/parse.h"
#include "findings.h"
#include "output.h"
#include "report.h"
#include "shapes.h"
#include "judgement.h"

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *milliseconds(int64_t ns)
{
	int64_t us = ns / 1000;

	return json_real((double)us / 1000);
}

static json_t *list_calls(const struct launch *launch)
{
	json_t *list = json_array();

	for (size_t i = 0; i < launch->call_count && i < LAUNCH_CALLS_KEPT; i++) {
		const struct call *call = &launch->calls[i];
		json_t *item = json_object();

		set(item, "call", output_string(call->text));
		set(item, "result", call->returned ? json_integer(call->result) : json_null());
		set(item, "at_ms", milliseconds(call->begun));
		set(item, "took_ms", milliseconds(call->took));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *list_leaks(const struct leak *leaks, size_t count)
{
	static const char *const modes[] = {"r", "w", "rw", ""};
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		set(item, "fd", json_integer(leaks[i].fd));
		set(item, "name", output_string(leaks[i].name));
		set(item, "access", json_string(modes[leaks[i].flags & O_ACCMODE]));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *list_findings(unsigned findings)
{
	json_t *list = json_array();

	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		if (findings & FINDING_BIT(kind))
			json_array_append_new(list, json_string(finding_words[kind].name));
	return list;
}

static json_t *list_work(unsigned work)
{
	json_t *list = json_array();

	for (int kind = 0; kind < WORK_KINDS; kind++)
		if (work & 1u << kind)
			json_array_append_new(list, json_string(work_name(kind)));
	return list;
}

static void set_outcome(json_t *line, const struct launch *launch)
{
	static const char *const names[] = {"open", "executed", "exited", "killed", "left"};
	char name[SIGNAL_NAME_SIZE];

	set(line, "outcome", json_string(names[launch->outcome]));
	set(line, "executed", output_string(launch->executed));
	set(line, "exec_failure", output_string(launch->exec_failure));
	if (launch->outcome == OUTCOME_EXITED)
		set(line, "exit_code", json_integer(launch->status));
	if (launch->outcome == OUTCOME_KILLED)
		set(line, "signal", json_string(signal_name(launch->status, name)));
	set(line, "lasted_ms", milliseconds(launch->lasted));
}

void json_launch(const struct launch *launch)
{
	json_t *line = output_begin("launch");
	char flags[512];

	launch_flags_text(launch->flags, flags, sizeof(flags));
	set(line, "parent", json_integer(launch->parent));
	set(line, "thread", launch->thread ? json_integer(launch->thread) : json_null());
	set(line, "thread_name", output_string(launch->located ? launch->thread_name : NULL));
	set(line, "program", output_string(launch->program));
	set(line, "threads", json_integer(launch->threads));
	set(line, "copy_of_threads", json_integer(launch->lost_threads));
	set(line, "runtimes", output_string(launch->runtimes));
	set(line, "child", json_integer(launch->child));
	set(line, "method", json_string(method_name(launch->method)));
	set(line, "flags", json_string(flags));
	set_outcome(line, launch);
	set(line, "calls", launch->recorded ? list_calls(launch) : json_null());
	set(line, "call_count", launch->recorded ? json_integer((json_int_t)launch->call_count)
						 : json_null());
	set(line, "work", list_work(launch->work));
	set(line, "stack", shapes_place(launch->place));
	set(line, "leaks", list_leaks(launch->leaks, launch->leak_count));
	set(line, "passed_on", json_integer((json_int_t)launch->passed_on));
	set(line, "findings", list_findings(launch->findings));
	output_end(line);
}

void json_group(const struct group *group)
{
	const struct launch *launch = group->first;
	json_t *line = output_begin("finding");

	set(line, "kind", json_string(finding_words[group->kind].name));
	set(line, "count", json_integer((json_int_t)group->count));
	set(line, "program", output_string(launch->program));
	set(line, "method", json_string(method_name(launch->method)));
	set(line, "parent", json_integer(launch->parent));
	set(line, "child", json_integer(launch->child));
	set(line, "stack", shapes_place(launch->place));
	set(line, "leaks", list_leaks(group->leaks, group->leak_count));
	set(line, "why", json_string(finding_words[group->kind].matters));
	set(line, "mend", json_string(finding_words[group->kind].mends));
	output_end(line);
}

void json_end(const struct trace *trace, const struct counts *counts)
{
	json_t *line = output_begin("summary"), *methods = json_object(), *findings = json_object();

	for (enum method method = 0; method < METHOD_COUNT; method++)
		set(methods, method_name(method),
		    json_integer((json_int_t)counts->methods[method]));
	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		set(findings, finding_words[kind].name,
		    json_integer((json_int_t)counts->findings[kind]));
	set(line, "pid", json_integer(trace->pid));
	set(line, "launches", json_integer((json_int_t)counts->launches));
	set(line, "methods", methods);
	set(line, "executed", json_integer((json_int_t)counts->executed));
	set(line, "reexecuted", json_integer((json_int_t)trace->reexecuted));
	set(line, "failed", json_integer((json_int_t)counts->failed));
	set(line, "unexecuted", json_integer((json_int_t)counts->unexecuted));
	set(line, "left", json_integer((json_int_t)counts->left));
	set(line, "safe", json_integer((json_int_t)counts->safe));
	set(line, "passed_on", json_integer((json_int_t)counts->passed_on));
	set(line, "foreign", json_integer((json_int_t)counts->foreign));
	set(line, "unprivileged", output_string(trace->unprivileged));
	set(line, "findings", findings);
	set(line, "processes_left", json_integer((json_int_t)trace->left));
	output_end(line);
}
