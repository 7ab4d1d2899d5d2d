/* SPDX-License-Identifier: MIT */
/*
 * libspawnutil-preload.so: libc's names, for programs that know nothing of us.
 * It may be called before any constructor has run, and in anybody's fork child.
 * Nothing of what the functions do.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "preload.h"

#define VARIABLE "SPAWNUTIL_LEAKS"

/*
 * ---- The leak policy. This is the one part of the library that prints: the
 * program can't ask for it, so it can't be told otherwise.
 */

/* SPU_LEAKS_DEFAULT: there is none of that name. */
static unsigned policy_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned number;
	} policies[] = {LEAKS_NAMES(NAME_ROW)};
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (strcmp(policies[i].name, name) == 0)
			return policies[i].number;
	return SPU_LEAKS_DEFAULT;
}

static void complain(void)
{
	static const char text[] = "libspawnutil-preload: " VARIABLE
				   ": ignored, it is none of:" LEAKS_NAMES(NAME_LISTED) "\n";
	int saved = errno;

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		errno = saved;
}

static unsigned leaks(void)
{
	static atomic_uint known;
	unsigned policy = atomic_load(&known), not_known = SPU_LEAKS_DEFAULT;
	const char *name;

	if (policy != SPU_LEAKS_DEFAULT)
		return policy;
	name = secure_getenv(VARIABLE);
	policy = name && *name ? policy_of(name) : SPU_LEAKS_ALLOW;
	if (policy != SPU_LEAKS_DEFAULT) {
		atomic_store(&known, policy);
		return policy;
	}
	if (atomic_compare_exchange_strong(&known, &not_known, SPU_LEAKS_ALLOW))
		complain();
	return SPU_LEAKS_ALLOW;
}

/*
 * ---- Who has the name next
 */

typedef int close_function(FILE *stream);

static int not_there(FILE *stream)
{
	(void)stream;
	errno = ENOSYS;
	return -1;
}

/* Not left to the first call: in a fork child the loader's lock may be held for ever. */
static close_function *next_pclose(void) __attribute__((constructor));
static close_function *next_pclose(void)
{
	static _Atomic(close_function *) next;
	close_function *found = atomic_load(&next);

	if (found)
		return found;
	/* By its return address dlsym() knows after whom: no tail call */
	found = (close_function *)dlsym(RTLD_NEXT, "pclose");
	if (!found)
		found = not_there;
	atomic_store(&next, found);
	return found;
}

/*
 * ---- The names
 */

int system(const char *command)
{
	return spu__system(command, leaks());
}

FILE *popen(const char *command, const char *mode)
{
	return spu__popen(command, mode, leaks());
}

int pclose(FILE *stream)
{
	return spu__pclose(stream, next_pclose());
}
