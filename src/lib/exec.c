/* SPDX-License-Identifier: MIT */
/* A plan carried out in the calling process itself. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "accept.h"
#include "child/child.h"
#include "launch/failure.h"
#include "launch/retry.h"

static int run_in_place(struct launch *launch)
{
	/* A filter may trap a call for the program's handler of SIGSYS to answer */
	uint64_t others = ~SPU_SIGNAL(SIGSYS), mask = 0;
	struct plan *plan = &launch->plan;
	struct flight flight = {.pidfd = -1};
	long paused_us = 0;

	plan->start = 1;
	plan->report.pid = getpid();
	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&others, (long)&mask, KERNEL_SIGSET_SIZE);
	do {
		spu__run_plan(plan);
		plan->start = plan->count - 1;	/* again: the exec alone */
	} while (plan->report.err == ETXTBSY && plan->report.at == plan->start &&
		 spu__pause_while_busy(&paused_us, launch->deadline));
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, KERNEL_SIGSET_SIZE);
	flight.report = (struct report){plan->report.err, plan->report.at, plan->report.index, 0};
	return spu__flight_error(launch, &flight);
}

static int exec_in_place(char *const argv[], const struct spu_options *options,
			 struct spu_error *ret_error)
{
	struct launch launch;
	int r = spu__open_launch(&launch, argv, options, NULL, FOR_EXEC, NULL, ret_error);

	if (r < 0)
		return r;
	r = spu__plan_launch(&launch);
	if (r == 0)
		r = run_in_place(&launch);
	spu__close_launch(&launch, 0);
	return r;
}

int spu_exec(char *const argv[], const struct spu_options *options, struct spu_error *ret_error)
{
	struct spu_options accepted;
	int cancel_state, r = spu__accept(argv, options, BY_EXEC, &accepted, ret_error);

	if (r < 0)
		return r;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = exec_in_place(argv, &accepted, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}
