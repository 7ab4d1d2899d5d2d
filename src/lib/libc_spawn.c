/* SPDX-License-Identifier: MIT */
#include "libc_spawn.h"

#include <stddef.h>

/* What the linker's --wrap calls libc's; 0 where the name isn't wrapped. */
#define REAL(name) extern __typeof__(name) __real_##name __attribute__((weak))
#define LIBC(name) (__real_##name ? __real_##name : (name))

REAL(posix_spawn);
REAL(posix_spawnp);
REAL(posix_spawn_file_actions_init);
REAL(posix_spawn_file_actions_destroy);
REAL(posix_spawn_file_actions_addopen);
REAL(posix_spawn_file_actions_addclose);
REAL(posix_spawn_file_actions_adddup2);

#if defined(__GLIBC__)
#define HAS_CHDIR __GLIBC_PREREQ(2, 29)
#define HAS_CLOSE_FROM __GLIBC_PREREQ(2, 34)
#define HAS_FOREGROUND __GLIBC_PREREQ(2, 35)
#else	/* musl */
#define HAS_CHDIR 1
#define HAS_CLOSE_FROM 0
#define HAS_FOREGROUND 0
#endif

#if HAS_CHDIR
REAL(posix_spawn_file_actions_addchdir_np);
REAL(posix_spawn_file_actions_addfchdir_np);
#endif
#if HAS_CLOSE_FROM
REAL(posix_spawn_file_actions_addclosefrom_np);
#endif
#if HAS_FOREGROUND
REAL(posix_spawn_file_actions_addtcsetpgrp_np);
#endif

/* preload.c has another, which the linker prefers. Not const: gcc would take it for this one */
struct libc_spawn (*spu__next_spawn)(void) __attribute__((weak)) = NULL;

struct libc_spawn spu__libc_spawn(void)
{
	if (spu__next_spawn)
		return spu__next_spawn();
	return (struct libc_spawn){
		.spawn = LIBC(posix_spawn),
		.spawnp = LIBC(posix_spawnp),
		.init = LIBC(posix_spawn_file_actions_init),
		.destroy = LIBC(posix_spawn_file_actions_destroy),
		.add_open = LIBC(posix_spawn_file_actions_addopen),
		.add_close = LIBC(posix_spawn_file_actions_addclose),
		.add_copy = LIBC(posix_spawn_file_actions_adddup2),
#if HAS_CHDIR
		.add_chdir = LIBC(posix_spawn_file_actions_addchdir_np),
		.add_fchdir = LIBC(posix_spawn_file_actions_addfchdir_np),
#endif
#if HAS_CLOSE_FROM
		.add_close_from = LIBC(posix_spawn_file_actions_addclosefrom_np),
#endif
#if HAS_FOREGROUND
		.add_foreground = LIBC(posix_spawn_file_actions_addtcsetpgrp_np),
#endif
	};
}
