/* SPDX-License-Identifier: MIT */
#include "functions.h"

#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"

struct functions *functions_new(void)
{
	struct functions *functions = calloc(1, sizeof(*functions));

	if (!functions)
		die(EXIT_TROUBLE, "no memory for another launch");
	functions->users = 1;
	return functions;
}

struct functions *functions_share(struct functions *functions)
{
	if (functions)
		functions->users++;
	return functions;
}

void functions_let_go(struct functions *functions)
{
	if (!functions || --functions->users > 0)
		return;
	for (size_t i = 0; i < functions->count; i++) {
		free((char *)functions->list[i].is.name);
		free((char *)functions->list[i].caller.name);
	}
	for (size_t i = 0; i < functions->module_count; i++)
		free(functions->modules[i]);
	free(functions->modules);
	free(functions->list);
	free(functions);
}

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		die(EXIT_TROUBLE, "no memory for another function");
	return copied;
}

/* Each once: the same is at the same address. */
static const char *keep_module(struct functions *functions, const char *module)
{
	char **grown;

	for (size_t i = 0; i < functions->module_count; i++)
		if (strcmp(functions->modules[i], module) == 0)
			return functions->modules[i];
	grown = reallocarray(functions->modules, functions->module_count + 1, sizeof(*grown));
	if (!grown)
		die(EXIT_TROUBLE, "no memory for another function");
	functions->modules = grown;
	return grown[functions->module_count++] = copy(module);
}

static void keep_name(struct functions *functions, struct function_name *name)
{
	name->name = name->name ? copy(name->name) : NULL;
	name->module = name->module ? keep_module(functions, name->module) : NULL;
}

void functions_add(struct functions *functions, const struct function *function)
{
	/* room for a power of two */
	if ((functions->count & (functions->count - 1)) == 0) {
		size_t room = functions->count ? 2 * functions->count : 1;

		functions->list = reallocarray(functions->list, room, sizeof(*functions->list));
		if (!functions->list)
			die(EXIT_TROUBLE, "no memory for another function");
	}
	functions->list[functions->count] = *function;
	keep_name(functions, &functions->list[functions->count].is);
	keep_name(functions, &functions->list[functions->count++].caller);
	functions->unsafe_count += function->kind == FUNCTION_UNSAFE;
}

int function_name_is_same(const struct function_name *one, const struct function_name *other)
{
	return one->module == other->module && one->offset == other->offset;
}

const struct function *functions_blamed(const struct functions *functions)
{
	for (size_t i = 0; functions->unsafe_count > 0 && i < functions->count; i++)
		if (functions->list[i].kind == FUNCTION_UNSAFE)
			return &functions->list[i];
	return NULL;
}
