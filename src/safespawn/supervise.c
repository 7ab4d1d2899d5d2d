/* SPDX-License-Identifier: MIT */
/*
 * One loop: reap what there is, then wait for the next signal or the deadline.
 * All signals are blocked and taken one by one, so there are no handlers and
 * no races with them, and the command can't be reaped, and its number taken,
 * between a look and a kill().
 */
#include "supervise.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "terminal.h"

struct supervisor {
	const struct settings *settings;
	const sigset_t *waited;
	pid_t pid;
	int leads_group;	/* then its group gets the signals */
	sigset_t early;		/* came before the command could get them with us */
	int stopped;		/* the command is */
	int resumed;		/* we stopped and go on: a SIGCONT is to be taken */
	int terminal;		/* -1: none, or not looked for */
	pid_t holder;		/* the command's group, if it's to have the terminal; or 0 */
	int has_deadline;
	struct timespec deadline;
	struct ending *ending;
};

static void signal_command(const struct supervisor *s, int number)
{
	char buffer[SIGNAL_NAME_SIZE];

	if (kill(s->leads_group ? -s->pid : s->pid, number) < 0 && errno != ESRCH)
		say_errno(errno, "signal %s to %d", signal_name(number, buffer), (int)s->pid);
}

/* ---- stopping and going on, with the terminal ---- */

/* For SIGCONT, and for a command that was stopped because it asked for the terminal. */
static void resume_command(struct supervisor *s)
{
	if (s->holder && terminal_is_ours(s->terminal))
		terminal_give(s->terminal, s->holder);
	signal_command(s, SIGCONT);
}

static void take_terminal(const struct supervisor *s)
{
	if (s->holder && terminal_is_with(s->terminal, s->holder))
		terminal_take(s->terminal);
}

/* Has the command gone on, or ended, since it stopped? */
static int has_changed(const struct supervisor *s)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)s->pid, &info, WEXITED | WCONTINUED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

static int is_pending(int number)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, number) > 0;
}

/*
 * Stops us, and with group everybody in our group, as the terminal would have
 * done if the command were in it. SIGTSTP and not SIGSTOP: the kernel refuses
 * it where nobody is there to continue us. Raising it cancels a SIGCONT that
 * is pending, so what that did to the command is looked at after the raising
 * and before the stop. Returns whether we were stopped.
 */
static int stop_ourselves(const struct supervisor *s, int group)
{
	static const struct timespec now;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	if (signals_is_ignored(SIGTSTP) || is_pending(SIGCONT))
		return 0;
	kill(getpid(), SIGTSTP);
	if (has_changed(s)) {
		sigtimedwait(&stop, NULL, &now);
		return 0;
	}
	if (group)
		kill(0, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	return is_pending(SIGCONT);
}

static void command_stopped(struct supervisor *s, int number)
{
	int wants_terminal = number == SIGTTIN || number == SIGTTOU;
	pid_t group = getpgid(s->pid);

	s->stopped = 1;
	if (s->terminal < 0)
		s->terminal = terminal_find();
	/* Without one there is no job control: nobody would continue us, and time goes on */
	if (s->terminal < 0)
		return;
	if (s->leads_group && wants_terminal && terminal_is_ours(s->terminal)) {
		s->holder = s->pid;
		resume_command(s);
		return;
	}
	/* An interactive shell has made its own group and taken the terminal */
	if (group != getpgrp() && tcgetpgrp(s->terminal) == group)
		s->holder = group;
	take_terminal(s);
	s->resumed = stop_ourselves(s, s->leads_group && number != SIGSTOP);
	/* A ^Z that can't stop us would stop the command for ever */
	if (!s->resumed && s->leads_group && number == SIGTSTP)
		resume_command(s);
}

/* ---- signals ---- */

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

static void forward(struct supervisor *s, const siginfo_t *info)
{
	int is_early = sigismember(&s->early, info->si_signo) > 0;

	sigdelset(&s->early, info->si_signo);
	if (signals_is_ignored(info->si_signo))
		return;
	/* Our own: SIGPIPE of a message, the stop of our group */
	if (!is_early && info->si_code <= 0 && info->si_pid == getpid())
		return;
	if (info->si_signo == SIGCONT && s->resumed) {
		s->resumed = 0;
		if (s->stopped)
			resume_command(s);
		return;
	}
	if (info->si_signo == SIGCONT && s->stopped)
		resume_command(s);
	else if (is_early || !has_reached_command(s, info))
		signal_command(s, info->si_signo);
}

/* ---- time ---- */

static void set_deadline(struct supervisor *s, const struct timespec *from, int64_t ms)
{
	s->has_deadline = ms > 0;
	s->deadline.tv_sec = from->tv_sec + (time_t)(ms / 1000);
	s->deadline.tv_nsec = from->tv_nsec + (long)(ms % 1000) * 1000000;
	if (s->deadline.tv_nsec >= 1000000000) {
		s->deadline.tv_sec++;
		s->deadline.tv_nsec -= 1000000000;
	}
}

/* What is left, at least nothing. */
static struct timespec time_left(const struct supervisor *s)
{
	struct timespec now, left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left.tv_sec = s->deadline.tv_sec - now.tv_sec;
	left.tv_nsec = s->deadline.tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_sec--;
		left.tv_nsec += 1000000000;
	}
	if (left.tv_sec < 0)
		left = (struct timespec){0};
	return left;
}

