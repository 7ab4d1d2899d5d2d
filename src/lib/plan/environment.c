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

/* A name ends before "=" or with the string. */
static uint64_t begin_of(const char *name)
{
	uint64_t begin = 0;
	size_t i;

	for (i = 0; i < sizeof(begin); i++) {
		begin <<= 8;
		if (*name && *name != '=')
			begin |= (unsigned char)*name++;
	}
	return begin;
}

static int compare_names(const char *left, const char *right)
{
	size_t left_size = strcspn(left, "="), right_size = strcspn(right, "=");
	int r = memcmp(left, right, left_size < right_size ? left_size : right_size);

	return r ? r : (left_size > right_size) - (left_size < right_size);
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *left = a, *right = b;

	if (left->begin != right->begin)
		return left->begin < right->begin ? -1 : 1;
	return compare_names(*left->entry, *right->entry);
}

/* Of one list: of equal names the later one comes last. */
static int compare_places(const void *a, const void *b)
{
	const struct change *left = a, *right = b;
	int r = compare_changes(a, b);

	return r ? r : (left->entry > right->entry) - (left->entry < right->entry);
}

static size_t sort_changes(const char *const *list, struct change *ret)
{
	size_t count = 0;

	for (; list && list[count]; count++)
		ret[count] = (struct change){begin_of(list[count]), &list[count]};
	if (count > 1)
		qsort(ret, count, sizeof(*ret), compare_places);
	return count;
}

static int is_named(const struct change *sorted, size_t count, const char *entry)
{
	const struct change wanted = {begin_of(entry), &entry};

	return count > 0 && bsearch(&wanted, sorted, count, sizeof(*sorted), compare_changes);
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

/* Several settings of one name: at the first one's place, as the last has it. */
static size_t take_settings(const char *const *list, const struct change *sorted, size_t count,
			    const char *last, const char **room)
{
	const char *const *first = list;
	size_t taken = 0, i;

	for (i = 0; i < count; i++)
		room[i] = NULL;
	for (i = 0; i < count; i++) {
		if (i == 0 || compare_changes(&sorted[i - 1], &sorted[i]) != 0)
			first = sorted[i].entry;
		room[first - list] = *sorted[i].entry;
	}
	for (i = 0; i < count; i++)
		if (room[i] && !is_replaced(room[i], last))
			room[taken++] = room[i];
	return taken;
}

char *const *spu__write_environment(const struct spu_options *options, char *const *environ,
				    const char *last, const char **room, size_t size,
				    struct change *changes)
{
	char *const *base = options->env ? options->env : environ;
	struct change *set = changes, *unset;
	size_t set_count, unset_count, count = 0;

	if (size == 0)
		return base;
	set_count = sort_changes(options->env_set, set);
	unset = set + set_count;
	unset_count = sort_changes(options->env_unset, unset);
	/* Another thread may lengthen environ meanwhile: not more than was measured */
	for (size -= set_count + (last != NULL) + 1; base && *base && size > 0; base++, size--)
		if (!strchr(*base, '=') || (!is_named(set, set_count, *base) &&
					    !is_named(unset, unset_count, *base) &&
					    !is_replaced(*base, last)))
			room[count++] = *base;
	count += take_settings(options->env_set, set, set_count, last, room + count);
	if (last)
		room[count++] = last;
	room[count] = NULL;
	return (char *const *)room;
}
