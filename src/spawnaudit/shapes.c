/* SPDX-License-Identifier: MIT */
#include "shapes.h"

#include <stdio.h>

#include "output.h"

/* Deeper frames are in JSON only. */
#define FRAMES_SHOWN 16

json_t *shapes_stack(const struct stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->count; i++) {
		const struct stack_frame *frame = &stack->frames[i];

		json_array_append_new(frames, json_pack("{s:I, s:o, s:o, s:o, s:o}",
			"pc", (json_int_t)frame->pc, "function", output_string(frame->function),
			"module", output_string(frame->module), "file", output_string(frame->file),
			"line", frame->file ? json_integer(frame->line) : json_null()));
	}
	return json_pack("{s:o, s:o}", "frames", frames, "ended", output_string(stack->ended));
}

static void print_frame(size_t number, const json_t *frame)
{
	const char *function = json_string_value(json_object_get(frame, "function"));
	const char *module = json_string_value(json_object_get(frame, "module"));
	const char *file = json_string_value(json_object_get(frame, "file"));
	FILE *out = output_stream();

	fprintf(out, "    %2zu  ", number);
	output_text(function ? function : "?");
	fputs("  ", out);
	output_text(file ? file : module ? module : "");
	if (file)
		fprintf(out, ":%d", (int)json_integer_value(json_object_get(frame, "line")));
	putc('\n', out);
}

void shapes_print_stack(const json_t *stack)
{
	const char *ended = json_string_value(json_object_get(stack, "ended"));
	const json_t *frames = json_object_get(stack, "frames");
	size_t count = json_array_size(frames);

	for (size_t i = 0; i < count && i < FRAMES_SHOWN; i++)
		print_frame(i, json_array_get(frames, i));
	if (count > FRAMES_SHOWN)
		fprintf(output_stream(), "        (%zu more)\n", count - FRAMES_SHOWN);
	else if (ended)
		fprintf(output_stream(), "        (no further: %s)\n", ended);
}

json_t *shapes_runtimes(const struct runtimes *runtimes)
{
	json_t *array = json_array();

	for (size_t i = 0; i < runtimes->count; i++)
		json_array_append_new(array, json_pack("{s:s, s:o}",
			"name", runtimes->list[i].name,
			"file", output_string(runtimes->list[i].file)));
	return array;
}
