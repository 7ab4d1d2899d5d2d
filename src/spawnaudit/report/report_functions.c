/* SPDX-License-Identifier: MIT */
#include "report_functions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../look/demangle.h"
#include "../record/judgement.h"
#include "output.h"
#include "shapes.h"

#define LINES_SHOWN 24
#define DEPTH_SHOWN 16

static const char indent[] = "          ";

/* For free(); NULL: it has none. */
static char *readable(const struct function_name *name)
{
	char *plain = name->name ? demangle(name->name) : NULL;

	return plain || !name->name ? plain : strdup(name->name);
}

static void put_name(const struct function_name *name)
{
	FILE *out = output_stream();
	char *plain = readable(name);

	if (plain) {
		output_text(plain);
		free(plain);
	} else if (name->module) {
		output_text(base_name(name->module));
		fprintf(out, "+0x%" PRIx64, name->offset);
	} else {
		fputs("code in no file", out);
	}
}

/* What libc did for itself is shown below nothing. */
static int is_told(const struct function *function)
{
	return function->kind != FUNCTION_INSIDE && function->kind != FUNCTION_FORKS;
}

struct tree {
	const struct functions *functions;
	size_t *callers;	/* by index: which function of the list called it first; NONE */
	char *is_wanted;
	size_t lines, limit;
};

#define NONE SIZE_MAX

static size_t find_caller(const struct functions *functions, size_t index)
{
	const struct function *list = functions->list;

	for (size_t i = 0; i < index; i++)
		if (is_told(&list[i]) && function_name_is_same(&list[i].is, &list[index].caller))
			return i;
	return NONE;
}

/* All, or the ways to what is to be blamed. Who called stands before what it called. */
static int plan(struct tree *tree, int is_whole)
{
	size_t count = tree->functions->count;

	tree->callers = calloc(count + 1, sizeof(*tree->callers));
	tree->is_wanted = calloc(count + 1, 1);
	if (!tree->callers || !tree->is_wanted)
		return 0;
	for (size_t i = 0; i < count; i++)
		tree->callers[i] = find_caller(tree->functions, i);
	for (size_t i = count; i-- > 0;) {
		const struct function *function = &tree->functions->list[i];

		tree->is_wanted[i] |= is_told(function) &&
				      (is_whole || function->kind == FUNCTION_UNSAFE);
		if (tree->is_wanted[i] && tree->callers[i] != NONE)
			tree->is_wanted[tree->callers[i]] = 1;
	}
	return 1;
}

/* One of libc is told with its file. */
static void put_function(const struct function *function)
{
	put_name(&function->is);
	if (function->kind == FUNCTION_OWN || !function->is.module)
		return;
	fputs(" in ", output_stream());
	output_text(base_name(function->is.module));
}

static void put_line(struct tree *tree, const struct function *function, unsigned depth)
{
	FILE *out = output_stream();

	if (++tree->lines > tree->limit)
		return;
	fprintf(out, "%s%*s%s", indent, (int)(2 * depth), "",
		function->kind == FUNCTION_UNSAFE ? "* " : "  ");
	put_function(function);
	putc('\n', out);
}

static void put_tree(struct tree *tree, size_t caller, unsigned depth)
{
	size_t i = caller == NONE ? 0 : caller + 1;

	for (; i < tree->functions->count; i++)
		if (tree->is_wanted[i] && tree->callers[i] == caller) {
			put_line(tree, &tree->functions->list[i], depth);
			if (depth < DEPTH_SHOWN)
				put_tree(tree, i, depth + 1);
		}
}

static size_t count_kind(const struct functions *functions, enum function_kind kind)
{
	size_t counted = 0;

	for (size_t i = 0; i < functions->count; i++)
		counted += functions->list[i].kind == kind;
	return counted;
}

static void put_last(const struct functions *functions)
{
	const struct function *last = &functions->list[functions->count - 1];
	FILE *out = output_stream();

	fputs("  last    ", out);
	put_name(&last->is);
	fputs(" was entered last, from ", out);
	put_name(&last->caller);
	putc('\n', out);
}

