/* SPDX-License-Identifier: MIT */
/*
 * Launch and wait in one call: a program, or a shell's command. Nothing is
 * done meanwhile.
 */
#include "run.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "../quote.h"
#include "clock.h"
#include "error.h"
#include "spawn.h"
#include "stop.h"
#include "text.h"
#include "wait.h"

static int refuse(struct spu_error *ret_error, const char *what)
{
	return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
}

int spu__accept_for_wait(char *const argv[], const struct spu_options *options, enum acceptance by,
			struct spu_options *ret_options, struct spu_error *ret_error)
{
	const struct spu_fd *fd;
	int r = spu__accept(argv, options, by, ret_options, ret_error);

	if (r < 0)
		return r;
	if (ret_options->flags & SPU_DETACH)
		return refuse(ret_error, "flags: a detached child can't be waited for");
	for (fd = ret_options->fds; fd && fd->kind; fd++)
		if (fd->ret_fd)
			return refuse(ret_error, "fds: nobody is at the other end of a pipe or "
						 "pseudo-terminal while this call waits");
	if (ret_options->ret_exit && spu__check_exit(ret_options->ret_exit) < 0)
		return refuse(ret_error, "ret_exit: no version's struct has that size: use "
					 "SPU_EXIT_INIT");
	if (ret_options->timeout_ms)
		spu__give_group(ret_options);
	return 0;
}

void spu__give_group(struct spu_options *options)
{
	if (!options->pgroup.set && !(options->flags & SPU_SETSID))
		options->pgroup = SPU_SET(0);
}

void spu__hold_sigchld(struct spu_options *options, sigset_t *ret_mask)
{
	sigset_t child_signal;
	uint64_t before;

	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &child_signal, ret_mask);
	if (!(options->flags & SPU_KEEP_MASK))
		return;
	/* the kernel's set is the first word of libc's */
	memcpy(&before, ret_mask, sizeof(before));
	options->block_signals |= before;
	options->flags &= ~SPU_KEEP_MASK;
}

/* It is the caller's to wait for: who may not end it, or can't, must not hang on it. */
static int let_go(int r, const char *complaint, struct spu_child *child,
		  struct spu_error *ret_error)
{
	spu__error(ret_error, -r, SPU_STEP_WAIT, -1, "%s, and process %d %s", complaint,
		   (int)child->pid, r == -EPERM ? "can't be signalled" : "doesn't end by SIGKILL");
	if (ret_error)
		ret_error->pid = child->pid;
	spu_child_release(child);
	*child = (struct spu_child)SPU_CHILD_INIT;
	return r;
}

int spu__wait_result(int r, const char *name, int wrote_too_much, const struct stopping *stopping,
		     const struct spu_options *options, struct spu_error *ret_error)
{
	char complaint[NAME_SIZE + 40];
	struct text text = TEXT_IN(complaint);

	spu__add_text(&text, "%s ", QUOTED(name, NAME_SIZE));
	if (wrote_too_much)
		spu__add_text(&text, "wrote more than its limit");
	else
		spu__add_text(&text, "took longer than %d ms", options->timeout_ms);
	if (r == -EPERM || r == -EBUSY)
		return let_go(r, complaint, stopping->child, ret_error);
	if (r == -ETIMEDOUT || r == -ENOBUFS)
		return spu__refusal(ret_error, -r, SPU_STEP_WAIT, -1, "%s", complaint);
	if (r == -ECHILD && (stopping->taken || wrote_too_much))
		return spu__error(ret_error, -r, SPU_STEP_WAIT, -1, "%s, and its status is lost",
				  complaint);
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_WAIT, -1, "wait for %s",
				  QUOTED(name, NAME_SIZE));
	return 0;
}

struct call {
	struct spu_child child;
	int64_t deadline;
	sigset_t mask;	/* of the thread, from before */
};

/* Also when the thread is cancelled: then the child is still there. */
static void leave(void *argument)
{
	struct call *call = argument;

	spu__end_child(&call->child);
	pthread_sigmask(SIG_SETMASK, &call->mask, NULL);
}

static int wait_for_end(struct call *call, const struct spu_options *options, const char *name,
			int *ret_status, struct spu_error *ret_error)
{
	struct stopping stopping = spu__stopping(&call->child, options, call->deadline);
	int r = spu__see_off(&stopping, ret_status);

	return spu__wait_result(r, name, 0, &stopping, options, ret_error);
}

static int launch_and_wait(char *const argv[], struct spu_options *options, const char *name,
			   int *ret_status, struct spu_error *ret_error)
{
	struct call call = {.child = SPU_CHILD_INIT,
			    .deadline = spu__deadline_of(options->timeout_ms)};
	int r;

	spu__hold_sigchld(options, &call.mask);
	pthread_cleanup_push(leave, &call);
	r = spu__spawn(&call.child, argv, options, ret_error);
	if (r == 0)
		r = wait_for_end(&call, options, name, ret_status, ret_error);
	pthread_cleanup_pop(1);
	return r;
}

int spu_run(char *const argv[], const struct spu_options *options, int *ret_status,
	    struct spu_error *ret_error)
{
	struct spu_options mine;
	int r = spu__accept_for_wait(argv, options, BY_WAIT, &mine, ret_error);

	return r < 0 ? r : launch_and_wait(argv, &mine, argv[0], ret_status, ret_error);
}

int spu_system_with(const char *command, const struct spu_options *options, int *ret_status,
		    struct spu_error *ret_error)
{
	char *const *argv = SPU_ARGV("sh", "-c", "--", command);
	struct spu_options mine;
	int r = spu__accept_for_wait(argv, options, BY_WAIT, &mine, ret_error);

	if (r < 0)
		return r;
	if (!command)
		return refuse(ret_error, "command is NULL");
	if (!mine.file && !mine.program_fd.set)
		mine.file = "/bin/sh";
	return launch_and_wait(argv, &mine, command, ret_status, ret_error);
}
