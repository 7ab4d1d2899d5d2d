/* SPDX-License-Identifier: MIT */
/* Pure: the environment that options make of another one. */
#include <string.h>

#include "plan.h"

static size_t count_strings(const void *list)
{
	char *const *strings = list;
	size_t count = 0;

	while (strings && strings[count])
		count++;
	return count;
}

/* Is entry ("NAME=VALUE") the variable that name, up to its end or "=", names? */
static int is_variable(const char *entry, const char *name)
{
	size_t length = strcspn(name, "=");

	return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static int is_changed(const struct spu_options *options, const char *entry)
{
	const char *const *name;

	for (name = options->env_unset; name && *name; name++)
		if (is_variable(entry, *name))
			return 1;
	for (name = options->env_set; name && *name; name++)
		if (is_variable(entry, *name))
			return 1;
	return 0;
}

size_t spu__measure_environment(const struct spu_options *options, char *const *environ)
{
	if (!options->env_set && !options->env_unset)
		return 0;
	return count_strings(options->env ? options->env : environ) +
	       count_strings(options->env_set) + 1;
}

char *const *spu__write_environment(const struct spu_options *options, char *const *environ,
				    const char **room, size_t size)
{
	char *const *base = options->env ? options->env : environ;
	const char *const *set;
	size_t count = 0;

	if (size == 0)
		return base;
	/* Another thread may lengthen environ meanwhile: not more than was measured */
	size -= count_strings(options->env_set) + 1;
	for (; base && *base && size > 0; base++, size--)
		if (!is_changed(options, *base))
			room[count++] = *base;
	for (set = options->env_set; set && *set; set++) {
		size_t i = 0;

		/* the last of several settings of one name wins */
		while (i < count && !is_variable(room[i], *set))
			i++;
		room[i] = *set;
		count += i == count;
	}
	room[count] = NULL;
	return (char *const *)room;
}
