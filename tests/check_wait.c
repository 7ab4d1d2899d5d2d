/* SPDX-License-Identifier: MIT */
/*
 * Children after their launch: waiting, signals, the end; with a pidfd and
 * without one. Children say when they are ready, nothing depends on how fast
 * anything is.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "filters.h"
#include "support.h"

#define SUITE "wait"

/* Of a loop test: _i is 0 with a pidfd, 1 without. */
#define add_for_both(tests, name) tcase_add_loop_test(tests, name, 0, 2)

static void drop_pidfd(struct spu_child *child)
{
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->pidfd = -1;
}

/* sh with this script; *ret_out, if not NULL, is what it prints. */
static struct spu_child launch(const char *script, struct spu_options options, int without_pidfd,
			       int *ret_out)
{
	const struct spu_fd fds[] = {SPU_PIPE_OUT(1, ret_out), {0}};
	struct spu_child child;
	struct spu_error error;
	int r;

	if (ret_out)
		options.fds = fds;
	r = spu_spawn(&child, SPU_ARGV("sh", "-c", script), &options, &error);
	ASSERT_OK(r, error);
	if (without_pidfd)
		drop_pidfd(&child);
	return child;
}

static const struct spu_options none = SPU_OPTIONS_INIT;
static const struct spu_fd no_input = SPU_NULL(0);
static const struct spu_options own_group = {.size = sizeof(own_group), .pgroup = {1, 0}};

/* Until the child has printed a line: it is as far as its script says there. */
static void await_line(int fd)
{
	char c;

	do
		ck_assert_int_eq(read(fd, &c, 1), 1);
	while (c != '\n');
}

/* Until nobody holds the other end any more: all that inherited it are gone. */
static void await_nobody(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
	close(fd);
}

START_TEST(exit_codes_are_a_shells)
{
	ck_assert_int_eq(spu_exit_code(0), 0);
	ck_assert_int_eq(spu_exit_code(7 << 8), 7);
	ck_assert_int_eq(spu_exit_code(255 << 8), 255);
	ck_assert_int_eq(spu_exit_code(SIGTERM), 128 + SIGTERM);
	ck_assert_int_eq(spu_exit_code(SIGSEGV | 0x80), 128 + SIGSEGV);
	ck_assert_int_eq(spu_exit_code(64), 192);
	ck_assert_int_eq(spu_exit_code(SIGTSTP << 8 | 0x7f), 128 + SIGTSTP);
}
END_TEST

START_TEST(the_status_is_waitpids)
{
	struct spu_child child = launch("exit 7", none, _i, NULL);
	int status = -1;

	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 7 << 8);
	spu_child_release(&child);
	child = launch("kill -9 $$", none, _i, NULL);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, SIGKILL);
	spu_child_release(&child);
	child = launch("exit 255", none, _i, NULL);
	ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
	spu_child_release(&child);
	assert_no_child();
}
END_TEST

START_TEST(a_core_dump_shows_in_the_status)
{
	struct spu_child child;
	int status, other;
	pid_t pid;

	ck_assert_int_eq(chdir(scratch()), 0);
	child = launch("ulimit -c unlimited; kill -SEGV $$", none, _i, NULL);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	spu_child_release(&child);
	/* whether there is a core is the machine's affair: libc's must say the same */
	pid = fork();
	if (pid == 0) {
		if (chdir(scratch()) == 0)
			execlp("sh", "sh", "-c", "ulimit -c unlimited; kill -SEGV $$",
			       (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &other, 0);
	ck_assert_int_eq(status, other);
	ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
	ck_assert_int_eq(chdir("/"), 0);
	remove_scratch();
}
END_TEST

START_TEST(a_wait_that_times_out_changes_nothing)
{
	int in, status = 4711, r;
	struct spu_child child;
	struct spu_error error;

	r = spu_spawn(&child, SPU_ARGV("cat"),
		      SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_NULL(1))), &error);
	ASSERT_OK(r, error);
	if (_i)
		drop_pidfd(&child);
	ck_assert_int_eq(spu_wait(&child, 0, &status), -ETIMEDOUT);
	ck_assert_int_eq(spu_wait(&child, 30, &status), -ETIMEDOUT);
	/* what is left of a time that is over */
	ck_assert_int_eq(spu_wait(&child, -2, &status), -EINVAL);
	ck_assert_int_eq(spu_wait4(&child, INT_MIN, 0, &(struct spu_exit)SPU_EXIT_INIT), -EINVAL);
	ck_assert_int_eq(status, 4711);
	close(in);
	ck_assert_int_eq(spu_wait(&child, INT_MAX, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	assert_no_child();
}
END_TEST

START_TEST(a_second_wait_finds_nothing)
{
	struct spu_child child = launch("exit 3", none, _i, NULL);
	int status = 4711;

	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	status = 4711;
	ck_assert_int_eq(spu_wait(&child, -1, &status), -ECHILD);
	ck_assert_int_eq(spu_wait(&child, 0, &status), -ECHILD);
	ck_assert_int_eq(spu_wait(&child, 1000, &status), -ECHILD);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 0, 0, &status), -ECHILD);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), -ESRCH);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), -ESRCH);
	ck_assert_int_eq(status, 4711);
	spu_child_release(&child);
}
END_TEST

START_TEST(what_another_waiter_reaped_is_gone)
{
	struct spu_child child = launch("exit 3", own_group, _i, NULL);
	int status = 4711;

	ck_assert_int_eq(waitpid(child.pid, NULL, 0), child.pid);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 0, 0, &status), -ECHILD);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 0, SPU_GROUP, &status), -ECHILD);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), -ESRCH);
	ck_assert_int_eq(spu_wait(&child, _i ? 1000 : -1, &status), -ECHILD);
	ck_assert_int_eq(status, 4711);
	spu_child_release(&child);
}
END_TEST

static int without;

static void wait_with_sigchld_ignored(void)
{
	struct spu_error error;
	struct spu_child child;
	int status = 4711;

	signal(SIGCHLD, SIG_IGN);
	child = launch("exit 3", none, without, NULL);
	ck_assert_int_eq(spu_wait(&child, -1, &status), -ECHILD);
	child = launch("exit 3", none, without, NULL);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), -ECHILD);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, &status, &error), -ECHILD);
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	ck_assert_ptr_nonnull(strstr(error.text, "wait for true: "));
	ck_assert_int_eq(status, 4711);
}

START_TEST(a_status_that_the_kernel_dropped_is_echild)
{
	without = _i;
	in_own_process(wait_with_sigchld_ignored);
}
END_TEST

/*
 * ---- What else there is to know
 */

static struct spu_exit wait_for_change(struct spu_child *child, int timeout_ms, unsigned flags)
{
	struct spu_exit change = SPU_EXIT_INIT;

