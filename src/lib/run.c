/* SPDX-License-Identifier: MIT */
/*
 * Launch and wait in one call: a program, or a shell's command. Nothing is
 * done meanwhile.
 */
#include "run.h"

#include <errno.h>

#include "../quote.h"
#include "accept.h"
#include "error.h"
#include "spawn.h"
#include "wait.h"

static int refuse(struct spu_error *ret_error, const char *what)
{
	return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
}

int spu__accept_for_wait(char *const argv[], const struct spu_options *options,
			struct spu_options *ret_options, struct spu_error *ret_error)
{
	const struct spu_fd *fd;
	int r = spu__accept(argv, options, BY_WAIT, ret_options, ret_error);

	if (r < 0)
		return r;
	if (ret_options->flags & SPU_DETACH)
		return refuse(ret_error, "flags: a detached child can't be waited for");
	for (fd = ret_options->fds; fd && fd->kind; fd++)
		if (fd->kind == SPU_FD_PIPE_IN || fd->kind == SPU_FD_PIPE_OUT)
			return refuse(ret_error, "fds: nobody is at a pipe's other end "
						 "while this call waits");
	if (ret_options->timeout_ms && !ret_options->pgroup.set &&
	    !(ret_options->flags & SPU_SETSID))
		ret_options->pgroup = SPU_SET(0);
	return 0;
}

int spu__wait_result(int r, const char *name, const struct spu_options *options,
		     struct spu_error *ret_error)
{
	if (r == -ETIMEDOUT)
		return spu__refusal(ret_error, ETIMEDOUT, SPU_STEP_WAIT, -1,
				    "%s took longer than %d ms", QUOTED(name, NAME_SIZE),
				    options->timeout_ms);
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_WAIT, -1, "wait for %s",
				  QUOTED(name, NAME_SIZE));
	return 0;
}

static int launch_and_wait(char *const argv[], const struct spu_options *options,
			   const char *name, int *ret_status, struct spu_error *ret_error)
{
	struct spu_child child;
	int r = spu__spawn(&child, argv, options, ret_error);

	if (r < 0)
		return r;
	r = spu__wait_or_stop(&child, options, ret_status);
	return spu__wait_result(r, name, options, ret_error);
}

int spu_run(char *const argv[], const struct spu_options *options, int *ret_status,
	    struct spu_error *ret_error)
{
	struct spu_options mine;
	int r = spu__accept_for_wait(argv, options, &mine, ret_error);

	return r < 0 ? r : launch_and_wait(argv, &mine, argv[0], ret_status, ret_error);
}

int spu_system_with(const char *command, const struct spu_options *options, int *ret_status,
		    struct spu_error *ret_error)
{
	char *const *argv = SPU_ARGV("sh", "-c", "--", command);
	struct spu_options mine;
	int r = spu__accept_for_wait(argv, options, &mine, ret_error);

	if (r < 0)
		return r;
	if (!command)
		return refuse(ret_error, "command is NULL");
	if (!mine.file)
		mine.file = "/bin/sh";
	return launch_and_wait(argv, &mine, command, ret_status, ret_error);
}
