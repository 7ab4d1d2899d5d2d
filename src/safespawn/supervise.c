/* SPDX-License-Identifier: MIT */
/*
 * One loop: wait for the next signal or the deadline, reap what there is.
 * All signals are blocked and taken one by one, so there are no handlers (but
 * for one in job.c) and no races with them, and the command can't be reaped,
 * and its number taken, between a look and a kill().
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
#include "reader.h"
#include "signals.h"
#include "supervisor.h"

/* ---- time ---- */

static int stop_signal(const struct supervisor *s)
{
	return s->settings->signal ? s->settings->signal : SIGTERM;
}

/* Somebody has to end what ignores the first signal. */
#define TREE_GRACE_MS 5000

static int64_t grace_ms(const struct supervisor *s)
{
	return s->settings->kill_after_ms || !s->tree ? s->settings->kill_after_ms : TREE_GRACE_MS;
}

static void signal_all(struct supervisor *s, int number)
{
	struct tree_left left;

	if (s->tree) {
		s->sent |= SPU_SIGNAL(number);
		tree_signal(s->tree, number, &left);
		return;
	}
	signal_command(s, number);
	if (number != SIGKILL && number != SIGCONT)
		signal_command(s, SIGCONT);
}

/* Whoever has asked first has set the time. */
static void kill_in(struct supervisor *s, int64_t ms)
{
	if (!s->kill.is_set && !s->is_killed)
		deadline_set_from_now(&s->kill, ms);
}

static void time_out(struct supervisor *s)
{
	int is_kill = deadline_first(&s->limit, &s->kill) == &s->kill;
	int number = is_kill ? SIGKILL : stop_signal(s);
	char buffer[SIGNAL_NAME_SIZE];

	s->ending->timed_out |= !is_kill;
	s->limit.is_set = 0;
	signal_all(s, number);
	if (number == SIGKILL) {
		s->is_killed = 1;
		s->kill.is_set = 0;
	}
	kill_in(s, grace_ms(s));
	if (s->settings->verbose)
		say("time is over: %s to %d", signal_name(number, buffer), (int)s->pid);
}

/* After so long COMMAND ends for another reason: a SIGHUP was for its settings. */
#define TOLD_MS 10000

/* Who is told to end by somebody else has as long as at the end of time. */
static void was_told(struct supervisor *s)
{
	deadline_set_from_now(&s->told, TOLD_MS);
	kill_in(s, s->settings->kill_after_ms);
}

/* Whether that, or the end of time, has made it end now. */
static int was_made_to_end(const struct supervisor *s)
{
	struct timespec room;
	const struct timespec *left = deadline_left(&s->told, &room);

	return s->ending->timed_out || (left && (left->tv_sec > 0 || left->tv_nsec > 0));
}

/* NULL: for ever */
static const struct timespec *time_left(struct supervisor *s, struct timespec *room)
{
	return deadline_left(deadline_first(&s->limit, &s->kill), room);
}

/* ---- the loop ---- */