	ck_assert_int_eq(spu_wait4(child, timeout_ms, flags, &change), 0);
	return change;
}

/* The kernel adds up the same for all that were reaped. */
START_TEST(wait4_tells_the_resources_that_were_used)
{
	struct rusage before, after;
	struct spu_child child;
	struct spu_exit change;

	getrusage(RUSAGE_CHILDREN, &before);
	child = launch("i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; (exit 5); exit 7",
		       none, _i, NULL);
	change = wait_for_change(&child, _i ? 60000 : -1, 0);
	getrusage(RUSAGE_CHILDREN, &after);
	ck_assert_int_eq(change.status, 7 << 8);
	ck_assert_int_gt(change.usage.ru_minflt, 0);
	ck_assert_int_eq(change.usage.ru_minflt, after.ru_minflt - before.ru_minflt);
	ck_assert_int_eq(change.usage.ru_nvcsw, after.ru_nvcsw - before.ru_nvcsw);
	ck_assert_int_eq(change.usage.ru_utime.tv_sec * 1000000 + change.usage.ru_utime.tv_usec,
			 (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
			 after.ru_utime.tv_usec - before.ru_utime.tv_usec);
	ck_assert_int_gt(change.usage.ru_maxrss, 0);
	ck_assert_int_eq(spu_wait4(&child, -1, 0, &change), -ECHILD);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), -ESRCH);
	spu_child_release(&child);
	assert_no_child();
}
END_TEST

START_TEST(wait4_tells_of_stops)
{
	const unsigned all = SPU_WAIT_STOPPED | SPU_WAIT_CONTINUED;
	int timeout_ms = _i & 2 ? 60000 : -1, i;
	struct spu_child child = launch("kill -STOP $$; kill -STOP $$; exit 5", none, _i & 1, NULL);
	struct spu_exit change = SPU_EXIT_INIT;

	change = wait_for_change(&child, timeout_ms, all);
	ck_assert(WIFSTOPPED(change.status));
	ck_assert_int_eq(WSTOPSIG(change.status), SIGSTOP);
	ck_assert_int_eq(spu_exit_code(change.status), 128 + SIGSTOP);
	/* once, and to nobody who didn't ask */
	ck_assert_int_eq(spu_wait4(&child, 0, all, &change), -ETIMEDOUT);
	ck_assert_int_eq(spu_kill(&child, SIGCONT, 0), 0);
	ck_assert_int_eq(spu_wait4(&child, 0, SPU_WAIT_LOOK, &change), -ETIMEDOUT);
	change = wait_for_change(&child, timeout_ms, SPU_WAIT_STOPPED);
	ck_assert(WIFSTOPPED(change.status));
	ck_assert_int_eq(spu_kill(&child, SIGCONT, 0), 0);
	/* it may end before anybody looks, which is what is told then */
	change = wait_for_change(&child, timeout_ms, all);
	for (i = 0; i < 2 && WIFCONTINUED(change.status); i++)
		change = wait_for_change(&child, timeout_ms, all);
	ck_assert_int_eq(change.status, 5 << 8);
	ck_assert_int_eq(spu_wait4(&child, timeout_ms, all, &change), -ECHILD);
	spu_child_release(&child);
	assert_no_child();
}
END_TEST

static const int changes[] = {WSTOPPED, WCONTINUED};
static int change_taken;
static pid_t killed_meanwhile;

/* The call is done again with a bit that changes nothing and that the filter doesn't know. */
static void kill_then_take(int number, siginfo_t *info, void *context)
{
	siginfo_t found;
	int r;

	(void)number, (void)info;
	kill(killed_meanwhile, SIGKILL);
	waitid(P_PID, (id_t)killed_meanwhile, &found, WEXITED | WNOWAIT);
	r = waitid(P_PID, (id_t)killed_meanwhile, &found,
		   change_taken | WNOHANG | __WALL | __WNOTHREAD);
	answer_trap(context, r < 0 ? -errno : r);
}

static void wait_for_what_dies_meanwhile(void)
{
	const struct sigaction action = {.sa_sigaction = kill_then_take, .sa_flags = SA_SIGINFO};
	struct spu_child child = launch("exec sleep 1000", none, without, NULL);
	struct spu_exit change;

	killed_meanwhile = child.pid;
	ck_assert_int_eq(spu_kill(&child, SIGSTOP, 0), 0);
	wait_for_change(&child, -1, SPU_WAIT_STOPPED | SPU_WAIT_LOOK);
	if (change_taken == WCONTINUED)
		ck_assert_int_eq(spu_kill(&child, SIGCONT, 0), 0);
	ck_assert_int_eq(sigaction(SIGSYS, &action, NULL), 0);
	filter_argument(SYS_waitid, 3, ~0U, (uint32_t)(change_taken | WNOHANG) | __WALL,
			SECCOMP_RET_TRAP);
	change = wait_for_change(&child, -1, SPU_WAIT_STOPPED | SPU_WAIT_CONTINUED);
	ck_assert_int_eq(change.status, SIGKILL);
	spu_child_release(&child);
	assert_no_child();
}

START_TEST(wait4_tells_the_end_of_a_stopped_child_that_dies_meanwhile)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	if (!MAY_ANSWER_TRAPS)
		SKIP(SUITE, NO_ANSWER);
	if (waitid(P_ALL, 0, NULL, WEXITED | WNOHANG) < 0 && errno != ECHILD)
		SKIP(SUITE, "waitid is refused here, so that it can't be trapped");
	without = _i & 1;
	change_taken = changes[_i >> 1];
	in_own_process(wait_for_what_dies_meanwhile);
}
END_TEST

START_TEST(wait4_tells_of_going_on)
{
	struct spu_child child = launch("kill -STOP $$; exec sleep 1000", none, _i, NULL);
	struct spu_exit change;

	change = wait_for_change(&child, 60000, SPU_WAIT_STOPPED);
	ck_assert_int_eq(spu_kill(&child, SIGCONT, 0), 0);
	change = wait_for_change(&child, 60000, SPU_WAIT_CONTINUED);
	ck_assert(WIFCONTINUED(change.status));
	ck_assert_int_eq(spu_wait(&child, 0, NULL), -ETIMEDOUT);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &change.status), 0);
	ck_assert_int_eq(change.status, SIGTERM);
	spu_child_release(&child);
}
END_TEST

START_TEST(wait4_may_look_only)
{
	struct spu_child child = launch("exit 6", none, _i, NULL);
	int i, status;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(wait_for_change(&child, 60000, SPU_WAIT_LOOK |
						 SPU_WAIT_STOPPED).status, 6 << 8);
	/* it has its number still */
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), 0);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 6 << 8);
	spu_child_release(&child);
}
END_TEST

