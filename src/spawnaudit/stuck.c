/* SPDX-License-Identifier: MIT */
/*
 * --stuck: is a process a forked copy that waits for ever, and for what? Says
 * apart what is known and what is inferred from it. Only a process that is
 * stuck is stopped, for as long as it takes to copy registers and some stack.
 */
#include "stuck.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "hang/account.h"
#include "hang/suspect.h"
#include "hang/verdict.h"
#include "look/permission.h"
#include "look/place.h"
#include "look/script.h"
#include "record/findings.h"
#include "report/output.h"
#include "report/shapes.h"
#include "report/suppressions.h"

/* The stacks of more threads than these are in JSON only. */
#define THREADS_SHOWN 3

struct report {
	const struct options *options;
	struct suspect suspect;
	enum reason reason;
	const struct waiter *waiter;	/* the one that the reason is about, or NULL */
	struct view *view;
	struct place **places;		/* of each waiter; NULL: none was looked for */
	struct sentences known, inferred;
	char *no_stack;			/* why there are no stacks, or NULL */
	int is_suppressed;
};

/* ---- threads and stacks ---- */

/* NULL: there is none, and report->no_stack says why. */
static struct place *find_place(struct report *report, const struct waiter *waiter)
{
	pid_t pid = report->suspect.process.pid;
	struct snapshot *snapshot = NULL;
	struct place *place = NULL;
	char why[256];
	int r = snapshot_stop(waiter->tid, &snapshot);

	if (r == 0) {
		place = place_find(snapshot, report->suspect.living, &report->view);
		place_name(place);
		r = place ? 0 : -EIO;
	}
	snapshot_free(snapshot);
	if (r == -EPERM)
		permission_explain(pid, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%s", strerror(-r));
	report->no_stack = r < 0 ? strdup(why) : NULL;
	return place;
}

static void find_places(struct report *report)
{
	const struct suspect *suspect = &report->suspect;

	if (reason_words[report->reason].verdict != VERDICT_STUCK || report->options->no_stack)
		return;
	if (!report->view) {
		report->no_stack = strdup("the files that it has mapped can't be read");
		return;
	}
	report->places = calloc(suspect->waiter_count, sizeof(struct place *));
	for (size_t i = 0; report->places && !report->no_stack && i < suspect->waiter_count; i++) {
		const struct waiter *waiter = &suspect->waiters[i];

		/* such a wait goes on after a stop as if nothing had been; others may end */
		if (waiter->waits_for_futex || waiter->spins)
			report->places[i] = find_place(report, waiter);
	}
}

/* ---- text ---- */

static void print_sentences(const char *head, const struct sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++) {
		fprintf(output_stream(), "  %-9s ", i == 0 ? head : "");
		output_text(sentences->list[i]);
		putc('\n', output_stream());
	}
}

static void print_stacks(const struct report *report)
{
	FILE *out = output_stream();
	size_t shown = 0;

	for (size_t i = 0; report->places && i < report->suspect.waiter_count; i++) {
		if (!report->places[i] || shown++ >= THREADS_SHOWN)
			continue;
		fprintf(out, "  stack of thread %d, stopped for a moment\n",
			(int)report->suspect.waiters[i].tid);
		shapes_print_place("          ", report->places[i]);
	}
	if (report->no_stack)
		fprintf(out, "  no stack  %s\n", report->no_stack);
}

static void print_text(const struct report *report)
{
	const struct finding_words *words = &finding_words[FINDING_STUCK];
	const struct reason_words *reason = &reason_words[report->reason];
	static const char *const heads[] = {"not stuck", "can't be told", "stuck"};
	FILE *out = output_stream();

	fprintf(out, "%d ", (int)report->suspect.process.pid);
	output_text(report->suspect.process.name);
	fprintf(out, ": %s%s: %s\n", heads[reason->verdict],
		report->is_suppressed ? " (suppressed)" : "", reason->text);
	if (report->reason == REASON_EXEC || report->is_suppressed)
		return;
	print_sentences("known", &report->known);
	print_sentences("inferred", &report->inferred);
	print_stacks(report);
	if (reason->verdict == VERDICT_STUCK)
		fprintf(out, "  why       %s\n  mend      %s\n", words->why, words->mend);
}

