/* SPDX-License-Identifier: MIT */
#include "shapes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output.h"

/* Deeper frames are in JSON only. */
#define FRAMES_SHOWN 12

const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path ? path : "?";
}

json_t *shapes_place(const struct place *place)
{
	json_t *frames;

	if (!place)
		return json_null();
	frames = json_array();
	for (size_t i = 0; i < place->count; i++) {
		const struct frame *frame = &place->frames[i];

		json_array_append_new(frames, json_pack("{s:o, s:o, s:o, s:o, s:I}",
			"function", output_string(frame->function),
			"file", output_string(frame->file),
			"line", frame->file ? json_integer(frame->line) : json_null(),
			"module", output_string(frame->module),
			"offset", (json_int_t)frame->offset));
	}
	return json_pack("{s:o, s:o}", "frames", frames, "ended", output_string(place->ended));
}

static void print_frame(const struct frame *frame)
{
	FILE *out = output_stream();

	output_text(frame->function ? frame->function : "?");
	if (frame->file) {
		fputs(" at ", out);
		output_text(base_name(frame->file));
		fprintf(out, ":%d\n", frame->line);
	} else if (frame->module) {
		fputs(" in ", out);
		output_text(base_name(frame->module));
		fprintf(out, "+0x%" PRIx64 "\n", frame->offset);
	} else {
		fprintf(out, " at 0x%" PRIx64 ", in no file\n", frame->address);
	}
}

/* Why a name is missing; the first one will do. */
static void print_missing(const char *indent, const struct place *place, size_t shown)
{
	size_t i = 0;

	while (i < shown && (place->frames[i].function || !place->frames[i].module))
		i++;
	if (i == shown)
		return;
	fputs(indent, output_stream());
	output_text(base_name(place->frames[i].module));
	fputs(strstr(place->frames[i].module, " (deleted)")
		      ? ": the file is gone, and with it the names\n"
		      : ": stripped, no names without its debug information\n", output_stream());
}

void shapes_print_place(const char *head, const struct place *place)
{
	static const char indent[] = "          ";
	size_t shown = 0;

	while (shown < place->count && shown < FRAMES_SHOWN) {
		fputs(shown ? indent : head, output_stream());
		print_frame(&place->frames[shown++]);
	}
	if (place->count > shown)
		fprintf(output_stream(), "%sand %zu more\n", indent, place->count - shown);
	else if (place->ended)
		fprintf(output_stream(), "%sno further: %s\n", indent, place->ended);
	print_missing(indent, place, shown);
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
