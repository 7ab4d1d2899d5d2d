/* SPDX-License-Identifier: MIT */
/* Pure. Changes are sorted by name, so that many cost no more than much to copy. */
#include "environment.h"

#include <stdlib.h>
#include <string.h>

static size_t count_strings(const void *list)
{
	char *const *strings = list;
	size_t count = 0;

	while (strings && strings[count])
		count++;
	return count;
}

/* By name, which ends before "=" or with the string. */
static int compare_names(const char *left, const char *right)
{
	size_t left_size = strcspn(left, "="), right_size = strcspn(right, "=");
	int r = memcmp(left, right, left_size < right_size ? left_size : right_size);

	return r ? r : (left_size > right_size) - (left_size < right_size);
}

/* Pointers into one list: of equal names the later one comes last. */
static int compare_entries(const void *a, const void *b)
{
	const char *const *left = *(const char *const *const *)a;
	const char *const *right = *(const char *const *const *)b;
	int r = compare_names(*left, *right);

	return r ? r : (left > right) - (left < right);
}

static size_t sort_entries(const char *const *list, const char *const **ret)
{
	size_t count = 0;

	for (; list && list[count]; count++)
		ret[count] = &list[count];
	qsort(ret, count, sizeof(*ret), compare_entries);
	return count;
}

/* How many names are before that of entry; with "equal", that one's too. */
static size_t count_before(const char *const **sorted, size_t count, const char *entry, int equal)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = compare_names(*sorted[middle], entry);

		if (r < 0 || (equal && r == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int is_named(const char *const **sorted, size_t count, const char *entry)
{
	size_t at = count_before(sorted, count, entry, 0);

	return at < count && compare_names(*sorted[at], entry) == 0;
}

size_t spu__measure_environment(const struct spu_options *options, char *const *environ,
				size_t *ret_changes)
{
	size_t set = count_strings(options->env_set);

	*ret_changes = set + count_strings(options->env_unset);
	if (!options->env_set && !options->env_unset && !options->pid_variable)
		return 0;
	return count_strings(options->env ? options->env : environ) + set +
	       (options->pid_variable != NULL) + 1;
}

/* Is it of the name that last has? */
static int is_replaced(const char *entry, const char *last)
{
	return last && compare_names(entry, last) == 0;
}

char *const *spu__write_environment(const struct spu_options *options, char *const *environ,
				    const char *last, const char **room, size_t size,
				    const char *const **changes)
{
	char *const *base = options->env ? options->env : environ;
	const char *const **set = changes, *const **unset;
	size_t set_count, unset_count, count = 0, i;

	if (size == 0)
		return base;
	set_count = sort_entries(options->env_set, set);
	unset = set + set_count;
	unset_count = sort_entries(options->env_unset, unset);
	/* Another thread may lengthen environ meanwhile: not more than was measured */
	for (size -= set_count + (last != NULL) + 1; base && *base && size > 0; base++, size--)
		if (!strchr(*base, '=') || (!is_named(set, set_count, *base) &&
					    !is_named(unset, unset_count, *base) &&
					    !is_replaced(*base, last)))
			room[count++] = *base;
	/* several settings of one name: at the first one's place, as the last has it */
	for (i = 0; i < set_count; i++) {
		const char *entry = options->env_set[i];

		if (set[count_before(set, set_count, entry, 0)] == &options->env_set[i] &&
		    !is_replaced(entry, last))
			room[count++] = *set[count_before(set, set_count, entry, 1) - 1];
	}
	if (last)
		room[count++] = last;
	room[count] = NULL;
	return (char *const *)room;
}