int report_functions_reason(const char *head, const struct functions *functions)
{
	const struct function *blamed = functions ? functions_blamed(functions) : NULL;
	FILE *out = output_stream();

	if (!blamed)
		return 0;
	fputs(head, out);
	put_function(blamed);
	fputs(" isn't async-signal-safe, and ", out);
	put_name(&blamed->caller);
	fputs(" called it\n", out);
	return 1;
}

void report_functions_ground(const struct launch *launch)
{
	static const char *const why[] = {
		[GROUND_NONE] = NULL,
		[GROUND_FUNCTIONS] = NULL,
		[GROUND_UNKNOWN] = "the functions that ran aren't known (see --functions)",
		[GROUND_INCOMPLETE] = "not all functions that ran are known",
		[GROUND_DIFFERS] = "the first child from here made no such calls",
	};
	const char *text = why[launch_ground(launch)];

	if (text)
		fprintf(output_stream(), "%s%s: this is by the calls alone\n", indent, text);
}

void report_functions_text(const struct launch *launch, int is_whole)
{
	const struct functions *functions = launch->functions;
	struct tree tree = {.functions = functions, .limit = is_whole ? SIZE_MAX : LINES_SHOWN};
	FILE *out = output_stream();

	if (!functions || functions->count == 0)
		return;
	fprintf(out, "  entered %zu functions%s, %zu not async-signal-safe (*)%s\n",
		functions->count, functions->is_complete ? "" : " while they were looked at",
		functions->unsafe_count,
		launch->are_firsts ? ": the first child from here did" : "");
	if (plan(&tree, is_whole))
		put_tree(&tree, NONE, 0);
	if (tree.lines > tree.limit)
		fprintf(out, "%s  (%zu more)\n", indent, tree.lines - tree.limit);
	fprintf(out, "%s  (%zu inside of libc, %zu of fork's own)\n", indent,
		count_kind(functions, FUNCTION_INSIDE), count_kind(functions, FUNCTION_FORKS));
	free(tree.callers);
	free(tree.is_wanted);
	if (launch->outcome != OUTCOME_EXECUTED && !launch->are_firsts)
		put_last(functions);
}

static void write_members(struct json *json, const struct function_name *name)
{
	char *plain = readable(name);

	json_string(json, "name", plain);
	json_string(json, "module", name->module);
	json_unsigned(json, "offset", name->offset);
	free(plain);
}

static void write_caller(struct json *json, const struct function_name *caller)
{
	if (!caller->module) {
		json_null(json, "caller");
		return;
	}
	json_object(json, "caller");
	write_members(json, caller);
	json_end(json);
}

static void write_function(struct json *json, const struct function *function)
{
	json_object(json, NULL);
	write_members(json, &function->is);
	write_caller(json, &function->caller);
	if (function->kind == FUNCTION_SAFE || function->kind == FUNCTION_UNSAFE)
		json_boolean(json, "safe", function->kind == FUNCTION_SAFE);
	else
		json_null(json, "safe");
	json_boolean(json, "forks_own", function->kind == FUNCTION_FORKS);
	json_end(json);
}

/* What is to be blamed, also where the list stands elsewhere. */
static void write_reason(struct json *json, const struct functions *functions)
{
	const struct function *blamed = functions ? functions_blamed(functions) : NULL;

	if (!blamed) {
		json_null(json, "reason_function");
		return;
	}
	json_object(json, "reason_function");
	write_members(json, &blamed->is);
	write_caller(json, &blamed->caller);
	json_end(json);
}

void report_functions_json(struct json *json, const struct launch *launch)
{
	const struct functions *functions = launch->functions;
	enum ground ground = launch_ground(launch);

	json_string(json, "judged_by", ground == GROUND_NONE ? NULL
		    : ground == GROUND_FUNCTIONS ? "functions" : "calls");
	write_reason(json, functions);
	if (!functions) {
		json_null(json, "functions");
		json_null(json, "functions_of");
		json_null(json, "functions_complete");
		return;
	}
	json_array(json, "functions");
	/* those of the first stand there */
	for (size_t i = 0; !launch->are_firsts && i < functions->count; i++)
		write_function(json, &functions->list[i]);
	json_end(json);
	json_string(json, "functions_of", launch->are_firsts ? "first" : "this");
	json_boolean(json, "functions_complete", functions->is_complete);
}
