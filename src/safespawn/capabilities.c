/* SPDX-License-Identifier: MIT */
#include "capabilities.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

#include "names.h"

struct name {
	const char *name;
	long bits;
};

#define CAPABILITY_ROW(name, number) {name, SPU_CAP(number)},
static const struct name capabilities[] = {CAPABILITY_NAMES(CAPABILITY_ROW) {NULL, 0}};
static const struct name securebits[] = {SECUREBIT_NAMES(NAME_ROW) {NULL, 0}};

static int is_known(int number)
{
	return prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0;
}

static int is_bounding(int number)
{
	return prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
}

static int is_ambient(int number)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1;
}

static long collect(int (*is_member)(int number))
{
	long set = 0;

	for (int number = 0; is_known(number); number++)
		if (is_member(number))
			set |= SPU_CAP(number);
	return set;
}

static long inheritable_now(void)
{
	struct kernel_cap_head head = {KERNEL_CAP_VERSION_3, 0};
	struct kernel_cap_sets sets[2] = {{0, 0, 0}, {0, 0, 0}};

	syscall3(SYS_capget, (long)&head, (long)sets, 0);
	return (long)((uint64_t)sets[1].inheritable << 32 | sets[0].inheritable);
}

static long set_now(enum capability_set which)
{
	switch (which) {
	case SET_INHERITABLE:
		return inheritable_now();
	case SET_AMBIENT:
		return collect(is_ambient);
	case SET_BOUNDING:
		return collect(is_bounding);
	default:
		return prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	}
}

/* -1: there is no such name. */
static long find_bits(const char *name, size_t length, enum capability_set which)
{
	const struct name *names = which == SET_SECUREBITS ? securebits : capabilities;

	if (which != SET_SECUREBITS && length == 3 && strncmp(name, "all", 3) == 0)
		return collect(is_known);
	if (which != SET_SECUREBITS && length > 4 && strncasecmp(name, "cap_", 4) == 0) {
		name += 4;
		length -= 4;
	}
	for (; names->name; names++)
		if (strncasecmp(name, names->name, length) == 0 && !names->name[length])
			return names->bits;
	return -1;
}

int capabilities_parse(const char *text, enum capability_set which, struct spu_value *ret)
{
	long set = set_now(which), bits;
	size_t length;
	int takes;

	for (;; text += length + 1) {
		takes = *text == '-';
		text += takes || *text == '+';
		length = strcspn(text, ",");
		bits = length ? find_bits(text, length, which) : -1;
		if (bits < 0)
			return -EINVAL;
		set = takes ? set & ~bits : set | bits;
		if (!text[length])
			break;
	}
	*ret = SPU_SET(set);
	return 0;
}