/* From a program that was built with a newer header, or none. */
START_TEST(wait4_takes_structs_of_other_sizes)
{
	struct {
		struct spu_exit change;
		unsigned char newer[64], behind;
	} larger;
	struct spu_child child = launch("exit 6", none, 0, NULL);
	size_t i;

	memset(&larger, 0x55, sizeof(larger));
	for (i = 0; i < sizeof(larger.change); i++) {
		larger.change.size = i;
		ck_assert_int_eq(spu_wait4(&child, -1, 0, &larger.change), -EINVAL);
	}
	larger.change.size = 4097;
	ck_assert_int_eq(spu_wait4(&child, -1, 0, &larger.change), -E2BIG);
	larger.change.size = sizeof(larger.change) + sizeof(larger.newer);
	ck_assert_int_eq(spu_wait4(&child, -1, 1u << 3, &larger.change), -EINVAL);
	ck_assert_int_eq(larger.change.status, 0x55555555);
	ck_assert_int_eq(spu_wait4(&child, -1, 0, &larger.change), 0);
	ck_assert_int_eq(larger.change.status, 6 << 8);
	ck_assert_uint_eq(larger.change.size, sizeof(larger.change) + sizeof(larger.newer));
	ck_assert_uint_eq(larger.change.reserved, 0);
	for (i = 0; i < sizeof(larger.newer); i++)
		ck_assert_uint_eq(larger.newer[i], 0);
	ck_assert_uint_eq(larger.behind, 0x55);
	spu_child_release(&child);
}
END_TEST

/*
 * ---- Interrupted
 */

static atomic_int interruptions;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&interruptions, 1);
}

/* Lets the child go only after the handler has run some times. */
static void *close_after_signals(void *argument)
{
	int now = atomic_load(&interruptions);

	while (atomic_load(&interruptions) < now + 5)
		usleep(1000);
	close(*(int *)argument);
	return NULL;
}

START_TEST(handlers_do_not_end_a_wait)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
	static const int timeouts[] = {-1, 60000};
	int round, in, status;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (round = 0; round < 2; round++) {
		struct spu_child child;
		struct spu_error error;
		pthread_t thread;
		int r = spu_spawn(&child, SPU_ARGV("cat"),
				  SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_NULL(1))),
				  &error);

		ASSERT_OK(r, error);
		if (_i)
			drop_pidfd(&child);
		pthread_create(&thread, NULL, close_after_signals, &in);
		status = -1;
		ck_assert_int_eq(spu_wait(&child, timeouts[round], &status), 0);
		ck_assert_int_eq(status, 0);
		pthread_join(thread, NULL);
		spu_child_release(&child);
	}
	setitimer(ITIMER_REAL, &never, NULL);
}
END_TEST

/*
 * ---- Signals
 */

START_TEST(kill_sends_and_looks)
{
	struct spu_child child = launch("exec sleep 1000", none, _i, NULL);
	int status;

	ck_assert_int_eq(spu_kill(&child, 0, 0), 0);
	ck_assert_int_eq(spu_kill(&child, -1, 0), -EINVAL);
	ck_assert_int_eq(spu_kill(&child, 65, 0), -EINVAL);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 1u << 7), -EINVAL);
	/* it leads no group: nothing is sent to ours */
	ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), -ESRCH);
	ck_assert_int_eq(spu_wait(&child, 0, NULL), -ETIMEDOUT);
	ck_assert_int_eq(spu_kill(&child, SIGINT, 0), 0);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, SIGINT);
	ck_assert_int_eq(spu_kill(&child, SIGINT, 0), -ESRCH);
	spu_child_release(&child);
}
END_TEST

START_TEST(kill_reaches_the_whole_group)
{
	int out, status;
	struct spu_child child =
		launch("sleep 1000 & sleep 1000 & echo ready; wait", own_group, _i, &out);

	await_line(out);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), 0);
	await_nobody(out);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, SIGTERM);
	spu_child_release(&child);
}
END_TEST

static void kill_the_group_without_kill(void)
{
	int out, status;
	struct spu_child child =
		launch("sleep 1000 & sleep 1000 & echo ready; wait", own_group, 0, &out);

	await_line(out);
	/* PIDFD_SIGNAL_PROCESS_GROUP: else there is only the number to go by */
	if (syscall(SYS_pidfd_send_signal, child.pidfd, 0, NULL, 4) == 0)
		filter_call(SYS_kill, ANSWER(EACCES));
	ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), 0);
	await_nobody(out);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, SIGTERM);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), -ESRCH);
	spu_child_release(&child);
}

/* Its number may be another's, if the leader is reaped at that moment. */
START_TEST(a_group_gets_signals_by_the_pidfd)
{
	if (!has_pidfds())
		SKIP(SUITE, "no pidfds here");
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	in_own_process(kill_the_group_without_kill);
}
END_TEST

/* Into somebody else's group: ours. The group that it began with has a member still, or none. */
static const char *const left_how[] = {"group", "alone"};

static const char *our_group(void)
{
	static char group[32];

	snprintf(group, sizeof(group), "%d", (int)getpgrp());
	return group;
}

/* A child that says its first line when it is as the helper report_evade promises. */
static struct spu_child launch_evading(const char *how, const char *group, struct spu_fd in,
				       int *ret_out)
{
	struct spu_child child;
	struct spu_error error;
	int r = spu_spawn(&child, SPU_ARGV(helper("report_evade"), how, group), SPU_OPTIONS(
				.pgroup = SPU_SET(0),
				.fds = SPU_FDS(in, SPU_PIPE_OUT(1, ret_out))), &error);

	ASSERT_OK(r, error);
	return child;
}

START_TEST(signals_reach_a_child_that_has_left_its_group)
{
	static const int signals[] = {0, SIGTERM};
	size_t i;

	for (i = 0; i < 4; i++) {
		int out, status;
		struct spu_child child = launch_evading(left_how[i % 2], our_group(), no_input,
							 &out);

		if (_i)
			drop_pidfd(&child);
		await_line(out);
		ck_assert_int_eq(spu_kill(&child, 0, SPU_GROUP), 0);
		if (signals[i / 2]) {
			ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), 0);
			ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
		} else {
			ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, SPU_GROUP, &status), 0);
		}
		ck_assert_int_eq(status, SIGTERM);
		await_nobody(out);
		spu_child_release(&child);
	}
	assert_no_child();
}
END_TEST

/* Not once for the group and once for its leader: signals that queue show that */
START_TEST(a_groups_leader_gets_a_signal_once)
{
	char script[PATH_MAX + 16];
	struct spu_child child;
	int out, status;

	snprintf(script, sizeof(script), "exec %s 41", helper("ss_catch"));
	child = launch(script, own_group, _i, &out);
	await_line(out);
	ck_assert_int_eq(spu_kill(&child, 40, SPU_GROUP), 0);
	ck_assert_int_eq(spu_kill(&child, 41, SPU_GROUP), 0);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(read_all(out), "got 40\ngot 41\n");
	spu_child_release(&child);
}
END_TEST

