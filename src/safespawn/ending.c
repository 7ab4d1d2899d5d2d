/* SPDX-License-Identifier: MIT */
/*
 * Shells, make and xargs stop at a command that died of ^C, and go on after one
 * that exited: so a death is passed on as what it was.
 */
#include "ending.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit_status.h"

/* The last pair for a status counts. */
void ending_map(const struct settings *settings, struct ending *ending)
{
	for (size_t i = settings->map_count; i > 0; i--) {
		const struct range *pair = &settings->map[i - 1];

		if (pair->first != ending->exit_status)
			continue;
		ending->exit_status = pair->last;
		ending->signal = 0;
		return;
	}
}

void ending_judge(const struct settings *settings, struct ending *ending)
{
	int number = WIFSIGNALED(ending->wait_status) ? WTERMSIG(ending->wait_status) : 0;

	ending->exit_status = spu_exit_code(ending->wait_status);
	ending->signal = number;
	if (ending->timed_out) {
		/* That was our doing: loops and xargs go on, as after timeout(1) */
		ending->signal = 0;
		if (number != SIGKILL && !settings->preserve_status)
			ending->exit_status = EXIT_TIMED_OUT;
	}
	if (ending->is_output_lost && ending->exit_status == 0)
		ending->exit_status = EXIT_SETUP;
	ending_map(settings, ending);
}

void ending_die(int number)
{
	sigset_t only;

	/* RLIMIT_CORE wouldn't do: the kernel heeds it for files, not for a pipe */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return;
	sigemptyset(&only);
	sigaddset(&only, number);
	signal(number, SIG_DFL);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}
