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
	if (s->settings->rewritten[number])
		return s->settings->rewritten[number];
	return signals_is_stop(number) && (s->settings->setsid || s->relay) &&
	       !signals_is_ignored(number) ? SIGSTOP : number;
}

/* SIGPIPE of a message, the stop of our group */
static int is_our_own(const siginfo_t *info)
{
	return info->si_code <= 0 && info->si_pid == getpid();
}

static int is_an_end(int number)
{
	return number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM;
}

/* What came, and what is sent in its place: nothing, or what is ignored, asks nobody. */
static int asks(int number, int sent)
{
	return sent > 0 && (is_an_end(number) || is_an_end(sent)) && !signals_is_ignored(sent);
}

int asks_to_end(const struct settings *settings, const siginfo_t *info)
{
	int number = info->si_signo, other = settings->rewritten[number];

	return !is_our_own(info) && asks(number, other ? other : number);
}

/* Ignored ones too: the kernel drops what the command ignores as well. */
int forward(struct supervisor *s, const siginfo_t *info)
{
	int number = info->si_signo, is_early = sigismember(&s->early, number) > 0;

	sigdelset(&s->early, number);
	if (!is_early && is_our_own(info))
		return 0;
	if (number == SIGCONT && s->stopped) {
		job_resume(s);
		return 0;
	}
	if (!is_early && has_reached_command(s, info))
		return asks(number, number);
	signal_command(s, translate(s, number));
	return asks(number, translate(s, number));
}
