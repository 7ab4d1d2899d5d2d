/* SPDX-License-Identifier: MIT */
#include "old.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "json_tree.h"

static int say_wrong(const struct old *old, const char *what)
{
	say("--compare: %s: %s", NAMED(old->name), what);
	return -EINVAL;
}

/* A text with a 0 behind it, which is in none. */
static int read_all(const char *name, char **ret)
{
	FILE *file = fopen(name, "re");
	size_t size = 0, got;
	char *text = NULL, *grown;
	int r = file ? 0 : -errno;

	while (r == 0) {
		grown = realloc(text, size + BUFSIZ + 1);
		if (!grown) {
			r = -ENOMEM;
			break;
		}
		text = grown;
		got = fread(text + size, 1, BUFSIZ, file);
		size += got;
		text[size] = '\0';
		if (got < BUFSIZ)
			break;
	}
	if (r == 0 && ferror(file))
		r = -errno;
	if (file)
		fclose(file);
	if (r == 0 && strlen(text) < size)
		text[0] = '\0';	/* no JSON either */
	if (r < 0)
		free(text);
	else
		*ret = text;
	return r;
}

static int is_ours(const struct json_value *tree)
{
	const struct json_value *program = json_tree_get(tree, "program", JSON_STRING);

	return program && strcmp(program->text, "spawnbench") == 0 &&
		json_tree_get(tree, "tables", JSON_ARRAY) &&
		json_tree_get(tree, "measured", JSON_OBJECT) &&
		json_tree_get(tree, "machine", JSON_OBJECT);
}

int old_read(struct old *old, const char *name)
{
	int r;

	*old = (struct old){.name = name};
	r = read_all(name, &old->text);
	if (r < 0) {
		say_errno(r, "--compare: %s", NAMED(name));
		return r;
	}
	r = json_tree_read(old->text, &old->tree);
	if (r == 0 && is_ours(old->tree))
		return 0;
	r = r == -ENOMEM ? say_errno(r, "--compare"), r :
		say_wrong(old, "not what spawnbench --json writes");
	old_clear(old);
	return r;
}

void old_clear(struct old *old)
{
	json_tree_free(old->tree);
	free(old->text);
	*old = (struct old){.name = NULL};
}

int old_check_setting(const struct old *old, const struct setting *setting)
{
	const struct json_value *measured = json_tree_get(old->tree, "measured", JSON_OBJECT);
	const struct json_value *nice = json_tree_get(measured, "nice", JSON_NUMBER);
	int was_pinned = json_tree_get(measured, "processor", JSON_NUMBER) != NULL;

	if (was_pinned != (setting->processor >= 0))
		return say_wrong(old, was_pinned ?
				 "it was pinned to a processor, this isn't (--pin)" :
				 "it wasn't pinned to a processor, this is (--pin)");
	if (nice && nice->number == setting->nice)
		return 0;
	return say_wrong(old, "it was of another priority (nice) than this");
}

/* The axis on which it differs, AXIS_COUNT: none. */
static size_t differing_axis(const struct json_value *table, const struct shape *shape)
{
	const struct json_value *parent = json_tree_get(table, "parent", JSON_OBJECT);
	size_t i = 0;

	for (; i < AXIS_COUNT; i++) {
		const char *name = axis_table[i].name;
		const struct json_value *number = json_tree_get(parent, name, JSON_NUMBER);
		double value = number ? number->number : -1;

		if (axis_table[i].kind == KIND_YES)
			value = json_tree_get(parent, name, JSON_TRUE) ? 1 :
				json_tree_get(parent, name, JSON_FALSE) ? 0 : -1;
		if (value != (double)shape->values[i])
			break;
	}
	return i;
}

/* That of the shape and child; else NULL, and the axis that a table of the child differs in. */
static const struct json_value *find_table(const struct old *old, const struct shape *shape,
					   const char *child, size_t *ret_axis)
{
	const struct json_value *tables = json_tree_get(old->tree, "tables", JSON_ARRAY);

	*ret_axis = AXIS_COUNT;
	for (const struct json_value *table = tables->first; table; table = table->next) {
		const struct json_value *its = json_tree_get(table, "child", JSON_STRING);
		size_t axis;

		if (!its || strcmp(its->text, child) != 0)
			continue;
		axis = differing_axis(table, shape);
		if (axis == AXIS_COUNT)
			return table;
		*ret_axis = axis;
	}
	return NULL;
}