static void caught(int number)
{
	(void)number;
	_exit(1);
}

static void signal_nobody(void)
{
	struct spu_child children[] = {{0}, SPU_CHILD_INIT, {.pid = -1, .pidfd = -1}};
	int status = 4711;
	size_t i;

	/* kill(2) means its caller's group by 0, and everybody by -1 */
	ck_assert_int_eq(setpgid(0, 0), 0);
	signal(SIGUSR1, caught);
	for (i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
		int number = i < 2 ? SIGUSR1 : 0;

		ck_assert_int_eq(spu_kill(&children[i], number, 0), -ESRCH);
		ck_assert_int_eq(spu_kill(&children[i], number, SPU_GROUP), -ESRCH);
		ck_assert_int_eq(spu_wait(&children[i], -1, &status), -ECHILD);
		ck_assert_int_eq(spu_wait(&children[i], 0, &status), -ECHILD);
	}
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(spu_stop(&children[i], SIGUSR1, 0, 0, &status), -ECHILD);
		ck_assert_int_eq(spu_stop(&children[i], SIGUSR1, 0, SPU_GROUP, &status), -ECHILD);
	}
	ck_assert_int_eq(status, 4711);
}

START_TEST(where_there_is_no_child_nobody_is_signalled)
{
	in_own_process(signal_nobody);
}
END_TEST

static atomic_int waiting;

static void *wait_in_thread(void *argument)
{
	int status = -1, r;

	atomic_store(&waiting, 1);
	r = spu_wait(argument, -1, &status);
	return (void *)(intptr_t)(r < 0 ? r : status);
}

START_TEST(kill_works_beside_a_waiting_thread)
{
	struct spu_child child = launch("exec sleep 1000", none, _i, NULL);
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, wait_in_thread, &child);
	while (!atomic_load(&waiting))
		usleep(100);
	usleep(2000);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), 0);
	pthread_join(thread, &result);
	ck_assert_int_eq((int)(intptr_t)result, SIGTERM);
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), -ESRCH);
	spu_child_release(&child);
}
END_TEST

START_TEST(of_two_waiting_threads_one_gets_the_status)
{
	int round, rounds = is_under_valgrind() ? 5 : 50;

	for (round = 0; round < rounds; round++) {
		struct spu_child child = launch("exit 5", none, _i, NULL);
		pthread_t threads[2];
		void *results[2];
		int i, got = 0, lost = 0;

		for (i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, wait_in_thread, &child);
		for (i = 0; i < 2; i++) {
			pthread_join(threads[i], &results[i]);
			got += (intptr_t)results[i] == 5 << 8;
			lost += (intptr_t)results[i] == -ECHILD;
		}
		ck_assert_int_eq(got, 1);
		ck_assert_int_eq(lost, 1);
		spu_child_release(&child);
	}
}
END_TEST

/*
 * ---- Stopping
 */

START_TEST(stop_ends_who_obeys)
{
	int out, status;
	struct spu_child child = launch(
		"trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done", none, _i, &out);

	await_line(out);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &status), 0);
	ck_assert_int_eq(status, 9 << 8);
	await_nobody(out);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &status), -ECHILD);
	spu_child_release(&child);
	assert_no_child();
}
END_TEST

START_TEST(stop_kills_who_does_not_obey)
{
	int out, status;
	struct spu_child child =
		launch("trap '' TERM; echo ready; exec sleep 1000", none, _i, &out);

	await_line(out);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 20, 0, &status), 0);
	ck_assert_int_eq(status, SIGKILL);
	await_nobody(out);
	spu_child_release(&child);
	child = launch("trap '' TERM; echo ready; exec sleep 1000", own_group, _i, &out);
	await_line(out);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 0, SPU_GROUP, NULL), 0);
	await_nobody(out);
	spu_child_release(&child);
	assert_no_child();
}
END_TEST

START_TEST(stop_ends_a_stopped_child)
{
	int out, status;
	struct spu_child child =
		launch("trap 'exit 9' TERM; echo ready; kill -STOP $$", none, _i, &out);

	await_line(out);
	ck_assert_int_eq(waitpid(child.pid, &status, WUNTRACED), child.pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &status), 0);
	ck_assert_int_eq(status, 9 << 8);
	close(out);
	spu_child_release(&child);
}
END_TEST

START_TEST(stop_takes_the_grandchildren_along)
{
	int out, status;
	struct spu_child child = launch(
		"trap '' TERM; sleep 1000 & sleep 1000 & trap - TERM; echo ready; wait",
		own_group, _i, &out);

	await_line(out);
	/* the leader obeys, the others don't */
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, SPU_GROUP, &status), 0);
	ck_assert_int_eq(status, SIGTERM);
	await_nobody(out);
	spu_child_release(&child);
}
END_TEST

START_TEST(stop_of_a_child_that_has_ended_gives_its_status)
{
	int out, status;
	struct spu_child child = launch("exit 4", own_group, _i, &out);

	await_nobody(out);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, _i ? 0 : SPU_GROUP, &status), 0);
	/* it may have been on its way to the end still */
	ck_assert(status == 4 << 8 || status == SIGTERM);
	spu_child_release(&child);
}
END_TEST

/* Its zombie keeps the group's number; who is in the group may obey or not. */
START_TEST(stop_ends_the_group_of_a_child_that_has_ended)
{
	static const char *const scripts[] = {
		"sleep 1000 & echo ready; exit 3",
		"trap '' TERM; sleep 1000 & echo ready; exit 3",
	};
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		int out, status;
		struct spu_child child = launch(scripts[i], own_group, _i, &out);

		await_line(out);
		ck_assert_int_eq(wait_for_change(&child, 60000, SPU_WAIT_LOOK).status, 3 << 8);
		ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, SPU_GROUP, &status), 0);
		ck_assert_int_eq(status, 3 << 8);
		await_nobody(out);
		spu_child_release(&child);
	}
	assert_no_child();
}
END_TEST

START_TEST(stop_sends_nothing_where_it_fails)
{
	struct spu_child child = launch("exec sleep 1000", none, _i, NULL);
	int status = 4711;

	ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, SPU_GROUP, &status), -ESRCH);
	ck_assert_int_eq(spu_stop(&child, 0, 0, 0, &status), -EINVAL);
	ck_assert_int_eq(spu_stop(&child, 65, 0, 0, &status), -EINVAL);
	ck_assert_int_eq(spu_stop(&child, SIGKILL, -1, 0, &status), -EINVAL);
	ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, 1u << 9, &status), -EINVAL);
	ck_assert_int_eq(spu_wait(&child, 10, &status), -ETIMEDOUT);
	ck_assert_int_eq(status, 4711);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &status), 0);
	ck_assert_int_eq(status, SIGTERM);
	spu_child_release(&child);
}
END_TEST