static void time_out(struct supervisor *s)
{
	int number = s->settings->signal ? s->settings->signal : SIGTERM;
	char buffer[SIGNAL_NAME_SIZE];
	struct timespec now;

	if (s->ending->timed_out)
		number = SIGKILL;
	if (s->settings->verbose)
		say("time is over: %s to %d", signal_name(number, buffer), (int)s->pid);
	s->ending->timed_out = 1;
	signal_command(s, number);
	if (number != SIGKILL && number != SIGCONT)
		signal_command(s, SIGCONT);
	clock_gettime(CLOCK_MONOTONIC, &now);
	set_deadline(s, &now, number == SIGKILL ? 0 : s->settings->kill_after_ms);
}

/* ---- the loop ---- */

/* Whether the command has ended. */
static int reap(struct supervisor *s)
{
	int status;
	pid_t r;

	while ((r = wait4(s->pid, &status, WNOHANG | WUNTRACED | WCONTINUED,
			  &s->ending->usage)) > 0) {
		if (WIFSTOPPED(status)) {
			command_stopped(s, WSTOPSIG(status));
		} else if (WIFCONTINUED(status)) {
			s->stopped = 0;
		} else {
			s->ending->wait_status = status;
			return 1;
		}
	}
	if (r == 0)
		return 0;
	say_errno(errno, "wait for %d", (int)s->pid);
	s->ending->wait_status = EXIT_SETUP << 8;
	return 1;
}

static int take_signal(const struct supervisor *s, siginfo_t *info)
{
	struct timespec left;

	if (!s->has_deadline)
		return sigwaitinfo(s->waited, info);
	left = time_left(s);
	return sigtimedwait(s->waited, info, &left);
}

static int exit_status_of(const struct ending *ending)
{
	if (ending->timed_out &&
	    !(WIFSIGNALED(ending->wait_status) && WTERMSIG(ending->wait_status) == SIGKILL))
		return EXIT_TIMED_OUT;
	return spu_exit_code(ending->wait_status);
}

void supervise(const struct launch *launch, pid_t pid, struct ending *ret)
{
	struct supervisor s = {
		.settings = launch->settings,
		.waited = &launch->signals.waited,
		.pid = pid,
		.early = launch->early,
		.leads_group = launch_leads_group(launch),
		.terminal = -1,
		.ending = ret,
	};
	siginfo_t info;

	*ret = (struct ending){0};
	if (launch->options.foreground.set) {
		s.terminal = STDIN_FILENO;
		s.holder = pid;
	}
	set_deadline(&s, &launch->launched, launch->settings->timeout_ms);
	while (!reap(&s)) {
		if (take_signal(&s, &info) >= 0) {
			if (info.si_signo != SIGCHLD)
				forward(&s, &info);
		} else if (errno == EAGAIN) {
			time_out(&s);
		}
	}
	take_terminal(&s);
	ret->exit_status = exit_status_of(ret);
}
