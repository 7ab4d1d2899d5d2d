/* SPDX-License-Identifier: MIT */
#include "functions.h"

#include <stdlib.h>

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
	free(functions->list);
	free(functions);
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
	functions->list[functions->count++] = *function;
	functions->unsafe_count += function->kind == FUNCTION_UNSAFE;
}

int function_name_is_same(const struct function_name *one, const struct function_name *other)
{
	return one->module == other->module && one->offset == other->offset;
}
