/* SPDX-License-Identifier: MIT */
#include "flags.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct flag {
	const char *name;
	uint64_t bits;
} open_flags[] = {OPEN_FLAG_NAMES(NAME_ROW)}, clone_flags[] = {CLONE_FLAG_NAMES(NAME_ROW)};

#define X(name, bits) name "|"
_Static_assert(sizeof(CLONE_FLAG_NAMES(X) "0x123456789abcdef0|SIGRTMIN+30") <= FLAGS_SIZE &&
	       sizeof("O_ACCMODE|" OPEN_FLAG_NAMES(X) "0x12345678") <= FLAGS_SIZE, "FLAGS_SIZE");
#undef X

static void add(char text[FLAGS_SIZE], const char *prefix, const char *name)
{
	size_t used = strlen(text);

	snprintf(text + used, FLAGS_SIZE - used, "%s%s%s", used ? "|" : "", prefix, name);
}

/* What isn't named is a number. */
static void add_flags(char text[FLAGS_SIZE], uint64_t flags, const struct flag *table, size_t count)
{
	char number[24];

	for (size_t i = 0; i < count; i++) {
		if ((flags & table[i].bits) != table[i].bits)
			continue;
		add(text, "", table[i].name);
		flags &= ~table[i].bits;
	}
	snprintf(number, sizeof(number), "%#llx", (unsigned long long)flags);
	if (flags)
		add(text, "", number);
}

void open_flags_text(uint64_t flags, char ret[FLAGS_SIZE])
{
#define X(name, number, letters) name,
	static const char *const access[] = {ACCESS_NAMES(X)};
#undef X

	ret[0] = '\0';
	add(ret, "", access[flags & ACCESS_BITS]);
	add_flags(ret, flags & ~(uint64_t)ACCESS_BITS, open_flags, COUNT(open_flags));
}

void clone_flags_text(uint64_t flags, char ret[FLAGS_SIZE])
{
	char name[SIGNAL_NAME_SIZE];
	int number = (int)(flags & KERNEL_CSIGNAL);

	ret[0] = '\0';
	add_flags(ret, flags & ~KERNEL_CSIGNAL, clone_flags, COUNT(clone_flags));
	if (number)
		add(ret, "SIG", signal_name(number, name));
}