/* ---- JSON ---- */

static void write_parent(struct json *json, const struct suspect *suspect)
{
	if (!suspect->parent.pid) {
		json_null(json, "parent");
		return;
	}
	json_object(json, "parent");
	json_integer(json, "pid", suspect->parent.pid);
	json_string(json, "name", suspect->parent.name);
	json_integer(json, "threads", suspect->parent.threads);
	if (suspect->is_parent_same < 0)
		json_null(json, "same_program");
	else
		json_boolean(json, "same_program", suspect->is_parent_same);
	json_end(json);
}

static void write_futex(struct json *json, const struct waiter *waiter)
{
	static const char *const owners[] = {"unknown", "here", "in-parent", "ended"};

	if (!waiter->waits_for_futex) {
		json_null(json, "futex");
		return;
	}
	json_object(json, "futex");
	json_unsigned(json, "address", waiter->futex.address);
	json_string(json, "place", waiter->place);
	json_boolean(json, "shared", waiter->is_shared);
	json_boolean(json, "time_limit", waiter->futex.has_limit);
	json_string(json, "mutex", waiter->mutex_kind);
	if (waiter->mutex_kind)
		json_integer(json, "owner_tid", waiter->owner_tid);
	else
		json_null(json, "owner_tid");
	json_string(json, "owner", owners[waiter->owner]);
	json_end(json);
}

static void write_threads(struct json *json, const struct report *report)
{
	json_array(json, "threads");
	for (size_t i = 0; i < report->suspect.waiter_count; i++) {
		const struct waiter *waiter = &report->suspect.waiters[i];
		const char state[] = {waiter->state, '\0'};

		json_object(json, NULL);
		json_integer(json, "tid", waiter->tid);
		json_string(json, "state", state);
		json_string(json, "wchan", *waiter->wchan ? waiter->wchan : NULL);
		json_boolean(json, "spins", waiter->spins);
		write_futex(json, waiter);
		shapes_write_place(json, "stack", report->places ? report->places[i] : NULL);
		json_end(json);
	}
	json_end(json);
}

static void write_sentences(struct json *json, const char *key, const struct sentences *sentences)
{
	json_array(json, key);
	for (size_t i = 0; i < sentences->count; i++)
		json_string(json, NULL, sentences->list[i]);
	json_end(json);
}

static void print_json(const struct report *report)
{
	const struct finding_words *words = &finding_words[FINDING_STUCK];
	const struct suspect *suspect = &report->suspect;
	const struct reason_words *reason = &reason_words[report->reason];
	struct json *json = output_begin("stuck");

	json_integer(json, "pid", suspect->process.pid);
	json_string(json, "name", suspect->process.name);
	json_string(json, "verdict", verdict_names[reason->verdict]);
	json_string(json, "reason", reason->name);
	json_string(json, "text", reason->text);
	json_boolean(json, "suppressed", report->is_suppressed);
	write_parent(json, suspect);
	shapes_write_runtimes(json, &suspect->runtimes);
	write_threads(json, report);
	write_sentences(json, "known", &report->known);
	write_sentences(json, "inferred", &report->inferred);
	json_string(json, "no_stack", report->no_stack);
	if (reason->verdict == VERDICT_STUCK) {
		json_string(json, "why", words->why);
		json_string(json, "mend", words->mend);
	}
	json_finish(json);
}

/* ---- one process ---- */

static void fill(struct report *report)
{
	report->reason = verdict_find(&report->suspect, &report->waiter);
	if (report->reason == REASON_EXEC)
		return;
	report->view = view_new(report->suspect.living);
	account_make(&report->suspect, report->reason, report->waiter, report->view,
		     &report->known, &report->inferred);
	find_places(report);
}

