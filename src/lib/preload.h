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

/* A call of posix_spawn's family. */
struct posix_call {
	const char *file;
	int is_path;		/* not looked for in PATH */
	int wants_pidfd;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
	char *const *argv, *const *envp;
	unsigned leaks;
};

/* 0 or an errno value; errno stays. ret_pid and ret_pidfd may be NULL. */
int spu__spawn_posix(const struct posix_call *call, pid_t *ret_pid, int *ret_pidfd);

#endif
