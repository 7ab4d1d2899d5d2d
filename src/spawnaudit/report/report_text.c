/* SPDX-License-Identifier: MIT */
#include "report_text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../hang/verdict.h"
#include "../record/findings.h"
#include "../record/judgement.h"
#include "common/message.h"
#include "common/parse.h"
#include "origins.h"
#include "output.h"
#include "report_functions.h"
#include "shapes.h"
#include "suppressions.h"

#define CALLS_SHOWN 12
#define LEAKS_SHOWN 32
#define PLURAL(count) (count), (count) == 1 ? "" : "s"

static FILE *out(void)
{
	return output_stream();
}

static void put(const char *text)
{
	output_text(text ? text : "?");
}

static void put_time(int64_t ns)
{
	if (ns < 10000000)
		fprintf(out(), "%" PRId64 " us", ns / 1000);
	else if (ns < 10000000000)
		fprintf(out(), "%" PRId64 " ms", ns / 1000000);
	else
		fprintf(out(), "%" PRId64 " s", ns / 1000000000);
}

/* "server (4711), thread 4713 "worker""; "?" of whom nothing is known */
static void put_parent(const struct launch *launch)
{
	shapes_print_program(launch->program, launch->script);
	if (launch->parent)
		fprintf(out(), " (%d)", (int)launch->parent);
	if (launch->thread && launch->thread != launch->parent) {
		fprintf(out(), ", thread %d", (int)launch->thread);
		/* it isn't looked at for each launch */
		if (launch->thread_name[0]) {
			fputs(" \"", out());
			put(launch->thread_name);
			putc('"', out());
		}
		putc(',', out());
	}
}

static void put_executed(const struct launch *launch)
{
	put(launch->executed);
	if (!launch->executed_script)
		return;
	putc(' ', out());
	put(launch->executed_script);
}

static void put_ending(const struct launch *launch)
{
	char name[SIGNAL_NAME_SIZE];

	switch (launch->outcome) {
	case OUTCOME_EXECUTED:
		fputs("ran ", out());
		put_executed(launch);
		fputs(" after ", out());
		break;
	case OUTCOME_EXITED:
		fprintf(out(), "exited with %d after ", launch->status);
		break;
	case OUTCOME_KILLED:
		fprintf(out(), "was killed by SIG%s after ", signal_name(launch->status, name));
		break;
	case OUTCOME_OPEN:
	case OUTCOME_LEFT:
		fputs("still ran after ", out());
		break;
	}
	put_time(launch->lasted);
	if (launch->exec_failure && launch->outcome != OUTCOME_EXECUTED) {
		fputs("; exec ", out());
		put(launch->exec_failure);
	}
}

static void put_place(const struct launch *launch)
{
	const struct place *place = launch->place;

	if (!place) {
		fprintf(out(), "  where   unknown: %s\n",
			launch->foreign ? "a 32-bit program"
			: launch->is_unreadable ? "its parent's memory can't be read: ask as root"
						: "its parent had gone on, or maps too much");
		return;
	}
	shapes_print_place("  where   ", place);
}

static void put_call(const struct launch *launch, const struct call *call)
{
	put(call->text);
	if (call->interrupted)
		fputs(" = ? (interrupted by a signal)", out());
	else if (!call->returned)
		fputs(launch->outcome == OUTCOME_EXECUTED ? " = 0" : " ...", out());
	else if (call->result < 0 && call->result > -4096)
		fprintf(out(), " = %" PRId64 " (%s)", call->result,
			strerror((int)-call->result));
	else if (call->result > 65535)
		fprintf(out(), " = 0x%" PRIx64, (uint64_t)call->result);
	else
		fprintf(out(), " = %" PRId64, call->result);
	if (call->took > 1000000) {
		fputs(" after ", out());
		put_time(call->took);
	}
	putc('\n', out());
}

/* libc's posix_spawn() sets the disposition of every signal: a hundred lines of no interest. */
static int is_disposition(const struct call *call)
{
	return call->returned && call->result == 0 && call->text &&
	       strncmp(call->text, "rt_sigaction(", 13) == 0;
}

static size_t count_dispositions(const struct launch *launch, size_t from, size_t kept)
{
	size_t to = from;

	while (to < kept && is_disposition(launch_call(launch, to)))
		to++;
	return to - from;
}

/* The first and the last ones */
static void put_calls(const struct launch *launch, size_t shown)
{
	size_t kept = launch_kept(launch), gap = LAUNCH_CALLS_FIRST, hidden = 0;

	if (kept > shown) {
		hidden = kept - shown;
		gap = shown / 2;
	}
	for (size_t i = 0; i < kept; i++) {
		size_t equal = hidden ? 0 : count_dispositions(launch, i, kept);

		if (i == gap && hidden + launch_omitted(launch) > 0) {
			fprintf(out(), "          (%zu more)\n", hidden + launch_omitted(launch));
			i += hidden;
		}
		fputs(i ? "          " : "  child   ", out());
		put_call(launch, launch_call(launch, i));
		if (equal > 2) {
			fprintf(out(), "          (%zu more rt_sigaction)\n", equal - 1);
			i += equal - 1;
		}
	}
}