START_TEST(stop_leaves_a_detached_process_alone)
{
	const struct spu_options detached = {.size = sizeof(detached), .flags = SPU_DETACH};
	struct spu_child child;
	char line[16];
	int out;

	child = launch("echo $$; exec sleep 1000", detached, 0, &out);
	ck_assert_int_ge(read(out, line, sizeof(line) - 1), 1);
	ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, 0, NULL), -ECHILD);
	/* it would be gone, or at most somebody's zombie */
	ck_assert_int_eq(fcntl(out, F_SETFL, O_NONBLOCK), 0);
	usleep(10000);
	ck_assert_int_eq(read(out, line, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(kill(child.pid, SIGKILL), 0);
	ck_assert_int_eq(fcntl(out, F_SETFL, 0), 0);
	await_nobody(out);
}
END_TEST

START_TEST(release_closes_the_pidfd_and_no_more)
{
	size_t open_before = count_open();
	struct spu_child child = launch("exit 6", none, 0, NULL);

	spu_child_release(&child);
	ck_assert_int_eq(child.pidfd, -1);
	ck_assert_uint_eq(count_open(), open_before);
	spu_child_release(&child);
	ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
}
END_TEST

START_TEST(release_of_no_child_does_nothing)
{
	struct spu_child zeros = {0}, none_yet = SPU_CHILD_INIT;
	size_t open_before = count_open();

	ck_assert_int_eq(none_yet.pidfd, -1);
	spu_child_release(NULL);
	spu_child_release(&zeros);
	spu_child_release(&none_yet);
	ck_assert_uint_eq(count_open(), open_before);
}
END_TEST

/*
 * ---- Who can't be ended
 */

/* As root without CAP_KILL, as a user whose child is a setuid program. */
static void give_up_kill(void)
{
	uint32_t who[2] = {0x20080522, 0}, capabilities[6];

	ck_assert_int_eq(syscall(SYS_capget, who, capabilities), 0);
	capabilities[0] &= ~(1u << 5);
	ck_assert_int_eq(syscall(SYS_capset, who, capabilities), 0);
}

static void kill_without_the_right_to(void)
{
	struct spu_child child;
	struct spu_error error;
	int in, r;

	r = spu_spawn(&child, SPU_ARGV("cat"), SPU_OPTIONS(
				.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS,
				.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_NULL(1))), &error);
	ASSERT_OK(r, error);
	give_up_kill();
	filter_call(SYS_kill, ANSWER(ESRCH));
	ck_assert_int_eq(spu_kill(&child, SIGTERM, 0), -EPERM);
	close(in);
	ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
	spu_child_release(&child);
}

/* By its number it may be another process by then, and one that may be signalled. */
START_TEST(a_signal_that_the_pidfd_may_not_send_goes_to_no_number)
{
	if (geteuid() != 0)
		SKIP(SUITE, "needs root");
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	syscall(SYS_pidfd_send_signal, -1, 0, NULL, 0);
	if (errno != EBADF || !has_pidfds())
		SKIP(SUITE, "no signals by pidfds here");
	in_own_process(kill_without_the_right_to);
}
END_TEST

/* The grace is doubled until the child is so far in it that SIGKILL is refused. */
static void stop_what_takes_other_ids(void)
{
	int in[2], out, status = 4711, grace_ms = 50, r;
	struct spu_child child;

	give_up_kill();
	do {
		ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
		child = launch_evading("ids", NULL, (struct spu_fd)SPU_MAP(0, in[0]), &out);
		await_line(out);
		r = spu_stop(&child, SIGTERM, grace_ms, SPU_GROUP, &status);
		ck_assert(r == -EPERM || grace_ms < 60000);
		if (r == -EPERM)
			ck_assert_int_eq(spu_kill(&child, SIGTERM, SPU_GROUP), -EPERM);
		grace_ms *= 2;
		close(in[0]);
		close(in[1]);
		if (r != -EPERM)
			spu_child_release(&child);
		close(out);
	} while (r != -EPERM);
	/* It may not be signalled, but it is ours to wait for. */
	while ((r = spu_kill(&child, SIGTERM, 0)) == -EPERM)
		usleep(1000);	/* until it has ended, and no right is asked for */
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 0, SPU_GROUP, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	assert_no_child();
}

START_TEST(stop_comes_back_from_a_child_that_may_not_be_killed)
{
	if (geteuid() != 0)
		SKIP(SUITE, "needs root");
	in_own_process(stop_what_takes_other_ids);
}
END_TEST

static void run_what_takes_other_ids(void)
{
	size_t open_before = count_open();
	int in[2], status = 4711, r;
	struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;
	char text[100];

	give_up_kill();
	options.grace_ms = 50;
	for (options.timeout_ms = 50;; options.timeout_ms *= 2, options.grace_ms *= 2) {
		ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
		options.fds = (const struct spu_fd[]){SPU_MAP(0, in[0]), SPU_NULL(1), {0}};
		r = spu_run(SPU_ARGV(helper("report_evade"), "ids"), &options, &status, &error);
		close(in[0]);
		close(in[1]);
		if (r == -EPERM)
			break;
		ck_assert_int_eq(r, -ETIMEDOUT);
		ck_assert_int_eq(error.pid, 0);
		ck_assert_int_lt(options.timeout_ms, 60000);
		status = 4711;
	}
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	snprintf(text, sizeof(text), " and process %d can't be signalled: %s", (int)error.pid,
		 strerror(EPERM));
	ck_assert_msg(ends_with(error.text, text), "%s", error.text);
	ck_assert_int_eq(status, 4711);
	/* it is ours by its number */
	ck_assert_int_eq(waitpid(error.pid, &status, 0), error.pid);
	ck_assert_int_eq(status, 0);
	assert_unchanged(open_before);
}

START_TEST(run_comes_back_from_a_child_that_may_not_be_killed)
{
	if (geteuid() != 0)
		SKIP(SUITE, "needs root");
	in_own_process(run_what_takes_other_ids);
}
END_TEST

/* What somebody traces is a zombie for him alone until he waits for it or goes. */
static int run_traced(struct spu_error *error, int *ret_out)
{
	int ends[2], r;
	char said[16] = "";

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	r = spu_run(SPU_ARGV(helper("report_evade"), "traced"), SPU_OPTIONS(
			.timeout_ms = 1000, .stop_signal = SIGKILL, .grace_ms = 1,
			.fds = SPU_FDS(SPU_MAP(1, ends[1]))), NULL, error);
	close(ends[1]);
	ck_assert_int_ge(read(ends[0], said, sizeof(said) - 1), 0);
	close(ends[0]);
	*ret_out = atoi(said);
	return r;
}

