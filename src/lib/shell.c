/* SPDX-License-Identifier: MIT */
#include "shell.h"

#include <errno.h>
#include <sys/wait.h>

#include "spawn.h"

int spu__launch_shell(pid_t *ret_shell, const char *command, struct spu_options *options,
		      struct spu_error *ret_error)
{
	struct spu_child child;
	int r;

	if (!options->file && !options->program_fd.set)
		options->file = "/bin/sh";
	options->flags |= SPU_NO_PIDFD;
	r = spu__spawn_apart(&child, SPU_ARGV("sh", "-c", "--", command), options, ret_error);
	if (r == 0)
		*ret_shell = child.pid;
	return r;
}

int spu__await_shell(pid_t shell, int *ret_status)
{
	while (waitpid(shell, ret_status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}
