/* SPDX-License-Identifier: MIT */
#include "landlock.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "names.h"

static const struct {
	const char *name;
	uint64_t bit;
	int since;
} names[] = {
#define ROW(name, bit, since) {name, bit, since},
	LANDLOCK_NAMES(ROW)
#undef ROW
};

#define COUNT (sizeof(names) / sizeof(names[0]))

/* Where there is no Landlock the launch says so. */
static uint64_t all_known(void)
{
	long version = syscall3(SYS_landlock_create_ruleset, 0, 0, KERNEL_LANDLOCK_VERSION);
	uint64_t all = 0;

	for (size_t i = 0; i < COUNT; i++)
		if (names[i].since <= (version > 0 ? version : 1))
			all |= names[i].bit;
	return all;
}

static uint64_t find_bit(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strncmp(name, names[i].name, length) == 0 && !names[i].name[length])
			return names[i].bit;
	return 0;
}

/* A list of names with commas between, which ends as end says. */
static int parse_names(const char *text, const char *end, uint64_t *ret)
{
	uint64_t bits = 0, bit;

	for (;;) {
		size_t length = strcspn(text, ",:");

		bit = find_bit(text, length);
		if (!bit)
			return -EINVAL;
		bits |= bit;
		text += length;
		if (text == end)
			break;
		if (*text++ != ',')
			return -EINVAL;
	}
	*ret = bits;
	return 0;
}

int landlock_parse_access(const char *text, uint64_t *ret)
{
	if (strcmp(text, "fs") == 0) {
		*ret = all_known();
		return 0;
	}
	return strncmp(text, "fs:", 3) == 0 ? parse_names(text + 3, text + strlen(text), ret)
					    : -EINVAL;
}

int landlock_parse_rule(const char *text, struct spu_landlock *ret)
{
	static const char kind[] = "path-beneath:";
	const char *access = text + sizeof(kind) - 1, *colon;

	if (strncmp(text, kind, sizeof(kind) - 1) != 0)
		return -EINVAL;
	colon = strchr(access, ':');
	if (!colon || !colon[1])
		return -EINVAL;
	*ret = (struct spu_landlock)SPU_BENEATH(colon + 1, 0);
	return parse_names(access, colon, &ret->access);
}
