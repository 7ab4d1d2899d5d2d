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

void shapes_print_program(const char *program, const char *script)
{
	output_text(base_name(program));
	if (!script)
		return;
	putc(' ', output_stream());
	output_text(base_name(script));
}

static void write_frame(struct json *json, const struct frame *frame)
{
	json_object(json, NULL);
	json_string(json, "function", frame->function);
	json_string(json, "file", frame->file);
	if (frame->file)
		json_integer(json, "line", frame->line);
	else
		json_null(json, "line");
	json_string(json, "module", frame->module);
	json_unsigned(json, "offset", frame->offset);
	json_end(json);
}

void shapes_write_place(struct json *json, const char *key, const struct place *place)
{
	if (!place) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	json_array(json, "frames");
	for (size_t i = 0; i < place->count; i++)
		write_frame(json, &place->frames[i]);
	json_end(json);
	json_string(json, "ended", place->ended);
	json_end(json);
}

void shapes_print_frame(const struct frame *frame)
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
		shapes_print_frame(&place->frames[shown++]);
	}
	if (place->count > shown)
		fprintf(output_stream(), "%sand %zu more\n", indent, place->count - shown);
	else if (place->ended)
		fprintf(output_stream(), "%sno further: %s\n", indent, place->ended);
	print_missing(indent, place, shown);
}

void shapes_write_runtimes(struct json *json, const struct runtimes *runtimes)
{
	json_array(json, "runtimes");
	for (size_t i = 0; i < runtimes->count; i++) {
		json_object(json, NULL);
		json_string(json, "name", runtimes->list[i].name);
		json_string(json, "file", runtimes->list[i].file);
		json_end(json);
	}
	json_end(json);
}
