/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <stddef.h>

#include "spawnutil.h"

void signals_read(struct signals *ret)
{
	struct sigaction action;
	sigset_t mask;

	*ret = (struct signals){0};
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigfillset(&ret->waited);
	for (int number = 1; number <= SIGRTMAX; number++) {
		/* Fails for libc's own numbers */
		if (sigaction(number, NULL, &action) < 0)
			continue;
		if (sigismember(&mask, number) > 0)
			ret->blocked |= SPU_SIGNAL(number);
		if (action.sa_handler != SIG_IGN)
			continue;
		ret->ignored |= SPU_SIGNAL(number);
		/* A blocked signal is queued even when it is ignored: leave these alone */
		if (number != SIGCHLD)
			sigdelset(&ret->waited, number);
	}
}

void signals_block(const struct signals *signals)
{
	sigprocmask(SIG_BLOCK, &signals->waited, NULL);
	if (signals->ignored & SPU_SIGNAL(SIGCHLD))
		signal(SIGCHLD, SIG_DFL);
}
