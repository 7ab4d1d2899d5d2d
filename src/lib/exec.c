/* SPDX-License-Identifier: MIT */
/* A plan carried out in the calling process itself. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "launch.h"
#include "syscall.h"

static int refuse_child_only(const struct launch *launch)
{
	const char *what = NULL;

	if (launch->descriptors.caller_end_count > 0)
		what = "fds: spu_exec leaves nobody for a pipe's other end";
	else if (launch->options.flags & SPU_DETACH)
		what = "flags: spu_exec makes no child to detach";
	else if (launch->options.method != SPU_METHOD_VFORK)
		what = "method: spu_exec makes no child";
	if (!what)
		return 0;
	return spu__refusal(launch->ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
}

static int run_in_place(struct launch *launch)
{
	uint64_t all = ~(uint64_t)0, mask = 0;
	struct plan *plan = &launch->plan;
	struct report report;
	long paused_us = 0;

	plan->start = 1;
	plan->report.pid = getpid();
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, KERNEL_SIGSET_SIZE);
	do {
		spu__run_plan(plan);
		plan->start = plan->count - 1;	/* for ETXTBSY: the exec alone */
	} while (plan->report.err == ETXTBSY && spu__pause_while_busy(&paused_us));
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, KERNEL_SIGSET_SIZE);
	report = (struct report){plan->report.err, plan->report.at, plan->report.index, 0};
	return spu__child_error(launch, &report, 0);
}

static int exec_in_place(char *const argv[], const struct spu_options *options,
			 struct spu_error *ret_error)
{
	struct launch launch;
	int r;

	r = spu__prepare(&launch, argv, options, FOR_EXEC, ret_error);
	if (r < 0)
		return r;
	r = refuse_child_only(&launch);
	if (r == 0)
		r = run_in_place(&launch);
	spu__dispose(&launch, 0);
	return r;
}

int spu_exec(char *const argv[], const struct spu_options *options, struct spu_error *ret_error)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = exec_in_place(argv, options, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}
