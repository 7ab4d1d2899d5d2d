/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <stddef.h>
#include <string.h>

#include "spawnutil.h"

void signals_read(struct signals *ret)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	/* the kernel's set is the first word of libc's */
	memcpy(&ret->blocked, &mask, sizeof(ret->blocked));
	ret->child_was_ignored = signals_is_ignored(SIGCHLD);
	sigfillset(&ret->waited);
}

int signals_is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_is_stop(int number)
{
	return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

void signals_block(const struct signals *signals)
{
	sigprocmask(SIG_BLOCK, &signals->waited, NULL);
	if (signals->child_was_ignored)
		signal(SIGCHLD, SIG_DFL);
}
