/* SPDX-License-Identifier: MIT */
/* Signals: what a child ignores, blocks and catches, and what it never handles. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "launches.h"

#define SUITE "signals"

START_TEST(ignored_stays_ignored_and_caught_becomes_default)
{
	uint64_t ignored_before = run_report(NULL)->ignored;
	struct state_report *report;

	SKIP_UNDER_VALGRIND(SUITE, OWN_SIGNAL);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMIN + 3, on_signal);
	signal(SIGRTMAX, SIG_IGN);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i));
	ck_assert_uint_eq(report->caught & COMPARED, 0);
	ck_assert_uint_eq(report->ignored & COMPARED, ((ignored_before & ~SPU_SIGNAL(SIGUSR1)) |
						       SPU_SIGNAL(SIGUSR2) | SPU_SIGNAL(SIGRTMAX)) &
							      COMPARED);
	report = run_report(
		SPU_OPTIONS(.method = (unsigned)_i,
			    .default_signals = SPU_SIGNAL(SIGUSR2) | SPU_SIGNAL(SIGRTMAX)));
	ck_assert_uint_eq(report->ignored & (SPU_SIGNAL(SIGUSR2) | SPU_SIGNAL(SIGRTMAX)), 0);
}
END_TEST

START_TEST(signals_are_ignored_on_request)
{
	struct state_report *report;

	SKIP_UNDER_VALGRIND(SUITE, OWN_SIGNAL);
	signal(SIGUSR1, on_signal);
	report = run_report(SPU_OPTIONS(.ignore_signals = SPU_SIGNAL(SIGUSR1) | SPU_SIGNAL(SIGHUP) |
							  SPU_SIGNAL(64)));
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGUSR1), SPU_SIGNAL(SIGUSR1));
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGHUP), SPU_SIGNAL(SIGHUP));
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(64), SPU_SIGNAL(64));
	/* all but the two that can't be, libc's own among them */
	report = run_report(
		SPU_OPTIONS(.ignore_signals = ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP) |
						SPU_SIGNAL(SIGCHLD))));
	ck_assert_uint_eq(report->ignored | SPU_SIGNAL(SIGCHLD) | ~COMPARED,
			  ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP)) | ~COMPARED);
	report = run_report(
		SPU_OPTIONS(.default_signals = ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP))));
	ck_assert_uint_eq(report->ignored, 0);
}
END_TEST

START_TEST(the_mask_is_empty_kept_or_given)
{
	struct state_report *report;
	sigset_t mask, after;

	if (_i == SPU_METHOD_POSIX_SPAWN)
		SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &mask, &after);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ck_assert_uint_eq(run_report(SPU_OPTIONS(.method = (unsigned)_i))->mask, 0);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_KEEP_MASK));
	ck_assert(memcmp(&report->mask, &mask, sizeof(report->mask)) == 0);
	report = run_report(
		SPU_OPTIONS(.method = (unsigned)_i,
			    .block_signals = SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(64) | SPU_SIGNAL(1)));
	ck_assert_uint_eq(report->mask, SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(64) | SPU_SIGNAL(1));
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_KEEP_MASK,
					.block_signals = SPU_SIGNAL(SIGTERM)));
	ck_assert_uint_eq(report->mask & (SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(SIGUSR1)),
			  SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(SIGUSR1));
	/* ours is as it was, after failures too */
	ck_assert_int_eq(
		spu_run(SPU_ARGV("/nowhere"), SPU_OPTIONS(.method = (unsigned)_i), NULL, NULL),
		-ENOENT);
	sigprocmask(SIG_BLOCK, NULL, &after);
	ck_assert(memcmp(&after, &mask, 8) == 0);
}
END_TEST

/* Real-time signals to the whole group while launching: no handler may run in a child. */
static atomic_int foreign_handlers, handled;
static pid_t launcher;

static void check_process(int number)
{
	(void)number;
	if (syscall(SYS_getpid) != launcher)
		atomic_fetch_add(&foreign_handlers, 1);
	atomic_fetch_add(&handled, 1);
}

START_TEST(handlers_never_run_in_a_child)
{
	struct sigaction action = {.sa_handler = check_process, .sa_flags = SA_RESTART};
	int i;
	pid_t sender;

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	setpgid(0, 0);
	launcher = getpid();
	sigaction(SIGRTMIN + 2, &action, NULL);
	sender = fork();
	if (sender == 0) {
		signal(SIGRTMIN + 2, SIG_IGN);
		for (;;) {
			kill(0, SIGRTMIN + 2);
			usleep(100);
		}
	}
	for (i = 0; i < 300; i++) {
		struct spu_error error;
		/* the child may be killed by it, in its set-up or later */
		int r = spu_run(SPU_ARGV("/bin/true"), SPU_OPTIONS(.method = (unsigned)_i), NULL,
				&error);

		ck_assert_msg(r == 0 || r == -ECANCELED, "%s", error.text);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	ck_assert_int_gt(atomic_load(&handled), 0);
	ck_assert_int_eq(atomic_load(&foreign_handlers), 0);
	assert_no_child();
}
END_TEST

START_TEST(a_signal_sent_right_after_the_launch_arrives)
{
	struct spu_child child;
	int i, status;

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("sleep", "1000"),
					   SPU_OPTIONS(.method = (unsigned)_i), NULL),
				 0);
		ck_assert_int_eq(kill(child.pid, SIGTERM), 0);
		ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
		ck_assert_int_eq(spu_exit_code(status), 128 + SIGTERM);
		spu_child_release(&child);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, ignored_stays_ignored_and_caught_becomes_default);
	tcase_add_test(tests, signals_are_ignored_on_request);
	add_for_both(tests, the_mask_is_empty_kept_or_given);
	add_for_both(tests, handlers_never_run_in_a_child);
	add_for_both(tests, a_signal_sent_right_after_the_launch_arrives);
	return run_suite(suite);
}
