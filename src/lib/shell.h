/* SPDX-License-Identifier: MIT */
/* The shell behind system() and popen(), launched and awaited as libc's functions do it. */
#ifndef LIB_SHELL_H
#define LIB_SHELL_H

#include "../spawnutil.h"

/* The options say nothing of the program. No descriptor stays open for it. */
int spu__launch_shell(pid_t *ret_shell, const char *command, struct spu_options *options,
		      struct spu_error *ret_error);
/* To its end. 0 and its wait status, or -1 with errno. A cancellation point. */
int spu__await_shell(pid_t shell, int *ret_status);

#endif
