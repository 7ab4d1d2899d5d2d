/* SPDX-License-Identifier: MIT */
/* Launch and wait in one call. */
#include <errno.h>

#include "launch.h"

static int refuse(struct spu_error *ret_error, const char *what)
{
	return spu__error(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
}

static int check_for_run(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct spu_fd *fd;

	if (options->flags & SPU_DETACH)
		return refuse(ret_error, "flags: spu_run can't wait for a detached child");
	for (fd = options->fds; fd && fd->kind; fd++)
		if (fd->kind == SPU_FD_PIPE_IN || fd->kind == SPU_FD_PIPE_OUT)
			return refuse(ret_error,
				      "fds: nobody is at a pipe's other end during spu_run");
	return 0;
}

int spu_run(char *const argv[], const struct spu_options *options, int *ret_status,
	    struct spu_error *ret_error)
{
	struct spu_options mine;
	struct spu_child child;
	int r;

	r = spu__check_options(argv, options, &mine, ret_error);
	if (r == 0)
		r = check_for_run(&mine, ret_error);
	if (r < 0)
		return r;
	if (mine.timeout_ms && !mine.pgroup.set && !(mine.flags & SPU_SETSID))
		mine.pgroup = SPU_SET(0);
	r = spu_spawn(&child, argv, &mine, ret_error);
	if (r < 0)
		return r;
	r = spu__wait_or_stop(&child, &mine, ret_status);
	if (r == -ETIMEDOUT)
		return spu__error(ret_error, ETIMEDOUT, SPU_STEP_WAIT, -1,
				  "%.150s took longer than %d ms", argv[0], mine.timeout_ms);
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_WAIT, -1, "wait for %.150s", argv[0]);
	return 0;
}
