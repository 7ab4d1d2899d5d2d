/* SPDX-License-Identifier: MIT */
/*
 * --stuck: is a process a forked copy that waits for ever, and for what? Says
 * apart what is known and what is inferred from it. Only a process that is
 * stuck is stopped, for as long as it takes to read its stacks.
 */
#include "stuck.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "findings.h"
#include "output.h"
#include "permission.h"
#include "shapes.h"
#include "spawnutil.h"
#include "stack.h"
#include "suspect.h"
#include "verdict.h"

/* What is said of more threads than these is in JSON only. */
#define THREADS_SHOWN 3

/* glibc's threads use 32 and 33 for themselves */
#define LIBC_SIGNALS (SPU_SIGNAL(32) | SPU_SIGNAL(33))

struct report {
	const struct options *options;
	struct suspect suspect;
	enum reason reason;
	const struct waiter *waiter;	/* the one that the reason is about, or NULL */
	struct stack_reader *reader;
	json_t *known, *inferred;	/* sentences */
	json_t *threads;		/* as JSON has them */
	char *no_stack;			/* why there are no stacks, or NULL */
};

static __attribute__((format(printf, 2, 3))) void state(json_t *sentences, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		die_errno(EXIT_TROUBLE, ENOMEM, "report");
	json_array_append_new(sentences, output_string(text));
	free(text);
}

/* ---- what is known ---- */

static void state_origin(struct report *report)
{
	const struct suspect *suspect = &report->suspect;
	const struct process *parent = &suspect->parent;

	if (suspect->is_parent_same == 1)
		state(report->known, "a copy that %d (%s) forked, without exec since; "
		      "threads here: %ld, there now: %ld", (int)parent->pid, parent->name,
		      suspect->process.threads, parent->threads);
	else
		state(report->known, "a forked copy, without exec since; threads here: %ld; its "
		      "parent %d (%s) %s", suspect->process.threads,
		      (int)suspect->process.parent, parent->pid ? parent->name : "gone",
		      suspect->is_parent_same == 0
			? "runs another program, so who forked it is gone"
			: "has a program that can't be seen");
}

/* Where the futex lies, as a phrase. */
static void describe_place(struct report *report, const struct waiter *waiter, char *ret,
			   size_t size)
{
	const char *symbol = NULL, *module = NULL;
	uintptr_t offset;

	if (report->reader)
		symbol = stack_symbol(report->reader, waiter->futex.address, &offset, &module);
	if (symbol && offset)
		snprintf(ret, size, "%s+%zu in %s", symbol, (size_t)offset, module);
	else if (symbol)
		snprintf(ret, size, "%s in %s", symbol, module);
	else if (module)
		snprintf(ret, size, "0x%lx in %s", (unsigned long)waiter->futex.address, module);
	else
		snprintf(ret, size, "0x%lx in %s", (unsigned long)waiter->futex.address,
			 waiter->place && *waiter->place ? waiter->place : "anonymous memory");
}

static void state_wait(struct report *report, const struct waiter *waiter)
{
	char place[512];

	if (waiter->waits_for_futex) {
		describe_place(report, waiter, place, sizeof(place));
		state(report->known, "thread %d waits for the futex %s%s", (int)waiter->tid, place,
		      waiter->futex.has_limit ? ", with a time limit" : ", without a time limit");
	} else if (*waiter->wchan) {
		state(report->known, "thread %d waits in the kernel's %s", (int)waiter->tid,
		      waiter->wchan);
	} else {
		state(report->known, "thread %d is in state %c", (int)waiter->tid, waiter->state);
	}
}

static void state_waits(struct report *report)
{
	const struct suspect *suspect = &report->suspect;
	size_t shown = 0;

	if (report->waiter)
		state_wait(report, report->waiter);
	for (size_t i = 0; i < suspect->waiter_count && shown < THREADS_SHOWN - 1; i++) {
		if (&suspect->waiters[i] == report->waiter)
			continue;
		state_wait(report, &suspect->waiters[i]);
		shown++;
	}
	if (suspect->waiter_count > THREADS_SHOWN)
		state(report->known, "%zu more threads", suspect->waiter_count - THREADS_SHOWN);
}

static void state_runtimes(struct report *report)
{
	const struct suspect *suspect = &report->suspect;
	char why[256];

	if (suspect->runtimes_error == -EACCES || suspect->runtimes_error == -EPERM) {
		permission_explain(suspect->process.pid, why, sizeof(why));
		state(report->known, "its memory map can't be read: %s", why);
	}
	for (size_t i = 0; i < suspect->runtimes.count; i++)
		state(report->known, "runtime mapped: %s, %s", suspect->runtimes.list[i].name,
		      suspect->runtimes.list[i].file);
}

