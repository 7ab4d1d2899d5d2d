/* SPDX-License-Identifier: MIT */
/* libc's own posix_spawn, also where the program's linker or loader gives its names to ours. */
#ifndef LIB_LIBC_SPAWN_H
#define LIB_LIBC_SPAWN_H

#include <spawn.h>
#include <sys/types.h>

typedef posix_spawn_file_actions_t libc_actions;

typedef int libc_spawn_function(pid_t *ret_pid, const char *file, const libc_actions *actions,
				const posix_spawnattr_t *attributes, char *const argv[],
				char *const envp[]);

/* NULL: this libc hasn't it. */
struct libc_spawn {
	libc_spawn_function *spawn, *spawnp;
	int (*init)(libc_actions *actions);
	int (*destroy)(libc_actions *actions);
	int (*add_open)(libc_actions *actions, int fd, const char *path, int flags, mode_t mode);
	int (*add_close)(libc_actions *actions, int fd);
	int (*add_copy)(libc_actions *actions, int source, int fd);
	int (*add_chdir)(libc_actions *actions, const char *path);
	int (*add_fchdir)(libc_actions *actions, int fd);
	int (*add_close_from)(libc_actions *actions, int fd);
	int (*add_foreground)(libc_actions *actions, int fd);
};

struct libc_spawn spu__libc_spawn(void);

/* NULL; or the preload library's, which has the names itself and asks the loader. */
extern struct libc_spawn (*spu__next_spawn)(void);

#endif