/* The place that it waits at; NULL: not known. */
static const struct place *place_of(const struct report *report)
{
	const struct suspect *suspect = &report->suspect;
	const struct place *first = NULL;

	for (size_t i = 0; report->places && i < suspect->waiter_count; i++) {
		if (report->places[i] && &suspect->waiters[i] == report->waiter)
			return report->places[i];
		first = first ? first : report->places[i];
	}
	return first;
}

static void suppress(struct report *report)
{
	struct culprit culprit = {.kind = FINDING_STUCK};
	char program[PATH_MAX], *script = NULL;

	if (reason_words[report->reason].verdict != VERDICT_STUCK)
		return;
	if (process_program(report->suspect.living, program, sizeof(program)) == 0) {
		culprit.program = program;
		script = script_read(report->suspect.living, program);
		culprit.script = script;
	}
	report->is_suppressed = suppressions_fit_place(&culprit, place_of(report));
	for (size_t i = 0; report->places && i < report->suspect.waiter_count; i++)
		report->is_suppressed |= suppressions_fit_place(&culprit, report->places[i]);
	if (!report->is_suppressed)
		suppressions_propose_place(&culprit, place_of(report));
	free(script);
}

static void clear(struct report *report)
{
	sentences_clear(&report->known);
	sentences_clear(&report->inferred);
	for (size_t i = 0; report->places && i < report->suspect.waiter_count; i++)
		place_let_go(report->places[i]);
	free(report->places);
	view_let_go(report->view);
	free(report->no_stack);
	suspect_clear(&report->suspect);
}

/* There is nothing to judge: says so. 1: a process of another kind, or none. */
static int is_out_of_question(pid_t pid)
{
	struct process process;
	struct process_status status;
	int r = process_read(pid, &process);

	if (r == 0)
		r = process_status(pid, 0, &status);
	if (r < 0)
		say_errno(r, "%d", (int)pid);
	else if (process.flags & PROCESS_KERNEL_THREAD)
		say("%d (%s) is a kernel thread: nobody forked it", (int)pid, process.name);
	else if (!process_living(pid))
		say("%d (%s) has ended, and waits for %d to reap it", (int)pid, process.name,
		    (int)process.parent);
	else if (status.group != pid)
		say("%d (%s) is a thread: ask about its process, %d", (int)pid, process.name,
		    (int)status.group);
	else
		return 0;
	return 1;
}

/* 1: stuck; 0: it isn't; negative: it can't be told, and why has been said. */
static int report_on(const struct options *options, pid_t pid)
{
	struct report report = {.options = options};
	char why[256];
	int r;

	if (is_out_of_question(pid))
		return -ESRCH;
	r = suspect_look(pid, SUSPECT_WATCH | (options->no_stack ? 0 : SUSPECT_STOP),
			 &report.suspect);
	if (r < 0) {
		say_errno(r, "%d", (int)pid);
		return r;
	}
	fill(&report);
	suppress(&report);
	if (options->json)
		print_json(&report);
	else
		print_text(&report);
	r = reason_words[report.reason].verdict == VERDICT_STUCK && !report.is_suppressed;
	if (report.reason == REASON_NOT_ALLOWED) {
		permission_explain(pid, why, sizeof(why));
		say("%d (%s): what it waits for can't be seen: %s", (int)pid,
		    report.suspect.process.name, why);
		r = -EPERM;
	} else if (report.reason == REASON_FOREIGN) {
		say("%d (%s): what it waits for isn't decoded: a 32-bit program, or one for "
		    "another processor", (int)pid, report.suspect.process.name);
		r = -ENOEXEC;
	}
	clear(&report);
	return r;
}

int stuck_run(const struct options *options)
{
	int found = 0, failed = 0;

	for (size_t i = 0; i < options->pid_count; i++) {
		int r = report_on(options, options->pids[i]);

		found |= r > 0;
		failed |= r < 0;
	}
	if (failed)
		return EXIT_TROUBLE;
	return found ? options->findings_status : EXIT_SUCCESS;
}