/* ---- what is inferred ---- */

static void infer_owner(struct report *report, const struct waiter *waiter)
{
	const char *kind = waiter->mutex_kind;
	struct process thread;

	if (!waiter->waits_for_futex)
		return;
	switch (waiter->owner) {
	case OWNER_UNKNOWN:
		state(report->inferred, "a futex of unknown owner: it isn't a locked mutex of "
		      "glibc's that names a thread");
		return;
	case OWNER_HERE:
		state(report->inferred, "by its words a mutex of glibc's (%s), locked by thread %d "
		      "of its own", kind, (int)waiter->owner_tid);
		return;
	case OWNER_IN_PARENT:
		if (process_read_thread(waiter->owner_pid, waiter->owner_tid, &thread) < 0)
			thread = (struct process){.name = "?"};
		state(report->inferred, "by its words a mutex of glibc's (%s), locked by thread %d "
		      "(%s) of %d, which this copy doesn't have", kind, (int)waiter->owner_tid,
		      thread.name, (int)waiter->owner_pid);
		return;
	case OWNER_ENDED:
		state(report->inferred, "by its words a mutex of glibc's (%s), locked by thread "
		      "%d, which has ended: it isn't here, nor where this was forked", kind,
		      (int)waiter->owner_tid);
		return;
	}
}

static void infer(struct report *report)
{
	const struct suspect *suspect = &report->suspect;

	if (report->waiter)
		infer_owner(report, report->waiter);
	if (report->reason == REASON_NOBODY_LEFT) {
		state(report->inferred, "nothing can wake it: only threads with this memory "
		      "could, and %s", suspect->waiter_count == 1 ? "it is alone" : "all wait");
		if (suspect->status.caught & ~LIBC_SIGNALS)
			state(report->inferred,
			      "unless a handler of a signal does that: it has some");
	}
	for (size_t i = 0; i < suspect->runtimes.count; i++)
		if (suspect->runtimes.list[i].has_threads && report->reason != REASON_NO_LOCK)
			state(report->inferred, "%s works with threads of its own: those of %s "
			      "aren't here", suspect->runtimes.list[i].name,
			      suspect->is_parent_same == 1 ? "the parent" : "who forked it");
}

/* ---- threads and stacks ---- */