/* Whether the command has ended. */
static int reap(struct supervisor *s)
{
	struct spu_exit change = SPU_EXIT_INIT;
	int r;

	while ((r = spu_wait4(s->child, 0, SPU_WAIT_STOPPED | SPU_WAIT_CONTINUED, &change)) == 0) {
		if (WIFSTOPPED(change.status)) {
			job_stopped(s, WSTOPSIG(change.status));
		} else if (WIFCONTINUED(change.status)) {
			s->stopped = 0;
		} else {
			s->ending->wait_status = change.status;
			s->ending->usage = change.usage;
			return 1;
		}
	}
	if (r == -ETIMEDOUT)
		return 0;
	say_errno(r, "wait for %d", (int)s->pid);
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

/* As sigtimedwait(2), and the terminal is served meanwhile. */
static int relay_until_signal(struct supervisor *s, siginfo_t *info)
{
	static const struct timespec now;
	const struct timespec *left;
	struct timespec room;
	int number;

	while ((number = sigtimedwait(s->waited, info, &now)) < 0) {
		left = time_left(s, &room);
		if (left && left->tv_sec == 0 && left->tv_nsec == 0)
			break;
		relay_turn(s->relay, left);
	}
	return number;
}

static int take_signal(struct supervisor *s, siginfo_t *info)
{
	const struct timespec *left;
	struct timespec room;
	int number = job_take_signal(s, info);

	if (number > 0)
		return number;
	if (s->relay)
		return relay_until_signal(s, info);
	left = time_left(s, &room);
	return left ? sigtimedwait(s->waited, info, left) : sigwaitinfo(s->waited, info);
}

static void wait_for_command(struct supervisor *s)
{
	siginfo_t info;

	reap_others(s);
	for (;;) {
		message_flush();
		if (take_signal(s, &info) < 0) {
			if (errno == EAGAIN)
				time_out(s);
		} else if (info.si_signo != SIGCHLD) {
			if ((!s->relay || !relay_take_signal(s->relay, info.si_signo)) &&
			    forward(s, &info))
				was_told(s);
		} else if (reap(s)) {
			return;
		} else {
			reap_others(s);
		}
	}
}

/* ---- what is left ---- */

/* How often it is looked for what a look has missed, and how often in vain. */
#define LOOK_MS 5
#define LOOKS_IN_VAIN 400

/* Are there others? */
static int reap_all(void)
{
	pid_t r;

	while ((r = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return r == 0;
}

/* Whether it goes on: not when those that are left can't be ended, or found, by us. */
static int kill_rest(struct supervisor *s, int *in_vain)
{
	struct tree_left left;

	tree_signal(s->tree, SIGKILL, &left);
	deadline_set_from_now(&s->kill, LOOK_MS);
	*in_vain = left.living > left.refused ? 0 : *in_vain + 1;
	/* Those of the control group are about to end */
	if (*in_vain < (left.refused && !s->tree->is_group_killed ? 1 : LOOKS_IN_VAIN))
		return 1;
	if (left.refused)
		say_errno(EPERM, "--kill-tree: %d is left", (int)left.one);
	else
		say("--kill-tree: processes are left that /proc doesn't show");
	return 0;
}

/* Children that we had before may stay; they alone are left? */
static int are_others_left(const struct supervisor *s)
{
	struct tree_left left;

	if (!reap_all())
		return 0;
	if (!s->tree->before.count)
		return 1;
	tree_signal(s->tree, 0, &left);
	return left.all > 0;
}

/* Who asks us to end meanwhile doesn't want to wait: first for the grace, then at all. */
static void end_rest(struct supervisor *s)
{
	int is_killing = stop_signal(s) == SIGKILL || s->is_killed;
	int in_vain = 0;
	siginfo_t info;

	s->limit.is_set = 0;
	if (!is_killing)
		signal_all(s, stop_signal(s));
	kill_in(s, grace_ms(s));
	while (are_others_left(s) && (!is_killing || kill_rest(s, &in_vain))) {
		if (take_signal(s, &info) < 0) {
			is_killing |= errno == EAGAIN;
		} else if (asks_to_end(s->settings, &info)) {
			reader_hurry();
			if (is_killing)
				return;
			is_killing = 1;
		} else if (signals_is_stop(info.si_signo)) {
			job_stop(s);
		}
	}
}

static void end_relay(const struct supervisor *s)
{
	int is_done = relay_drain(s->relay);

	while (!is_done && reader_wait(s->relay->out))
		is_done = relay_drain(s->relay);
	relay_end(s->relay);
	if (!is_done)
		say("standard output is full, and nobody reads it");
	s->ending->is_output_lost = s->relay->is_output_lost || !is_done;
}

void supervise(const struct launch *launch, struct spu_child *child, struct tree *tree,
	       struct relay *relay, struct ending *ret)
{
	struct supervisor s = {
		.settings = launch->settings,
		.waited = &launch->signals.waited,
		.child = child,
		.pid = child->pid,
		.early = launch->early,
		.leads_group = launch_leads_group(launch),
		.terminal = -1,
		.tree = tree,
		.relay = relay,
		.ending = ret,
	};
	int interrupt;

	*ret = (struct ending){0};
	if (launch->options.foreground.set) {
		s.terminal = STDIN_FILENO;
		s.holder = child->pid;
	}
	deadline_set(&s.limit, &launch->begun, launch->settings->timeout_ms);
	wait_for_command(&s);
	interrupt = job_ended(&s);
	if (was_made_to_end(&s))
		reader_hurry();
	if (relay)
		relay_command_ended(relay);
	if (tree)
		end_rest(&s);
	if (relay)
		end_relay(&s);
	if (interrupt)
		kill(0, interrupt);
	ending_judge(launch->settings, ret);
}
