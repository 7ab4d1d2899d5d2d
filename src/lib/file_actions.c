/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn_file_actions_x(3). An object is of libc's type, since a program
 * declares it: the list hangs on its last words, which libc's own functions leave
 * alone, and the first are zero, so that to them it is empty.
 */
#include "file_actions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../arch/arch.h"
#include "../spawnutil.h"
#include "libc_spawn.h"

struct list {
	size_t count, room;
	struct action actions[];
};

/* The mark goes with the list, as the object's copy does, which is the same object to libc. */
struct hook {
	struct list *list;
	uintptr_t mark;
};

#define MARK ((uintptr_t)0x7350755f46694c65)

static char *place_of(const posix_spawn_file_actions_t *object)
{
	return (char *)object + sizeof(*object) - sizeof(struct hook);
}

static int find_list(const posix_spawn_file_actions_t *object, struct list **ret_list)
{
	struct hook hook;

	memcpy(&hook, place_of(object), sizeof(hook));
	*ret_list = hook.list;
	return hook.mark == (MARK ^ (uintptr_t)hook.list);
}

static void hang_list(posix_spawn_file_actions_t *object, struct list *list)
{
	struct hook hook = {list, MARK ^ (uintptr_t)list};

	memcpy(place_of(object), &hook, sizeof(hook));
}

int spu__read_actions(const posix_spawn_file_actions_t *object, struct actions *ret)
{
	struct list *list = NULL;

	if (object && !find_list(object, &list))
		return 0;
	ret->list = list ? list->actions : NULL;
	ret->count = list ? list->count : 0;
	return 1;
}

/*
 * ---- To add one. 0 or an errno value; errno stays.
 */

/* POSIX: a number from OPEN_MAX on is EBADF, as it is for glibc. */
static int may_be_open(int fd)
{
	struct rlimit limit;

	return fd >= 0 && (getrlimit(RLIMIT_NOFILE, &limit) < 0 || (rlim_t)fd < limit.rlim_cur);
}

static int make_room(posix_spawn_file_actions_t *object, struct list **list)
{
	size_t room = *list ? 2 * (*list)->room : 8;
	struct list *larger;

	if (*list && (*list)->count < (*list)->room)
		return 0;
	larger = realloc(*list, sizeof(*larger) + room * sizeof(struct action));
	if (!larger)
		return ENOMEM;
	if (!*list)
		larger->count = 0;
	larger->room = room;
	hang_list(object, larger);
	*list = larger;
	return 0;
}

static int add_it(posix_spawn_file_actions_t *object, struct list *list, struct action action,
		  const char *path)
{
	int r = make_room(object, &list);

	if (r == 0 && path) {
		action.path = strdup(path);
		r = action.path ? 0 : ENOMEM;
	}
	if (r == 0)
		list->actions[list->count++] = action;
	return r;
}

static int add(posix_spawn_file_actions_t *object, struct list *list, struct action action,
	       const char *path)
{
	int before = errno, r = EBADF;

	if ((action.kind == ACTION_CHDIR || may_be_open(action.fd)) &&
	    (action.kind != ACTION_COPY || may_be_open(action.source)))
		r = add_it(object, list, action, path);
	errno = before;
	return r;
}

/* The list of an object of ours; who has another is done with. */
#define LIST_OR(object, function, ...) \
	struct list *list; \
	if (!find_list(object, &list)) { \
		struct libc_spawn libc = spu__libc_spawn(); \
		return libc.function ? libc.function(object, ##__VA_ARGS__) : ENOSYS; \
	}

int spu_posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd,
					 const char *path, int flags, mode_t mode)
{
	LIST_OR(actions, add_open, fd, path, flags, mode)
	return add(actions, list, (struct action){.kind = ACTION_OPEN, .fd = fd, .flags = flags,
						  .mode = mode}, path);
}

int spu_posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
	LIST_OR(actions, add_close, fd)
	return add(actions, list, (struct action){.kind = ACTION_CLOSE, .fd = fd}, NULL);
}

int spu_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int source, int fd)
{
	LIST_OR(actions, add_copy, source, fd)
	return add(actions, list, (struct action){.kind = ACTION_COPY, .fd = fd,
						  .source = source}, NULL);
}

int spu_posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t *actions, const char *path)
{
	LIST_OR(actions, add_chdir, path)
	return add(actions, list, (struct action){.kind = ACTION_CHDIR}, path);
}

int spu_posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *actions, int fd)
{
	LIST_OR(actions, add_fchdir, fd)
	return add(actions, list, (struct action){.kind = ACTION_FCHDIR, .fd = fd}, NULL);
}

int spu_posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from)
{
	LIST_OR(actions, add_close_from, from)
	return add(actions, list, (struct action){.kind = ACTION_CLOSE_FROM, .fd = from}, NULL);
}

int spu_posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t *actions, int fd)
{
	LIST_OR(actions, add_foreground, fd)
	return add(actions, list, (struct action){.kind = ACTION_FOREGROUND, .fd = fd}, NULL);
}

/*
 * ---- The object itself
 */

int spu_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
	memset(actions, 0, sizeof(*actions));
#ifdef POSIX_SPAWN_ONLY
	return spu__libc_spawn().init(actions);	/* libc's, which launches by it */
#else
	hang_list(actions, NULL);
	return 0;
#endif
}

int spu_posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
	size_t i;

	LIST_OR(actions, destroy)
	for (i = 0; list && i < list->count; i++)
		free(list->actions[i].path);
	free(list);
	memset(actions, 0, sizeof(*actions));
	return 0;
}

/* For the linker's --wrap; weak, since a program may have one of its own. */
#define WRAP(name, ours) \
	__typeof__(spu_posix_spawn_file_actions_##ours) __wrap_posix_spawn_file_actions_##name \
		__attribute__((weak, alias("spu_posix_spawn_file_actions_" #ours)))

WRAP(init, init);
WRAP(destroy, destroy);
WRAP(addopen, addopen);
WRAP(addclose, addclose);
WRAP(adddup2, adddup2);
WRAP(addchdir, addchdir);
WRAP(addchdir_np, addchdir);
WRAP(addfchdir, addfchdir);
WRAP(addfchdir_np, addfchdir);
WRAP(addclosefrom_np, addclosefrom_np);
WRAP(addtcsetpgrp_np, addtcsetpgrp_np);