/* NULL: there is none, and report->no_stack says why. */
static json_t *take_stack(struct report *report, const struct waiter *waiter)
{
	char why[256];
	struct stack stack;
	json_t *array;
	int r;

	if (reason_words[report->reason].verdict != VERDICT_STUCK || report->options->no_stack ||
	    !report->reader || report->no_stack)
		return NULL;
	/* such a wait goes on after a stop as if nothing had been; others may end with EINTR */
	if (!waiter->waits_for_futex)
		return NULL;
	r = stack_stop(waiter->tid);
	if (r == 0) {
		r = stack_read(report->reader, waiter->tid, &stack);
		stack_let_go(waiter->tid);
	}
	if (r == 0) {
		array = shapes_stack(&stack);
		stack_clear(&stack);
		return array;
	}
	if (r == -EPERM)
		permission_explain(report->suspect.process.pid, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%s", strerror(-r));
	report->no_stack = strdup(why);
	return NULL;
}

static json_t *futex_json(const struct waiter *waiter)
{
	static const char *const owners[] = {"unknown", "here", "in-parent", "ended"};

	if (!waiter->waits_for_futex)
		return json_null();
	return json_pack("{s:I, s:o, s:b, s:b, s:o, s:o, s:s}",
		"address", (json_int_t)waiter->futex.address, "place", output_string(waiter->place),
		"shared", waiter->is_shared, "time_limit", waiter->futex.has_limit,
		"mutex", output_string(waiter->mutex_kind),
		"owner_tid", waiter->mutex_kind ? json_integer(waiter->owner_tid) : json_null(),
		"owner", owners[waiter->owner]);
}

static void collect_threads(struct report *report)
{
	for (size_t i = 0; i < report->suspect.waiter_count; i++) {
		const struct waiter *waiter = &report->suspect.waiters[i];
		json_t *stack = take_stack(report, waiter);
		char name[2] = {waiter->state, '\0'};

		json_array_append_new(report->threads, json_pack("{s:i, s:o, s:o, s:o, s:o}",
			"tid", (int)waiter->tid, "state", output_string(name),
			"wchan", *waiter->wchan ? output_string(waiter->wchan) : json_null(),
			"futex", futex_json(waiter), "stack", stack ? stack : json_null()));
	}
}

/* ---- printing ---- */

static void print_sentences(const char *head, const json_t *sentences)
{
	json_t *sentence;
	size_t i;

	json_array_foreach(sentences, i, sentence) {
		fprintf(output_stream(), "  %-9s ", i == 0 ? head : "");
		output_text(json_string_value(sentence));
		putc('\n', output_stream());
	}
}

static void print_stacks(const struct report *report)
{
	FILE *out = output_stream();
	json_t *thread;
	size_t i, shown = 0;

	json_array_foreach(report->threads, i, thread) {
		const json_t *stack = json_object_get(thread, "stack");

		if (json_is_null(stack) || shown++ >= THREADS_SHOWN)
			continue;
		fprintf(out, "  stack of thread %d, stopped for a moment\n",
			(int)json_integer_value(json_object_get(thread, "tid")));
		shapes_print_stack(stack);
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
	fprintf(out, ": %s: %s\n", heads[reason->verdict], reason->text);
	if (report->reason == REASON_EXEC)
		return;
	print_sentences("known", report->known);
	print_sentences("inferred", report->inferred);
	print_stacks(report);
	if (reason->verdict == VERDICT_STUCK)
		fprintf(out, "  matters   %s\n  mends     %s\n", words->matters, words->mends);
}

static json_t *parent_json(const struct suspect *suspect)
{
	if (!suspect->parent.pid)
		return json_null();
	return json_pack("{s:i, s:o, s:I, s:o}", "pid", (int)suspect->parent.pid,
		"name", output_string(suspect->parent.name),
		"threads", (json_int_t)suspect->parent.threads,
		"same_program", suspect->is_parent_same < 0 ? json_null()
				: json_boolean(suspect->is_parent_same));
}

static void print_json(const struct report *report)
{
	const struct finding_words *words = &finding_words[FINDING_STUCK];
	const struct suspect *suspect = &report->suspect;
	const struct reason_words *reason = &reason_words[report->reason];
	json_t *line = output_begin("stuck");

	json_object_set_new(line, "pid", json_integer(suspect->process.pid));
	json_object_set_new(line, "name", output_string(suspect->process.name));
	json_object_set_new(line, "verdict", json_string(verdict_names[reason->verdict]));
	json_object_set_new(line, "reason", json_string(reason->name));
	json_object_set_new(line, "text", json_string(reason->text));
	json_object_set_new(line, "parent", parent_json(suspect));
	json_object_set_new(line, "runtimes", shapes_runtimes(&suspect->runtimes));
	json_object_set(line, "threads", report->threads);
	json_object_set(line, "known", report->known);
	json_object_set(line, "inferred", report->inferred);
	json_object_set_new(line, "no_stack", output_string(report->no_stack));
	if (reason->verdict == VERDICT_STUCK) {
		json_object_set_new(line, "matters", json_string(words->matters));
		json_object_set_new(line, "mends", json_string(words->mends));
	}
	output_end(line);
}

/* ---- one process ---- */

static void fill(struct report *report)
{
	report->reason = verdict_find(&report->suspect, &report->waiter);
	report->known = json_array();
	report->inferred = json_array();
	report->threads = json_array();
	if (report->reason == REASON_EXEC)
		return;
	report->reader = stack_open(report->suspect.process.pid);
	state_origin(report);
	state_waits(report);
	state_runtimes(report);
	if (reason_words[report->reason].verdict != VERDICT_CLEAR)
		infer(report);
	collect_threads(report);
}

static void clear(struct report *report)
{
	json_decref(report->known);
	json_decref(report->inferred);
	json_decref(report->threads);
	stack_close(report->reader);
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
	else if (process.state == 'Z' || process.state == 'X')
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
	r = suspect_look(pid, &report.suspect);
	if (r < 0) {
		say_errno(r, "%d", (int)pid);
		return r;
	}
	fill(&report);
	if (options->json)
		print_json(&report);
	else
		print_text(&report);
	r = reason_words[report.reason].verdict == VERDICT_STUCK;
	if (report.reason == REASON_NOT_ALLOWED) {
		permission_explain(pid, why, sizeof(why));
		say("%d (%s): what it waits for: %s", (int)pid, report.suspect.process.name, why);
		r = -EPERM;
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
