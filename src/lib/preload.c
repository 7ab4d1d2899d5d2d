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

#include "../arch/arch.h"
#include "libc_spawn.h"
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

/* By no cancellation point, since posix_spawn is none. */
static void complain(void)
{
	static const char text[] = "libspawnutil-preload: " VARIABLE
				   ": ignored, it is none of:" LEAKS_NAMES(NAME_LISTED) "\n";

	syscall3(SYS_write, STDERR_FILENO, (long)text, sizeof(text) - 1);
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
 * What of posix_spawn comes next, for objects that libc has made. Found with the
 * one above; who calls before that asks for itself.
 */
static struct libc_spawn next_spawn;
static atomic_int is_found;

static void find_next_spawn(void) __attribute__((constructor));
static void find_next_spawn(void)
{
#define ACTION(name) "posix_spawn_file_actions_" name
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{"posix_spawn", offsetof(struct libc_spawn, spawn)},
		{"posix_spawnp", offsetof(struct libc_spawn, spawnp)},
		{ACTION("init"), offsetof(struct libc_spawn, init)},
		{ACTION("destroy"), offsetof(struct libc_spawn, destroy)},
		{ACTION("addopen"), offsetof(struct libc_spawn, add_open)},
		{ACTION("addclose"), offsetof(struct libc_spawn, add_close)},
		{ACTION("adddup2"), offsetof(struct libc_spawn, add_copy)},
		{ACTION("addchdir_np"), offsetof(struct libc_spawn, add_chdir)},
		{ACTION("addfchdir_np"), offsetof(struct libc_spawn, add_fchdir)},
		{ACTION("addclosefrom_np"), offsetof(struct libc_spawn, add_close_from)},
		{ACTION("addtcsetpgrp_np"), offsetof(struct libc_spawn, add_foreground)},
	};
	struct libc_spawn found = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		*(void **)((char *)&found + rows[i].offset) = dlsym(RTLD_NEXT, rows[i].name);
	next_spawn = found;
	atomic_store(&is_found, 1);
}

static struct libc_spawn get_next_spawn(void)
{
	if (!atomic_load(&is_found))
		find_next_spawn();
	return next_spawn;
}

struct libc_spawn (*spu__next_spawn)(void) = get_next_spawn;

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

#define NAME(name, result, is_path, wants_pidfd) \
	SPAWN_FUNCTION(, name, result, is_path, wants_pidfd, leaks())

SPAWN_FAMILY(NAME)

/* libc's headers don't have all of them */
#define ACTIONS(name, ours, parameters, arguments) \
	int posix_spawn_file_actions_##name parameters; \
	int posix_spawn_file_actions_##name parameters \
	{ \
		return spu_posix_spawn_file_actions_##ours arguments; \
	}

ACTIONS(init, init, (posix_spawn_file_actions_t *actions), (actions))
ACTIONS(destroy, destroy, (posix_spawn_file_actions_t *actions), (actions))
ACTIONS(addopen, addopen, (posix_spawn_file_actions_t *actions, int fd, const char *path, int flags,
			   mode_t mode), (actions, fd, path, flags, mode))
ACTIONS(addclose, addclose, (posix_spawn_file_actions_t *actions, int fd), (actions, fd))
ACTIONS(adddup2, adddup2, (posix_spawn_file_actions_t *actions, int source, int fd),
	(actions, source, fd))
ACTIONS(addchdir, addchdir, (posix_spawn_file_actions_t *actions, const char *path),
	(actions, path))
ACTIONS(addchdir_np, addchdir, (posix_spawn_file_actions_t *actions, const char *path),
	(actions, path))
ACTIONS(addfchdir, addfchdir, (posix_spawn_file_actions_t *actions, int fd), (actions, fd))
ACTIONS(addfchdir_np, addfchdir, (posix_spawn_file_actions_t *actions, int fd), (actions, fd))
ACTIONS(addclosefrom_np, addclosefrom_np, (posix_spawn_file_actions_t *actions, int from),
	(actions, from))
ACTIONS(addtcsetpgrp_np, addtcsetpgrp_np, (posix_spawn_file_actions_t *actions, int fd),
	(actions, fd))
