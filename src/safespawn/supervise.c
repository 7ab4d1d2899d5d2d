/* SPDX-License-Identifier: MIT */
/*
 * One loop: wait for the next signal or the deadline, reap what there is.
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
#include "exit_status.h"
#include "forward.h"
#include "job.h"
#include "signals.h"
#include "supervisor.h"

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

static void set_deadline_from_now(struct supervisor *s, int64_t ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	set_deadline(s, &now, ms);
}

static void time_out(struct supervisor *s)
{
	int number = s->settings->signal ? s->settings->signal : SIGTERM;
	char buffer[SIGNAL_NAME_SIZE];

	if (s->is_last)
		number = SIGKILL;
	else
		s->ending->timed_out = 1;
	if (s->settings->verbose)
		say("time is over: %s to %d", signal_name(number, buffer), (int)s->pid);
	signal_command(s, number);
	if (number != SIGKILL && number != SIGCONT)
		signal_command(s, SIGCONT);
	s->is_last = 1;
	set_deadline_from_now(s, number == SIGKILL ? 0 : s->settings->kill_after_ms);
}

/* Who is told to end by somebody else has as long as at the end of time. */
static void was_told(struct supervisor *s, int number)
{
	if (number != SIGHUP && number != SIGINT && number != SIGQUIT && number != SIGTERM)
		return;
	if (!s->settings->kill_after_ms || s->is_last || signals_is_ignored(number))
		return;
	s->is_last = 1;
	set_deadline_from_now(s, s->settings->kill_after_ms);
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
			job_stopped(s, WSTOPSIG(status));
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

/*
 * Other children: those that we had before we were safespawn, and, as process 1,
 * all whose parents have ended. The command itself is for reap().
 */
static void reap_others(const struct supervisor *s)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
		    info.si_pid == s->pid)
			return;
		waitpid(info.si_pid, NULL, WNOHANG);
	}
}

static int take_signal(const struct supervisor *s, siginfo_t *info)
{
	struct timespec left;

	if (!s->has_deadline)
		return sigwaitinfo(s->waited, info);
	left = time_left(s);
	return sigtimedwait(s->waited, info, &left);
}

static void wait_for_command(struct supervisor *s)
{
	siginfo_t info;

	reap_others(s);
	for (;;) {
		if (take_signal(s, &info) < 0) {
			if (errno == EAGAIN)
				time_out(s);
		} else if (info.si_signo != SIGCHLD) {
			forward(s, &info);
			was_told(s, info.si_signo);
		} else if (reap(s)) {
			return;
		} else {
			reap_others(s);
		}
	}
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

	*ret = (struct ending){0};
	if (launch->options.foreground.set) {
		s.terminal = STDIN_FILENO;
		s.holder = pid;
	}
	set_deadline(&s, &launch->launched, launch->settings->timeout_ms);
	wait_for_command(&s);
	job_ended(&s);
	ending_judge(launch->settings, ret);
}