struct traced_run {
	struct spu_error error;
	int tracer, r;
};

static void *run_traced_in_thread(void *argument)
{
	struct traced_run *run = argument;

	run->r = run_traced(&run->error, &run->tracer);
	return NULL;
}

/* Both at once: each waits for five seconds after SIGKILL. */
START_TEST(no_call_waits_for_ever_for_what_sigkill_does_not_end)
{
	struct traced_run run = {.error = {.pid = 4711}};
	int out, tracer, status = 4711;
	struct spu_child child = launch_evading("traced", NULL, no_input, &out);
	char said[16] = "";
	pthread_t thread;

	pthread_create(&thread, NULL, run_traced_in_thread, &run);
	ck_assert_int_ge(read(out, said, sizeof(said) - 1), 1);
	close(out);
	tracer = atoi(said);
	if (tracer == 0) {
		ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, SPU_GROUP, NULL), 0);
		spu_child_release(&child);
		pthread_join(thread, NULL);
		SKIP(SUITE, "no process may be traced here");
	}
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 1, SPU_GROUP, &status), -EBUSY);
	ck_assert_int_eq(status, 4711);
	ck_assert_int_eq(spu_wait(&child, 0, &status), -ETIMEDOUT);
	kill(tracer, SIGKILL);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert(status == SIGTERM || status == SIGKILL);
	spu_child_release(&child);
	pthread_join(thread, NULL);
	/* where its first two seconds weren't enough for the tracer it just ended */
	if (run.tracer > 0) {
		ck_assert_int_eq(run.r, -EBUSY);
		ck_assert_uint_eq(run.error.step, SPU_STEP_WAIT);
		ck_assert_ptr_nonnull(strstr(run.error.text, "doesn't end by SIGKILL"));
		kill(run.tracer, SIGKILL);
		ck_assert_int_eq(waitpid(run.error.pid, &status, 0), run.error.pid);
		ck_assert_int_eq(status, SIGKILL);
	}
	assert_no_child();
}
END_TEST

/*
 * ---- Launch and wait in one
 */

START_TEST(run_gives_the_status)
{
	size_t open_before = count_open();
	int status = -1;

	ck_assert_int_eq(spu_run(SPU_ARGV("sh", "-c", "exit 12"), NULL, &status, NULL), 0);
	ck_assert_int_eq(status, 12 << 8);
	ck_assert_int_eq(spu_run(SPU_ARGV("sh", "-c", "exit 12"), SPU_OPTIONS(.timeout_ms = 60000),
				 &status, NULL),
			 0);
	ck_assert_int_eq(status, 12 << 8);
	ck_assert_int_eq(spu_run(SPU_ARGV("sh", "-c", "kill $$"), NULL, &status, NULL), 0);
	ck_assert_int_eq(status, SIGTERM);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	assert_unchanged(open_before);
}
END_TEST

/*
 * Runs out of time, which is doubled until the child has said in time that it
 * is ready. Nobody may be left who holds its output. Returns the status.
 */
static int run_out_of_time(char *const argv[], struct spu_options options)
{
	struct spu_error error;
	char said[16], text[64];
	int ends[2], status = -1, r;
	ssize_t got;

	for (options.timeout_ms = 200;; options.timeout_ms *= 2) {
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
		options.fds = (const struct spu_fd[]){SPU_MAP(1, ends[1]), {0}};
		r = spu_run(argv, &options, &status, &error);
		ck_assert_int_eq(r, -ETIMEDOUT);
		ck_assert_int_eq(error.err, ETIMEDOUT);
		snprintf(text, sizeof(text), " took longer than %d ms", options.timeout_ms);
		ck_assert_msg(ends_with(error.text, text), "%s", error.text);
		close(ends[1]);
		got = read(ends[0], said, sizeof(said));
		await_nobody(ends[0]);
		if (got > 0) {
			ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
			return status;
		}
	}
}

START_TEST(run_ends_the_group_when_its_time_is_over)
{
	static const struct {
		const char *script;
		int signal, status;
		unsigned flags;
	} cases[] = {
		{"sleep 1000 & echo ready; sleep 1000", 0, SIGTERM, 0},
		{"sleep 1000 & echo ready; sleep 1000", SIGUSR1, SIGUSR1, 0},
		{"sleep 1000 & echo ready; sleep 1000", 0, SIGTERM, SPU_SETSID},
		{"trap '' TERM; sleep 1000 & echo ready; sleep 1000", 0, SIGKILL, 0},
		{"(trap '' TERM; echo ready; exec sleep 1000) & wait", 0, SIGTERM, 0},
		{"trap 'exit 33' TERM; echo ready; while :; do sleep 0.01; done", 0, 33 << 8, 0},
		{"echo ready; kill -STOP $$", 0, SIGTERM, 0},
	};
	const struct spu_options options = {
		.size = sizeof(options), .grace_ms = cases[_i].status == SIGKILL ? 20 : 60000,
		.stop_signal = cases[_i].signal, .flags = cases[_i].flags};
	size_t open_before = count_open();

	ck_assert_int_eq(run_out_of_time(SPU_ARGV("sh", "-c", cases[_i].script), options),
			 cases[_i].status);
	assert_unchanged(open_before);
}
END_TEST

/* As a group gets them by the number of a leader that is gone. */
static int reaches_groups_by_pidfd(void)
{
	struct spu_child child = launch("exec sleep 1000", own_group, 0, NULL);
	int is_reached = child.pidfd >= 0 &&
			 syscall(SYS_pidfd_send_signal, child.pidfd, 0, NULL, 4) == 0;

	ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, SPU_GROUP, NULL), 0);
	spu_child_release(&child);
	return is_reached;
}

static void run_out_of_time_with_sigchld_ignored(void)
{
	struct spu_options options = {.size = sizeof(options), .timeout_ms = 200, .grace_ms = 60000};
	struct spu_error error;
	char said[16], text[100];
	int ends[2], status = 4711, r;
	ssize_t got;

	signal(SIGCHLD, SIG_IGN);
	do {
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
		options.fds = (const struct spu_fd[]){SPU_MAP(1, ends[1]), {0}};
		options.timeout_ms *= 2;
		r = spu_run(SPU_ARGV("sh", "-c", "trap '' TERM; sleep 1000 & trap - TERM; echo ready; "
						 "wait"), &options, &status, &error);
		close(ends[1]);
		got = read(ends[0], said, sizeof(said));
		await_nobody(ends[0]);
	} while (got == 0);
	ck_assert_int_eq(r, -ECHILD);
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	snprintf(text, sizeof(text), "sh took longer than %d ms, and its status is lost: %s",
		 options.timeout_ms, strerror(ECHILD));
	ck_assert_str_eq(error.text, text);
	ck_assert_int_eq(status, 4711);
}