static void put_work(const struct launch *launch)
{
	int first = 1;

	for (int kind = 0; kind < WORK_KINDS; kind++)
		if (launch->work & 1u << kind) {
			fprintf(out(), "%s%s", first ? "" : ", ", work_name(kind));
			first = 0;
		}
}

static void put_threads(const struct launch *launch)
{
	if (launch->threads > 1)
		fprintf(out(), " with %u threads", launch->threads);
	else if (launch->lost_threads > 1)
		fprintf(out(), " (itself a copy of a process with %u threads)",
			launch->lost_threads);
	if (launch->runtimes)
		fprintf(out(), " (runtimes: %s)", launch->runtimes);
}

/* head is six columns wide at most */
static void put_leaks(const char *head, const struct leak *leaks, size_t count, int is_short)
{
	for (size_t i = 0; i < count && i < LEAKS_SHOWN; i++) {
		fprintf(out(), "  %-6s%5d  %-2s  ", i ? "" : head, leaks[i].fd,
			access_name(leaks[i].flags));
		put(leaks[i].name);
		putc('\n', out());
		origins_print(&leaks[i], is_short);
	}
	if (count > LEAKS_SHOWN)
		fprintf(out(), "          and %zu more\n", count - LEAKS_SHOWN);
}

/* One sentence for each kind: what happened. */

static void say_leak(const struct group *group)
{
	const struct launch *launch = group->first;

	put_parent(launch);
	fprintf(out(), " handed %zu descriptor%s%s to ", PLURAL(group->leak_count),
		group->leaks_left_out ? " or more" : "");
	put_executed(launch);
	fprintf(out(), " (%d), by %s\n", (int)launch->child, method_name(launch->method));
	put_leaks("what", group->leaks, group->leak_count, 0);
}

static void say_race(const struct group *group)
{
	const struct race *race = group->race;

	put_parent(group->first);
	fprintf(out(), " made %zu descriptor%s that exec leaves open,", PLURAL(race->count));
	put_threads(group->first);
	if (race->closed)
		fprintf(out(), ";\n  later it made %zu of them close-on-exec", race->closed);
	fputs("\n  call    ", out());
	put(race->origin->call);
	putc('\n', out());
}

static void say_fork(const struct group *group)
{
	const struct launch *launch = group->first;

	put_parent(launch);
	fputs(" forked", out());
	put_threads(launch);
	fprintf(out(), ";\n  its child %d ", (int)launch->child);
	if (group->kind == FINDING_STUCK) {
		put_ending(launch);
		fputs(", waiting for what nobody gives any more: ", out());
		put(launch->hang.call);
		fprintf(out(), ":\n  %s\n", launch->hang.said->text);
		return;
	}
	put_ending(launch);
	if (launch->work) {
		fputs(", having done: ", out());
		put_work(launch);
	}
	putc('\n', out());
}

static void say_held(const struct group *group)
{
	const struct launch *launch = group->first;

	put_parent(launch);
	fprintf(out(), " was suspended in %s for ", method_name(launch->method));
	put_time(launch->lasted);
	fprintf(out(), ";\n  its child %d waited in ", (int)launch->child);
	put(launch->held_by);
	fputs(", and ", out());
	put_ending(launch);
	putc('\n', out());
}

/* Functions decide, where they are known; the calls show what was done. */
static void put_reason(const struct launch *launch)
{
	int is_told = report_functions_reason("  reason  ", launch->functions);

	if (launch->reason.text) {
		fputs(is_told ? "          " : "  reason  ", out());
		put_call(launch, &launch->reason);
	}
}

/* What the verdict is about, wherever it stands among the calls, and who called. */
static void put_child(const struct launch *launch, enum finding kind)
{
	if (kind != FINDING_STUCK)
		put_reason(launch);
	if (launch->child_place)
		shapes_print_place(kind == FINDING_STUCK ? "  hangs   " : "  within  ",
				   launch->child_place);
	put_calls(launch, CALLS_SHOWN);
	report_functions_text(launch, 0);
	if (kind == FINDING_UNSAFE_FORK || kind == FINDING_NO_EXEC)
		report_functions_ground(launch);
}

void report_text_group(const struct group *group)
{
	const struct launch *launch = group->first;

	fprintf(out(), "\n%s: ", finding_words[group->kind].name);
	if (group->kind == FINDING_LEAK)
		say_leak(group);
	else if (group->kind == FINDING_RACE)
		say_race(group);
	else if (group->kind == FINDING_HELD_UP)
		say_held(group);
	else
		say_fork(group);
	put_place(launch);
	if (group->kind != FINDING_LEAK && !group->race)
		put_child(launch, group->kind);
	fprintf(out(), "  why     %s\n  mend    %s\n", finding_words[group->kind].why,
		group->race ? group->race->mend : finding_words[group->kind].mend);
	if (group->count > 1 && !group->race)
		fprintf(out(), "  and %zu more from the same place\n", group->count - 1);
}

