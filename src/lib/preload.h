/* SPDX-License-Identifier: MIT */
/* What system.c, popen.c and spawn_posix.c give to preload.c, in place of libc's functions. */
#ifndef LIB_PRELOAD_H
#define LIB_PRELOAD_H

#include <spawn.h>

#include "../spawnutil.h"

/* spu_system() and spu_popen(), with another leak policy: SPU_LEAKS_x. */
int spu__system(const char *command, unsigned leaks);
FILE *spu__popen(const char *command, const char *mode, unsigned leaks);

/* spu_pclose(), where libc's pclose() is the function given. */
int spu__pclose(FILE *stream, int (*next_pclose)(FILE *stream));

/*
 * posix_spawn's family. X(name, what its result is, the program is named by its path,
 * the result is a pidfd)
 */
#define SPAWN_FAMILY(X) \
	X(posix_spawn, pid_t, 1, 0) \
	X(posix_spawnp, pid_t, 0, 0) \
	X(pidfd_spawn, int, 1, 1) \
	X(pidfd_spawnp, int, 0, 1)

/* Each is declared here: not every libc's header has all of libc's */
#define SPAWN_FUNCTION(prefix, name, result, is_path, wants_pidfd, leaks) \
	int prefix##name(result *ret, const char *file, \
			 const posix_spawn_file_actions_t *actions, \
			 const posix_spawnattr_t *attributes, char *const argv[], \
			 char *const envp[]); \
	int prefix##name(result *ret, const char *file, \
			 const posix_spawn_file_actions_t *actions, \
			 const posix_spawnattr_t *attributes, char *const argv[], \
			 char *const envp[]) \
	{ \
		const struct posix_call call = {file, is_path, wants_pidfd, actions, attributes, \
						argv, envp, leaks}; \
	\
		return spu__spawn_posix(&call, ret); \
	}

struct posix_call {
	const char *file;
	int is_path;		/* not looked for in PATH */
	int wants_pidfd;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
	char *const *argv, *const *envp;
	unsigned leaks;
};

/* 0 or an errno value; errno stays. *ret is a pid, or the pidfd that is wanted; may be NULL. */
int spu__spawn_posix(const struct posix_call *call, int *ret);

#endif
