/* SPDX-License-Identifier: MIT */
#include "origins.h"

#include <stdio.h>

#include "output.h"
#include "shapes.h"

#define INDENT "          "

static const struct origin *first_of(const struct origin *origin)
{
	while (origin->of)
		origin = origin->of;
	return origin;
}

static void print_place(const struct origin *origin, int is_short)
{
	if (!origin->place) {
		fputs(INDENT "where is unknown: its memory was gone\n", output_stream());
	} else if (is_short) {
		fputs(INDENT, output_stream());
		shapes_print_frame(origin_caller(origin));
	} else {
		shapes_print_place(INDENT, origin->place);
	}
}

static void print_one(const struct origin *origin, unsigned execs, int is_short)
{
	FILE *out = output_stream();

	fprintf(out, "  %-7s by ", origin_kind_name(origin->kind));
	shapes_print_program(origin->program, origin->script);
	fprintf(out, " (%d)", (int)origin->pid);
	if (origin->thread != origin->pid) {
		fprintf(out, ", thread %d", (int)origin->thread);
		if (origin->thread_name[0]) {
			fputs(" \"", out);
			output_text(origin->thread_name);
			putc('"', out);
		}
	}
	if (execs > 1)
		fprintf(out, ", %u execs ago", execs);
	fputs(": ", out);
	output_text(origin->call ? origin->call : "?");
	putc('\n', out);
	place_name(origin->place);
	print_place(origin, is_short);
}

void origins_print(const struct leak *leak, int is_short)
{
	const struct origin *first;

	if (!leak->is_sought)
		return;
	if (!leak->origin) {
		fputs("  opened  unknown\n", output_stream());
		return;
	}
	print_one(leak->origin, leak->execs, is_short);
	first = first_of(leak->origin);
	if (first != leak->origin)
		print_one(first, 0, is_short);
}

/* JSON tells all that are kept, text the first and the last. */
static void write_one(struct json *json, const struct origin *origin, int depth)
{
	json_object(json, depth ? "of" : "origin");
	json_string(json, "how", origin_kind_name(origin->kind));
	json_integer(json, "pid", origin->pid);
	json_integer(json, "thread", origin->thread);
	json_string(json, "thread_name", origin->thread_name[0] ? origin->thread_name : NULL);
	json_string(json, "program", origin->program);
	json_string(json, "script", origin->script);
	json_string(json, "call", origin->call);
	place_name(origin->place);
	shapes_write_place(json, "stack", origin->place);
	if (origin->of)
		write_one(json, origin->of, depth + 1);
	else
		json_null(json, "of");
	json_end(json);
}

void origins_write(struct json *json, const struct leak *leak)
{
	if (!leak->origin) {
		json_null(json, "origin");
		return;
	}
	write_one(json, leak->origin, 0);
	json_unsigned(json, "execs", leak->execs);
}
