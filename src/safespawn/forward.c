/* SPDX-License-Identifier: MIT */
#include "forward.h"

#include <unistd.h>

#include "job.h"
#include "signals.h"

/*
 * Did the terminal send it to our whole group, the command included? A hangup
 * goes to a session leader alone; timers and others are SI_KERNEL as well.
 */
static int has_reached_command(const struct supervisor *s, const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGHUP:
		if (getsid(0) == getpid())
			return 0;
		/* fall through */
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
	case SIGCONT:
		return info->si_code == SI_KERNEL && getpgid(s->pid) == getpgrp();
	}
	return 0;
}

/*
 * What is sent in its place. In a session of its own the command has no terminal, or
 * none with a shell, and the kernel drops what would stop it: nobody there could
 * continue it. We do.
 */
static int translate(const struct supervisor *s, int number)
{
	int is_stop = number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;

	if (s->settings->rewritten[number])
		return s->settings->rewritten[number];
	return is_stop && (s->settings->setsid || s->relay) && !signals_is_ignored(number)
	     ? SIGSTOP : number;
}

/* Ignored ones too: the kernel drops what the command ignores as well. */
void forward(struct supervisor *s, const siginfo_t *info)
{
	int number = info->si_signo, is_early = sigismember(&s->early, number) > 0;

	sigdelset(&s->early, number);
	/* Our own: SIGPIPE of a message, the stop of our group */
	if (!is_early && info->si_code <= 0 && info->si_pid == getpid())
		return;
	if (number == SIGCONT && s->stopped)
		job_resume(s);
	else if (is_early || !has_reached_command(s, info))
		signal_command(s, translate(s, number));
}