START_TEST(run_ends_the_group_also_where_the_kernel_drops_the_status)
{
	if (!reaches_groups_by_pidfd())
		SKIP(SUITE, "a group without a leader isn't reached by a pidfd here");
	in_own_process(run_out_of_time_with_sigchld_ignored);
}
END_TEST

START_TEST(run_ends_a_child_that_has_left_its_group)
{
	const struct spu_options options = {.size = sizeof(options), .grace_ms = 60000};
	size_t open_before = count_open();

	ck_assert_int_eq(run_out_of_time(SPU_ARGV(helper("report_evade"), left_how[_i],
						  our_group()), options),
			 SIGTERM);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(run_refuses_what_makes_no_sense)
{
	size_t open_before = count_open();
	struct spu_error error;
	int in = -7;

	if (posix_spawn_lies())
		SKIP(SUITE, LIES_HERE);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in))),
				 NULL, &error),
			 -EINVAL);
	ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
	ck_assert_ptr_nonnull(strstr(error.text, "pipe"));
	ck_assert_int_eq(spu_run(SPU_ARGV("true"),
				 SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_OUT(1, &in))), NULL, &error),
			 -EINVAL);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH), NULL, &error),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "detached"));
	ck_assert_int_eq(in, -7);
	ck_assert_int_eq(spu_run(SPU_ARGV("/nowhere"), NULL, &in, &error), -ENOENT);
	ck_assert_uint_eq(error.step, step_of_exec());
	ck_assert_int_eq(in, -7);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_command_is_run_by_the_shell)
{
	size_t open_before = count_open();
	struct spu_error error;
	int status = -1, ends[2], r;

	if (posix_spawn_lies())
		SKIP(SUITE, LIES_HERE);
	r = spu_system_with("exit 12", NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 12 << 8);
	/* a command, not an option; and options do what they do elsewhere */
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	r = spu_system_with("-e 2>&1; pwd; echo $A; echo $0", SPU_OPTIONS(
				.cwd = "/", .env = SPU_ARGV("A=b", "PATH=/bin:/usr/bin"),
				.fds = SPU_FDS(SPU_MAP(1, ends[1]))), &status, &error);
	ASSERT_OK(r, error);
	close(ends[1]);
	ck_assert_ptr_nonnull(strstr(read_all(ends[0]), "not found\n/\nb\nsh\n"));
	ck_assert_int_eq(spu_system_with(NULL, NULL, &status, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "command"));
	r = spu_system_with("exit 3", SPU_OPTIONS(.file = "/nonexistent/sh"), &status, &error);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_uint_eq(error.step, step_of_exec());
	r = spu_system_with("sleep 1000 & sleep 1000", SPU_OPTIONS(.timeout_ms = 500), &status,
			    &error);
	ck_assert_int_eq(r, -ETIMEDOUT);
	ck_assert_str_eq(error.text, "\"sleep 1000 & sleep 1000\" took longer than 500 ms");
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_command_with_options_leaks_nothing_unless_allowed)
{
	static const char has[] = "(exec 3<&9) 2>/dev/null || exit 44";
	struct spu_error error;
	int status, r;

	ck_assert_int_eq(dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 9), 9);
	r = spu_system_with(has, NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 44 << 8);
	r = spu_system_with(has, SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW), &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	close(9);
}
END_TEST

/* Unlike spu_system() it takes no signal away from the program. */
START_TEST(a_command_with_options_leaves_signals_alone)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct spu_error error;
	int status, r, before = atomic_load(&interruptions);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	r = spu_system_with("kill -INT $PPID; kill -QUIT $PPID", NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(atomic_load(&interruptions), before + 3);
}
END_TEST

/* From a program that was built with a newer header. */
START_TEST(run_takes_options_of_other_sizes)
{
	struct {
		struct spu_options options;
		char newer[256];
	} larger;
	struct spu_error error;
	int status, r;

	memset(&larger, 0, sizeof(larger));
	larger.options.size = sizeof(larger);
	larger.options.timeout_ms = 60000;
	r = spu_run(SPU_ARGV("sh", "-c", "exit 3"), &larger.options, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 3 << 8);
	larger.newer[255] = 1;
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), &larger.options, &status, &error), -E2BIG);
}
END_TEST

/*
 * ---- SIGCHLD
 */

START_TEST(a_handler_that_reaps_everything_takes_no_status)
{
	static const struct spu_options cases[] = {
		SPU_OPTIONS_INIT,
		{.size = sizeof(cases[0]), .timeout_ms = 60000},
		{.size = sizeof(cases[0]), .flags = SPU_NO_PIDFD},
		{.size = sizeof(cases[0]), .flags = SPU_NO_PIDFD | SPU_KEEP_MASK,
		 .timeout_ms = 60000},
	};
	struct sigaction action = {.sa_handler = reap_all, .sa_flags = SA_RESTART};
	struct spu_error error;
	int round, status, r;
	size_t i;

	sigaction(SIGCHLD, &action, NULL);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			status = -1;
			r = spu_run(SPU_ARGV("sh", "-c", "sleep 0.01; exit 3"), &cases[i], &status,
				    &error);
			ASSERT_OK(r, error);
			ck_assert_int_eq(status, 3 << 8);
			r = spu_system_with("sleep 0.01; exit 4", &cases[i], &status, &error);
			ASSERT_OK(r, error);
			ck_assert_int_eq(status, 4 << 8);
		}
	}
	/* it wasn't kept from the program, only late */
	ck_assert_int_ge(child_signals, round * (int)i * 2);
}
END_TEST

static uint64_t thread_mask(void)
{
	sigset_t mask;
	uint64_t word;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	memcpy(&word, &mask, sizeof(word));
	return word;
}

START_TEST(sigchld_is_blocked_for_the_calls_time_alone)
{
	struct spu_options keep = {.size = sizeof(keep), .flags = SPU_KEEP_MASK}, plain = none;
	uint64_t blocked = SPU_SIGNAL(SIGUSR1);
	sigset_t mask;

	if (access("/proc/self/status", R_OK) < 0)
		SKIP(SUITE, "/proc tells what a child has blocked");
	if (_i)
		keep.timeout_ms = plain.timeout_ms = 60000;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	ck_assert_uint_eq(run_report(&keep)->mask, blocked);
	ck_assert_uint_eq(thread_mask(), blocked);
	keep.block_signals = SPU_SIGNAL(SIGHUP);
	ck_assert_uint_eq(run_report(&keep)->mask, blocked | SPU_SIGNAL(SIGHUP));
	ck_assert_uint_eq(run_report(&plain)->mask, 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("/nowhere"), &plain, NULL, NULL), -ENOENT);
	ck_assert_uint_eq(thread_mask(), blocked);
	/* and what is blocked stays so */
	sigaddset(&mask, SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	keep.block_signals = 0;
	ck_assert_uint_eq(run_report(&keep)->mask, blocked | SPU_SIGNAL(SIGCHLD));
	ck_assert_uint_eq(thread_mask(), blocked | SPU_SIGNAL(SIGCHLD));
}
END_TEST

