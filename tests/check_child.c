/* SPDX-License-Identifier: MIT */
/* What a child is like: whose it is, where, in which session, at which terminal. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "launches.h"

#define SUITE "child"

START_TEST(the_child_is_ours_and_its_pidfd_close_on_exec)
{
	const char *path = report_file();
	struct state_report *report;
	struct spu_child child;
	struct spu_error error;
	int status, r;

	r = spu_spawn(&child, SPU_ARGV(report_state(), path), SPU_OPTIONS(.method = (unsigned)_i),
		      &error);
	ASSERT_OK(r, error);
	if (child.pidfd >= 0)
		ck_assert_int_eq(fcntl(child.pidfd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	spu_child_release(&child);
	report = read_report(path);
	ck_assert_int_eq(report->pid, child.pid);
	ck_assert_int_eq(report->ppid, getpid());
	ck_assert_int_eq(report->sid, getsid(0));
	ck_assert_int_eq(report->pgid, getpgrp());
}
END_TEST

START_TEST(without_a_pidfd_the_child_is_waited_for_by_number)
{
	struct spu_child child;
	struct spu_error error;
	int status, r;

	r = spu_spawn(&child, SPU_ARGV("sh", "-c", "exit 3"),
		      SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_NO_PIDFD), &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(child.pidfd, -1);
	ck_assert_int_eq(spu_kill(&child, 0, 0), 0);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(spu_exit_code(status), 3);
	spu_child_release(&child);
}
END_TEST

START_TEST(cwd_and_umask_are_the_childs_alone)
{
	char before[PATH_MAX], resolved[PATH_MAX];
	struct state_report *report;

	getcwd(before, sizeof(before));
	ck_assert_ptr_nonnull(realpath(scratch(), resolved));
	umask(026);
	report = run_report(SPU_OPTIONS(.cwd = scratch()));
	ck_assert_str_eq(report->cwd, resolved);
	ck_assert_uint_eq(report->umask, 026);
	report = run_report(SPU_OPTIONS(.umask = SPU_SET(0)));
	ck_assert_str_eq(report->cwd, before);
	ck_assert_uint_eq(report->umask, 0);
	ck_assert_uint_eq(run_report(SPU_OPTIONS(.umask = SPU_SET(0777)))->umask, 0777);
	ck_assert_uint_eq(umask(026), 026);
	ck_assert_str_eq(getcwd(resolved, sizeof(resolved)), before);
}
END_TEST

START_TEST(a_session_or_a_group_of_its_own)
{
	struct state_report *report =
		run_report(SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_SETSID));
	struct spu_child leader;
	struct spu_error error;
	int in, r;

	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_int_eq(report->pgid, report->pid);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .pgroup = SPU_SET(0)));
	ck_assert_int_eq(report->sid, getsid(0));
	ck_assert_int_eq(report->pgid, report->pid);
	/* into the group of another child */
	r = spu_spawn(&leader, SPU_ARGV("cat"),
		      SPU_OPTIONS(.method = (unsigned)_i, .pgroup = SPU_SET(0),
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &in))),
		      &error);
	ASSERT_OK(r, error);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .pgroup = SPU_SET(leader.pid)));
	ck_assert_int_eq(report->pgid, leader.pid);
	close(in);
	ck_assert_int_eq(spu_wait(&leader, -1, NULL), 0);
	spu_child_release(&leader);
}
END_TEST

/* A terminal; returns the master, *ret_slave is opened without becoming controlling. */
static int open_terminal(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *ret_slave < 0 ? -1 : master;
}

static void use_terminal(void)
{
	struct state_report *report;
	int slave, master = open_terminal(&slave);

	if (master < 0)
		_exit(0);	/* the test looked before: it was there then */
	report = run_report(SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(0),
					.fds = SPU_FDS(SPU_MAP(0, slave))));
	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_int_eq(report->foreground, report->pid);
	/* the terminal opened by the child itself */
	report = run_report(SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(9),
					.fds = SPU_FDS(SPU_OPEN(9, ptsname(master), O_RDWR))));
	ck_assert_int_eq(report->foreground, report->pid);
}

static void use_foreground(void)
{
	struct state_report *report;
	unsigned method;
	int slave, master = open_terminal(&slave);
	pid_t mine;

	if (master < 0)
		_exit(0);
	ck_assert_int_eq(setsid(), getpid());
	ck_assert_int_eq(ioctl(slave, TIOCSCTTY, 0), 0);
	mine = getpgrp();
	signal(SIGTTOU, SIG_IGN);
	for (method = SPU_METHOD_VFORK; method <= SPU_METHOD_POSIX_SPAWN; method++) {
		/* a group of its own */
		report = run_report(SPU_OPTIONS(.method = method, .pgroup = SPU_SET(0),
						.foreground = SPU_SET(0),
						.fds = SPU_FDS(SPU_MAP(0, slave))));
		ck_assert_int_eq(report->pgid, report->pid);
		ck_assert_int_eq(report->foreground, report->pid);
		/* in the caller's group: that one comes to the foreground again */
		report = run_report(SPU_OPTIONS(.method = method, .foreground = SPU_SET(5),
						.fds = SPU_FDS(SPU_MAP(5, slave))));
		ck_assert_int_eq(report->pgid, mine);
		ck_assert_int_eq(report->foreground, mine);
		ck_assert_int_eq(tcgetpgrp(slave), mine);
	}
}

static int has_terminals(void)
{
	int slave, master = open_terminal(&slave);

	if (master < 0)
		return 0;
	close(slave);
	close(master);
	return 1;
}

START_TEST(a_terminal_becomes_the_sessions)
{
	if (!has_terminals())
		SKIP(SUITE, "no pseudo-terminals here");
	in_own_process(use_terminal);
}
END_TEST

START_TEST(the_childs_group_comes_to_the_foreground)
{
	if (!has_terminals())
		SKIP(SUITE, "no pseudo-terminals here");
	in_own_process(use_foreground);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, the_child_is_ours_and_its_pidfd_close_on_exec);
	add_for_both(tests, without_a_pidfd_the_child_is_waited_for_by_number);
	tcase_add_test(tests, cwd_and_umask_are_the_childs_alone);
	add_for_both(tests, a_session_or_a_group_of_its_own);
	tcase_add_test(tests, a_terminal_becomes_the_sessions);
	tcase_add_test(tests, the_childs_group_comes_to_the_foreground);
	return run_suite(suite);
}