void report_text_passed(const struct group *group)
{
	const struct launch *launch = group->first;

	fputs("\npassed on: ", out());
	put_parent(launch);
	fprintf(out(), " had been given %zu descriptor%s%s itself,\n  and handed on to ",
		PLURAL(group->leak_count), group->leaks_left_out ? " or more" : "");
	put_executed(launch);
	fprintf(out(), " (%d), by %s\n", (int)launch->child, method_name(launch->method));
	put_leaks("what", group->leaks, group->leak_count, 1);
	if (group->count > 1)
		fprintf(out(), "  and %zu more launch%s by this program\n", group->count - 1,
			group->count > 2 ? "es" : "");
}

void report_text_launch(const struct launch *launch)
{
	fprintf(out(), "%s: ", launch->findings ? "finding"
			       : launch_is_unjudged(launch) ? "unjudged" : "safe");
	put_parent(launch);
	fprintf(out(), " launched %d by %s", (int)launch->child, method_name(launch->method));
	put_threads(launch);
	fputs("; it ", out());
	put_ending(launch);
	putc('\n', out());
	put_calls(launch, LAUNCH_CALLS_FIRST + LAUNCH_CALLS_LAST);
	report_functions_text(launch, 1);
	report_functions_ground(launch);
	put_leaks("passed", launch->passed, launch->passed_count, 1);
}

/* "1 leak, 2 stuck", or nothing: then 0 */
static int put_kinds(const char *head, const size_t counted[FINDING_KINDS])
{
	int is_first = 1;

	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		if (counted[kind]) {
			fprintf(out(), "%s%zu %s", is_first ? head : ", ", counted[kind],
				finding_words[kind].name);
			is_first = 0;
		}
	return !is_first;
}

static void put_findings(const struct counts *counts)
{
	fprintf(out(), "%s: findings", message_program());
	if (!put_kinds(": ", counts->findings))
		fputs(": none", out());
	put_kinds("; suppressed: ", counts->suppressed);
	putc('\n', out());
}

static void put_unused(void)
{
	for (const struct suppression *line = suppressions_list(); line; line = line->next)
		if (!line->is_used) {
			fprintf(out(), "%s: ", message_program());
			put(line->file);
			fprintf(out(), ":%zu: nothing was found that this suppresses\n",
				line->line);
		}
}

static void put_notes(const struct trace *trace, const struct counts *counts)
{
	const char *us = message_program();

	if (counts->passed_on)
		fprintf(out(), "%s: %zu launch%s handed on descriptors that the parent had been "
			"given itself\n", us, counts->passed_on,
			counts->passed_on == 1 ? "" : "es");
	if (counts->left_out)
		fprintf(out(), "%s: %zu launch%s by other programs than --program names\n", us,
			counts->left_out, counts->left_out == 1 ? "" : "es");
	if (counts->unjudged)
		fprintf(out(), "%s: %zu fork%s of programs with threads: what ran there before the "
			"exec is for COMMAND or -p to tell\n", us, PLURAL(counts->unjudged));
	if (counts->judged_by_calls)
		fprintf(out(), "%s: %zu fork%s of programs with threads: not all functions that "
			"ran there are known, and the calls alone decide\n", us,
			PLURAL(counts->judged_by_calls));
	if (trace->lost)
		fprintf(out(), "%s: %zu event%s found no room: launches may be missing\n", us,
			PLURAL(trace->lost));
	if (counts->foreign)
		fprintf(out(), "%s: %zu launch%s by 32-bit programs: no stacks, and calls by "
			"number only\n", us, counts->foreign, counts->foreign == 1 ? "" : "es");
	if (trace->unprivileged) {
		fprintf(out(), "%s: ", us);
		put(trace->unprivileged);
		fputs(" is set-user-ID or set-group-ID, and ran without that since it was traced: "
		      "be root to keep it\n", out());
	}
	if (trace->left && trace->options->provenance)
		fprintf(out(), "%s: %zu process%s ended with it: --provenance\n", us, trace->left,
			trace->left == 1 ? "" : "es");
	else if (trace->left)
		fprintf(out(), "%s: %zu process%s go%s on, untraced\n", us, trace->left,
			trace->left == 1 ? "" : "es", trace->left == 1 ? "es" : "");
	if (trace->options->verbose)
		put_unused();
}

void report_text_end(const struct trace *trace, const struct counts *counts)
{
	const char *separator = ": ";

	fprintf(out(), "%s: %zu launch%s", message_program(), counts->launches,
		counts->launches == 1 ? "" : "es");
	for (enum method method = 0; method < METHOD_COUNT; method++)
		if (counts->methods[method]) {
			fprintf(out(), "%s%zu %s", separator, counts->methods[method],
				method_name(method));
			separator = ", ";
		}
	if (counts->launches)
		fprintf(out(), "; %zu executed a program", counts->executed);
	if (counts->failed)
		fprintf(out(), ", %zu failed to", counts->failed);
	if (counts->unexecuted)
		fprintf(out(), trace->options->mode == MODE_WATCH ? ", %zu ended without"
			: ", %zu never tried", counts->unexecuted);
	if (counts->left)
		fprintf(out(), ", %zu hadn't yet", counts->left);
	putc('\n', out());
	put_findings(counts);
	put_notes(trace, counts);
}