static int is_time(const struct json_value *median)
{
	return median->kind == JSON_NUMBER && isfinite(median->number) && median->number > 0;
}

static int has_time(const struct json_value *medians)
{
	const struct json_value *it = medians->first;

	while (it && !is_time(it))
		it = it->next;
	return it != NULL;
}

static const struct json_value *find_method(const struct json_value *table, const char *name)
{
	const struct json_value *methods = json_tree_get(table, "methods", JSON_ARRAY);

	for (methods = methods ? methods->first : NULL; methods; methods = methods->next) {
		const struct json_value *its = json_tree_get(methods, "method", JSON_STRING);

		if (its && strcmp(its->text, name) == 0)
			return methods;
	}
	return NULL;
}

static const struct json_value *get_medians(const struct json_value *method)
{
	return json_tree_get(method, "rounds_us", JSON_ARRAY);
}

/* One that couldn't launch has none: its line is a dash then, as it is for one that can't now. */
static int can_be_compared(const struct json_value *method)
{
	const struct json_value *medians = get_medians(method);

	return medians && (has_time(medians) || json_tree_get(method, "error", JSON_STRING));
}

int old_check_table(const struct old *old, const struct shape *shape, const char *child,
		    const struct method *const methods[], size_t count)
{
	char why[512], value[AXIS_TEXT_SIZE];
	size_t axis;
	const struct json_value *table = find_table(old, shape, child, &axis);

	if (!table && axis == AXIS_COUNT)
		snprintf(why, sizeof(why), "there is no child %.400s in it", NAMED(child));
	else if (!table)
		snprintf(why, sizeof(why), "it has no parent with --%s=%s and all else the same",
			 axis_table[axis].name,
			 axis_text(&axis_table[axis], shape->values[axis], value));
	for (size_t i = 0; i < count && table; i++) {
		if (can_be_compared(find_method(table, methods[i]->name)))
			continue;
		snprintf(why, sizeof(why), "it has no method '%.100s', or no rounds of it",
			 methods[i]->name);
		table = NULL;
	}
	return table ? 0 : say_wrong(old, why);
}

static void doubt_machine(const struct old *old, const struct machine *machine,
			  struct table *table)
{
	const struct json_value *its = json_tree_get(old->tree, "machine", JSON_OBJECT);
	const struct {
		const char *key, *now;
	} facts[] = {
		{"host", machine->kernel.nodename}, {"model", machine->model},
		{"kernel", machine->kernel.release}, {"libc", machine->libc},
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const struct json_value *fact = json_tree_get(its, facts[i].key, JSON_STRING);
		const char *then = fact ? fact->text : "";

		if (strcmp(then, facts[i].now) == 0 || table->doubt_count == DOUBTS_MAX)
			continue;
		snprintf(table->doubts[table->doubt_count++], DOUBT_SIZE,
			 "the old figures are of another machine (%s %s, now %s): what differs may "
			 "be its", facts[i].key, QUOTED(then, 100), QUOTED(facts[i].now, 100));
		return;
	}
}

static int compare(const struct json_value *medians, size_t rounds, struct figure *figure)
{
	size_t count = 0;
	double *old;
	int r;

	for (const struct json_value *it = medians->first; it; it = it->next)
		count++;
	old = calloc(count + 1, sizeof(*old));
	if (!old)
		return -ENOMEM;
	count = 0;
	for (const struct json_value *it = medians->first; it; it = it->next)
		old[count++] = is_time(it) ? it->number : NAN;
	r = ratio_of_medians(figure->medians, rounds, old, count, RANDOM_SEED, &figure->change);
	free(old);
	return r;
}

int old_compare(const struct old *old, const struct machine *machine, struct table *table)
{
	size_t axis;
	const struct json_value *its = find_table(old, &table->shape, table->child, &axis);
	int r = 0;

	for (size_t i = 0; i < table->count && r == 0; i++) {
		struct figure *figure = &table->figures[i];

		r = compare(get_medians(find_method(its, figure->method)), table->rounds, figure);
	}
	table->old = old->name;
	doubt_machine(old, machine, table);
	return r;
}
