/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <sys/wait.h>
#include <unistd.h>

#include "keyboard.h"
#include "signals.h"
#include "terminal.h"

void job_resume(struct supervisor *s)
{
	if (s->holder && terminal_is_ours(s->terminal))
		terminal_give(s->terminal, s->holder);
	signal_command(s, SIGCONT);
}

/* A stop that is pending came behind the SIGCONT, which has cancelled all before. */
int job_take_signal(struct supervisor *s, siginfo_t *info)
{
	static const struct timespec now;
	sigset_t others = *s->waited;
	int number = -1;

	sigdelset(&others, SIGTSTP);
	sigdelset(&others, SIGTTIN);
	sigdelset(&others, SIGTTOU);
	if (s->goes_on)
		number = sigtimedwait(&others, info, &now);
	if (number > 0)
		return number;
	if (s->goes_on && s->stopped)
		job_resume(s);
	s->goes_on = 0;
	return number;
}

static void take_terminal(const struct supervisor *s)
{
	if (s->holder && terminal_is_with(s->terminal, s->holder))
		terminal_take(s->terminal);
}

/* Has the command gone on, or ended, since it stopped? */
static int has_changed(const struct supervisor *s)
{
	struct spu_exit change = SPU_EXIT_INIT;

	return spu_wait4(s->child, 0, SPU_WAIT_CONTINUED | SPU_WAIT_LOOK, &change) == 0;
}

static volatile sig_atomic_t is_continued;

static void note_continue(int number)
{
	(void)number;
	is_continued = 1;
}

/*
 * Stops us, and with group everybody in our group, as the terminal would have
 * done if the command were in it. SIGTSTP and not SIGSTOP: the kernel refuses
 * it where nobody is there to continue us. Raising it cancels a SIGCONT that is
 * pending, which the shell sends as soon as it sees somebody else of our group
 * stopped: so SIGCONT isn't blocked here but noted, and wins if it comes before
 * the stop (but in the moment that kill() itself takes). Returns whether one came.
 */
static int stop_ourselves(const struct supervisor *s, int group)
{
	static const struct timespec now;
	const struct sigaction note = {.sa_handler = note_continue};
	struct sigaction before;
	sigset_t stop, go_on;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigemptyset(&go_on);
	sigaddset(&go_on, SIGCONT);
	if (signals_is_ignored(SIGTSTP))
		return 0;
	is_continued = 0;
	sigaction(SIGCONT, &note, &before);
	sigprocmask(SIG_UNBLOCK, &go_on, NULL);
	if (!is_continued)
		kill(getpid(), SIGTSTP);
	if (group && !is_continued && !has_changed(s)) {
		kill(0, SIGTSTP);
		if (is_continued)
			kill(0, SIGCONT);
	}
	if (is_continued || has_changed(s))
		sigtimedwait(&stop, NULL, &now);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &go_on, NULL);
	sigaction(SIGCONT, &before, NULL);
	return is_continued;
}

void job_stop(const struct supervisor *s)
{
	stop_ourselves(s, 0);
}

void job_stopped(struct supervisor *s, int number)
{
	int wants_terminal = number == SIGTTIN || number == SIGTTOU;
	pid_t group = getpgid(s->pid);
	int is_alone;	/* in having had the terminal's ^Z: else our group has had it, too */

	s->stopped = 1;
	s->goes_on = 0;
	if (s->terminal < 0)
		s->terminal = terminal_find();
	/* Without one there is no job control: nobody would continue us, and time goes on */
	if (s->terminal < 0)
		return;
	if (s->leads_group && wants_terminal && terminal_is_ours(s->terminal)) {
		s->holder = s->pid;
		job_resume(s);
		return;
	}
	is_alone = group != getpgrp() && tcgetpgrp(s->terminal) == group;
	/* An interactive shell has made its own group and taken the terminal */
	if (is_alone)
		s->holder = group;
	take_terminal(s);
	if (s->relay)
		relay_leave(s->relay);
	/* A ^Z that can't stop us would stop the command for ever */
	s->goes_on = stop_ourselves(s, is_alone && s->leads_group && number != SIGSTOP) ||
		     (s->leads_group && number == SIGTSTP);
	if (s->relay)
		relay_enter(s->relay);
}

/*
 * A ^C that ended the command in a group of its own, or at its own terminal where we
 * have passed it on as a key, has reached nobody else. The
 * terminal would have sent it to our group too: to the script, to make.
 */
int job_ended(struct supervisor *s)
{
	int status = s->ending->wait_status, number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (s->relay) {
		if (!keyboard_is_taken())
			return 0;
	} else {
		if (!s->holder || !terminal_is_with(s->terminal, s->holder))
			return 0;
		terminal_take(s->terminal);
	}
	return s->leads_group && (number == SIGINT || number == SIGQUIT) &&
	       !(s->sent & SPU_SIGNAL(number)) ? number : 0;
}