/*
 * ---- Cancelled
 */

static int held_end;
static _Atomic(uint64_t) mask_when_cancelled;

static void note_mask(void *unused)
{
	(void)unused;
	atomic_store(&mask_when_cancelled, thread_mask());
}

static void *run_in_thread(void *argument)
{
	const struct spu_options *options = argument;
	int r;

	pthread_cleanup_push(note_mask, NULL);
	r = spu_run(SPU_ARGV("sh", "-c", "trap '' TERM; echo ready; sleep 1000"), options, NULL,
		    NULL);
	pthread_cleanup_pop(0);
	return (void *)(intptr_t)r;
}

START_TEST(a_cancelled_run_kills_and_reaps_the_child)
{
	size_t open_before = count_open();
	struct spu_options options = SPU_OPTIONS_INIT;
	pthread_t thread;
	void *result;
	int ends[2];

	atomic_store(&mask_when_cancelled, ~(uint64_t)0);
	if (IS_SANITIZED)	/* asan doesn't see the unwinding of a cancelled thread's stack */
		SKIP(SUITE, "sanitizers don't know cancellation");
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	held_end = ends[1];
	options.fds = (const struct spu_fd[]){SPU_MAP(1, held_end), {0}};
	options.timeout_ms = _i == 1 ? 60000 : 0;
	options.flags = _i == 2 ? SPU_SETSID : 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, run_in_thread, &options), 0);
	await_line(ends[0]);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	ck_assert_uint_eq(atomic_load(&mask_when_cancelled), 0);
	assert_no_child();
	close(ends[1]);
	if (_i > 0)	/* the group is ended, so the shell's own child is too */
		await_nobody(ends[0]);
	else
		close(ends[0]);
	ck_assert_uint_eq(count_open(), open_before);
}
END_TEST

static void *wait_cancelled(void *argument)
{
	spu_wait(argument, -1, NULL);
	return NULL;
}

/* A wait that is cancelled leaves the child as it was. */
START_TEST(a_cancelled_wait_reaps_nothing)
{
	struct spu_child child;
	pthread_t thread;
	void *result;
	int status;

	if (IS_SANITIZED)	/* asan doesn't see the unwinding of a cancelled thread's stack */
		SKIP(SUITE, "sanitizers don't know cancellation");
	child = launch("exec sleep 1000", none, _i, NULL);
	pthread_create(&thread, NULL, wait_cancelled, &child);
	usleep(10000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	ck_assert_int_eq(spu_wait(&child, 0, &status), -ETIMEDOUT);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &status), 0);
	spu_child_release(&child);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = tcase_create("wait");

	tcase_set_timeout(tests, 100);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_checked_fixture(tests, settle, NULL);
	tcase_add_test(tests, exit_codes_are_a_shells);
	add_for_both(tests, the_status_is_waitpids);
	add_for_both(tests, a_core_dump_shows_in_the_status);
	add_for_both(tests, a_wait_that_times_out_changes_nothing);
	add_for_both(tests, a_second_wait_finds_nothing);
	add_for_both(tests, what_another_waiter_reaped_is_gone);
	add_for_both(tests, a_status_that_the_kernel_dropped_is_echild);
	add_for_both(tests, wait4_tells_the_resources_that_were_used);
	tcase_add_loop_test(tests, wait4_tells_of_stops, 0, 4);
	tcase_add_loop_test(tests, wait4_tells_the_end_of_a_stopped_child_that_dies_meanwhile, 0, 4);
	add_for_both(tests, wait4_tells_of_going_on);
	add_for_both(tests, wait4_may_look_only);
	tcase_add_test(tests, wait4_takes_structs_of_other_sizes);
	add_for_both(tests, handlers_do_not_end_a_wait);
	add_for_both(tests, kill_sends_and_looks);
	add_for_both(tests, kill_reaches_the_whole_group);
	tcase_add_test(tests, a_group_gets_signals_by_the_pidfd);
	add_for_both(tests, signals_reach_a_child_that_has_left_its_group);
	add_for_both(tests, a_groups_leader_gets_a_signal_once);
	tcase_add_test(tests, where_there_is_no_child_nobody_is_signalled);
	add_for_both(tests, kill_works_beside_a_waiting_thread);
	add_for_both(tests, of_two_waiting_threads_one_gets_the_status);
	add_for_both(tests, stop_ends_who_obeys);
	add_for_both(tests, stop_kills_who_does_not_obey);
	add_for_both(tests, stop_ends_a_stopped_child);
	add_for_both(tests, stop_takes_the_grandchildren_along);
	add_for_both(tests, stop_of_a_child_that_has_ended_gives_its_status);
	add_for_both(tests, stop_ends_the_group_of_a_child_that_has_ended);
	add_for_both(tests, stop_sends_nothing_where_it_fails);
	tcase_add_test(tests, stop_leaves_a_detached_process_alone);
	tcase_add_test(tests, release_closes_the_pidfd_and_no_more);
	tcase_add_test(tests, release_of_no_child_does_nothing);
	tcase_add_test(tests, a_signal_that_the_pidfd_may_not_send_goes_to_no_number);
	tcase_add_test(tests, stop_comes_back_from_a_child_that_may_not_be_killed);
	tcase_add_test(tests, run_comes_back_from_a_child_that_may_not_be_killed);
	tcase_add_test(tests, no_call_waits_for_ever_for_what_sigkill_does_not_end);
	tcase_add_test(tests, run_gives_the_status);
	tcase_add_loop_test(tests, run_ends_the_group_when_its_time_is_over, 0, 7);
	tcase_add_test(tests, run_ends_the_group_also_where_the_kernel_drops_the_status);
	tcase_add_loop_test(tests, run_ends_a_child_that_has_left_its_group, 0, 2);
	tcase_add_test(tests, run_refuses_what_makes_no_sense);
	tcase_add_test(tests, a_command_is_run_by_the_shell);
	tcase_add_test(tests, a_command_with_options_leaks_nothing_unless_allowed);
	tcase_add_test(tests, a_command_with_options_leaves_signals_alone);
	tcase_add_test(tests, run_takes_options_of_other_sizes);
	tcase_add_test(tests, a_handler_that_reaps_everything_takes_no_status);
	tcase_add_loop_test(tests, sigchld_is_blocked_for_the_calls_time_alone, 0, 2);
	tcase_add_loop_test(tests, a_cancelled_run_kills_and_reaps_the_child, 0, 3);
	add_for_both(tests, a_cancelled_wait_reaps_nothing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
