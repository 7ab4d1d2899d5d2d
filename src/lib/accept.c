/* SPDX-License-Identifier: MIT */
#include "accept.h"

#include <errno.h>
#include <fcntl.h>

#include "../quote.h"
#include "error.h"
#include "plan/check.h"
#include "plan/given.h"

static int is_named(const struct spu_options *options, int number)
{
	const struct spu_fd *fd;

	if (options->program_fd.set && options->program_fd.value == number)
		return 1;
	for (fd = options->fds; fd && fd->kind; fd++)
		if (fd->fd == number || (fd->kind == SPU_FD_MAP && fd->from == number))
			return 1;
	return 0;
}

static int refuse_leaks(const struct spu_options *options, struct spu_error *ret_error)
{
	struct spu_audit *audit;
	size_t i, leaks = 0, first = 0;
	int r = spu_audit(0, SPU_AUDIT_NAMES, &audit);

	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_AUDIT, -1, "audit");
	for (i = 0; i < audit->count; i++)
		if (!is_named(options, audit->fds[i].fd) && leaks++ == 0)
			first = i;
	if (leaks > 0) {
		const char *name = audit->fds[first].name ? audit->fds[first].name : "?";

		r = spu__refusal(ret_error, EBADFD, SPU_STEP_AUDIT, audit->fds[first].fd,
				 "%zu descriptor%s would leak, the first is %d (%s): "
				 "neither close-on-exec nor given to the child", leaks,
				 leaks == 1 ? "" : "s", audit->fds[first].fd, QUOTED(name, 100));
	}
	spu_audit_free(audit);
	return r;
}

static int refuse_waiting(const struct spu_options *options, struct spu_error *ret_error)
{
	const char *name = options->grace_ms ? "grace_ms" :
			   options->stop_signal ? "stop_signal" :
			   options->ret_exit ? "ret_exit" : NULL;

	return !name ? 0 : spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
					"%s: this call doesn't wait for the child's end", name);
}

/* "asked" is the method as the caller gave it. */
static int refuse_child_only(const struct spu_options *options, unsigned asked,
			     struct spu_error *ret_error)
{
	const struct spu_fd *fd;
	const char *what = NULL;

	for (fd = options->fds; fd && fd->kind; fd++)
		if (fd->ret_fd)
			what = "fds: spu_exec leaves nobody for the other end of a pipe or "
			       "pseudo-terminal";
	if (options->flags & SPU_DETACH)
		what = "flags: spu_exec makes no child to detach";
	if (options->timeout_ms)
		what = "timeout_ms: spu_exec makes no child to give up";
	if (asked == SPU_METHOD_POSIX_SPAWN)
		what = "method: spu_exec makes no child";
	if (options->server)
		what = "server: spu_exec makes no child";
	if (what)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
	return options->method == SPU_METHOD_VFORK ? 0
	     : spu__refusal(ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1,
			    "spu_exec: not on this processor");
}

/* Of SAME where nothing is given; else the launch refuses that. */
static int is_callers(const struct spu_options *options, int own, int fd)
{
	return (fd <= 2 || options->leaks == SPU_LEAKS_ALLOW) && fd != own &&
	       !spu__is_given(options->fds, fd);
}

/* The caller's number that is to be open; -1: none */
static int source_of(const struct spu_options *options, int own, const struct spu_fd *fd)
{
	switch (fd->kind) {
	case SPU_FD_KEEP:
		return fd->fd;
	case SPU_FD_MAP:
		return fd->from;
	case SPU_FD_SAME:
		return is_callers(options, own, fd->from) ? fd->from : -1;
	}
	return -1;
}

/* What else fcntl() may say, with a filter, tells nothing of it. */
static int is_closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

int spu__refuse_closed(const struct spu_options *options, int own, struct spu_error *ret_error)
{
	static const char *const texts[] = {
		[SPU_FD_KEEP] = "keep %d", [SPU_FD_MAP] = "map %d from %d",
		[SPU_FD_SAME] = "same %d as %d",
	};
	const struct spu_value *program = &options->program_fd;
	const struct spu_fd *fd;

	for (fd = options->fds; fd && fd->kind; fd++) {
		int source = source_of(options, own, fd);

		if (source >= 0 && is_closed(source))
			return spu__error(ret_error, EBADF, SPU_STEP_MOVE,
					  (int)(fd - options->fds), texts[fd->kind], fd->fd,
					  source);
	}
	return !program->set || !is_closed((int)program->value) ? 0
	     : spu__error(ret_error, EBADF, SPU_STEP_PREPARE, -1, "program_fd %ld", program->value);
}

int spu__accept(char *const argv[], const struct spu_options *options, enum acceptance by,
		struct spu_options *ret_options, struct spu_error *ret_error)
{
	int r = spu__check_options(argv, options, ret_options, ret_error);

	if (r == 0 && by != BY_WAIT && by != BY_CAPTURE)
		r = refuse_waiting(ret_options, ret_error);
	if (r == 0 && by == BY_EXEC)
		r = refuse_child_only(ret_options, options ? options->method : 0, ret_error);
	if (r == 0 && by != BY_STREAM && by != BY_CAPTURE)
		r = spu__refuse_closed(ret_options, -1, ret_error);
	return r == 0 && by != BY_STREAM && ret_options->leaks == SPU_LEAKS_FAIL
	     ? refuse_leaks(ret_options, ret_error) : r;
}
