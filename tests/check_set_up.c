/* SPDX-License-Identifier: MIT */
/* Something happens to a child in its set-up. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>

#include "gate.h"
#include "launches.h"

#define SUITE "set_up"

static struct {
	int signal;
	atomic_int sent, gate;
} intervention;

static void *intervene(void *unused)
{
	kill(await_child_at_gate(getpid()), intervention.signal);
	atomic_store(&intervention.sent, 1);
	atomic_store(&intervention.gate, open_gate());
	return unused;
}

static int launch_with_intervention(int number, struct spu_child *child, struct spu_error *error)
{
	pthread_t thread;
	int r;

	make_gate();
	intervention.signal = number;
	pthread_create(&thread, NULL, intervene, NULL);
	r = spu_spawn(child, SPU_ARGV("true"), SPU_OPTIONS(.cwd = scratch(),
		.fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY))), error);
	pthread_join(thread, NULL);
	close(atomic_load(&intervention.gate));
	ck_assert_int_eq(atomic_load(&intervention.sent), 1);
	return r;
}

START_TEST(a_stop_that_is_pending_does_not_hang_the_caller)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	size_t open_before = count_open();
	struct spu_child child;
	struct spu_error error;
	int r, status;

	NEED_OWN_CHILD(SUITE);
	SKIP_BY_SERVER(SUITE, SERVERS_STOPS);
	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	signal(stops[_i], SIG_DFL);
	r = launch_with_intervention(stops[_i], &child, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_child_killed_in_its_set_up_is_told_from_one_that_ran)
{
	size_t open_before = count_open();
	struct spu_child child = {.pid = 4711};
	struct spu_error error;
	int r;

	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	r = launch_with_intervention(SIGKILL, &child, &error);
	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_int_eq(error.signal, SIGKILL);
	ck_assert_uint_eq(error.step, IS_BY_SERVER ? SPU_STEP_SERVER : SPU_STEP_OPEN);
	ck_assert_int_eq(error.index, IS_BY_SERVER ? -1 : 0);
	ck_assert_ptr_nonnull(strstr(error.text, IS_BY_SERVER ?
		"its child was killed by signal 9 (KILL)" :
		"/proc/self/cwd/gate: the child was killed by signal 9 (KILL)"));
	ck_assert_int_eq(child.pid, 4711);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_signal_that_waits_behind_the_mask_ends_the_child_before_exec)
{
	size_t open_before = count_open();
	struct spu_child child;
	struct spu_error error;
	int r;

	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	signal(SIGTERM, SIG_DFL);
	r = launch_with_intervention(SIGTERM, &child, &error);
	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_uint_eq(error.step, IS_BY_SERVER ? SPU_STEP_SERVER : SPU_STEP_MASK);
	ck_assert_int_eq(error.signal, SIGTERM);
	ck_assert_int_eq(error.index, -1);
	ck_assert_ptr_nonnull(strstr(error.text, "killed by signal 15 (TERM)"));
	assert_unchanged(open_before);
}
END_TEST

/* ^Z and fg to the whole group of a caller that catches them, many times over. */
START_TEST(a_caller_that_catches_stops_goes_on_launching)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	pid_t sender;
	int i, r;

	setpgid(0, 0);
	sigaction(SIGTSTP, &action, NULL);
	sender = fork();
	if (sender == 0) {
		signal(SIGTSTP, SIG_IGN);
		for (;;) {
			kill(0, SIGTSTP);
			usleep(300);
			kill(0, SIGCONT);
			usleep(300);
		}
	}
	for (i = 0; i < 200; i++) {
		struct spu_error error;

		r = spu_run(SPU_ARGV("/bin/true"), NULL, NULL, &error);
		ASSERT_OK(r, error);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	assert_no_child();
}
END_TEST

/*
 * ---- A child with a copy of our memory tells through a pipe, which a fork that the
 * program makes meanwhile holds, too. Where nobody can look at fs.suid_dumpable,
 * memory is copied for a child with other ids.
 */

static pid_t holder;

static void *fork_meanwhile(void *unused)
{
	await_child_at_gate(getpid());
	holder = fork();
	if (holder == 0) {
		alarm(patience(20));
		for (;;)
			pause();
	}
	atomic_store(&intervention.gate, open_gate());
	return unused;
}

static void launch_with_a_copy(void)
{
	struct spu_child child;
	struct spu_error error;
	pthread_t thread;
	int r;

	ck_assert(make_own_mounts());
	ck_assert_int_eq(mount("none", "/proc/sys", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("/bin/true"), NULL, NULL, NULL), 0);
	pthread_create(&thread, NULL, fork_meanwhile, NULL);
	r = spu_spawn(&child, SPU_ARGV("/bin/true"), SPU_OPTIONS(.cwd = scratch(),
		.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS,
		.fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY))), &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(waitpid(holder, NULL, WNOHANG), 0);	/* it holds it still */
	kill(holder, SIGKILL);
	pthread_join(thread, NULL);
	ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
	spu_child_release(&child);
}

START_TEST(an_error_pipe_that_somebody_holds_is_not_waited_for)
{
	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	SKIP_BY_SERVER(SUITE, SERVERS_MOUNTS);
	NEED_OWN_MOUNTS();
	ck_assert_int_eq(chmod(scratch(), 0755), 0);
	make_gate();
	in_own_process(launch_with_a_copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, a_stop_that_is_pending_does_not_hang_the_caller, 0, 3);
	tcase_add_test(tests, a_child_killed_in_its_set_up_is_told_from_one_that_ran);
	tcase_add_test(tests, a_signal_that_waits_behind_the_mask_ends_the_child_before_exec);
	tcase_add_test(tests, a_caller_that_catches_stops_goes_on_launching);
	tcase_add_test(tests, an_error_pipe_that_somebody_holds_is_not_waited_for);
	return run_suite(suite);
}
