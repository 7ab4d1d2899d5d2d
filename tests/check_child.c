/* SPDX-License-Identifier: MIT */
/* What a child is like: whose it is, where, in which session, at which terminal. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
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

/* What it is told of its own number: by a variable of that name, and only one. */
static void assert_told(const struct state_report *report, const char *name, const char *file)
{
	const char *value = NULL;
	char expected[32];
	size_t length = strlen(name), i, found = 0;

	for (i = 0; report->env[i]; i++)
		if (strncmp(report->env[i], name, length) == 0 && report->env[i][length] == '=') {
			value = report->env[i] + length + 1;
			found++;
		}
	ck_assert_uint_eq(found, 1);
	snprintf(expected, sizeof(expected), "%ld\n", (long)report->pid);
	ck_assert_str_eq(read_all(open(file, O_RDONLY | O_CLOEXEC)), expected);
	*strchr(expected, '\n') = '\0';
	ck_assert_str_eq(value, expected);
}

START_TEST(the_child_is_told_its_own_number)
{
	char *const env[] = {"LISTEN_PI=1", "LISTEN_PID=1", "LISTEN_PIDS=1", NULL};
	struct state_report *report;
	char path[PATH_MAX + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s/pid", scratch());
	umask(022);
	report = run_report(SPU_OPTIONS(.env = env, .pid_variable = "LISTEN_PID", .pid_file = path));
	assert_told(report, "LISTEN_PID", path);
	ck_assert_uint_eq(count_strings(report->env), 3);
	stat(path, &st);
	ck_assert_uint_eq(st.st_mode & 0777, 0644);
	/* a longer one was there; the file is the caller's, whatever else changes */
	write_file("pid", "123456789012345", 0644);
	report = run_report(SPU_OPTIONS(.env_set = SPU_LIST("A=1", "LISTEN_PID=2", "LISTEN_PID=3"),
					.env_unset = SPU_LIST("LISTEN_PID"), .cwd = "/",
					.umask = SPU_SET(0777), .pid_variable = "LISTEN_PID",
					.limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_FSIZE, 1 << 20, 1 << 20)),
					.pid_file = path, .fds = SPU_FDS(SPU_NULL(0))));
	assert_told(report, "LISTEN_PID", path);
	report = run_report(SPU_OPTIONS(.env = (char *const[]){NULL}, .pid_variable = "A",
					.pid_file = path));
	assert_told(report, "A", path);
	ck_assert_uint_eq(count_strings(report->env), 1);
	report = run_report(SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW, .pid_variable = "A",
					.pid_file = path));
	assert_told(report, "A", path);
}
END_TEST

static const char *exec_file, *exec_pid_file;

static void exec_told(void)
{
	struct spu_error error;

	spu_exec(SPU_ARGV(report_state(), exec_file),
		 SPU_OPTIONS(.pid_variable = "A", .pid_file = exec_pid_file), &error);
	ck_abort_msg("%s", error.text);
}

START_TEST(exec_tells_it_too)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/pid", scratch());
	exec_pid_file = path;
	exec_file = report_file();
	in_own_process(exec_told);
	assert_told(read_report(exec_file), "A", path);
}
END_TEST

START_TEST(a_number_that_can_not_be_written_is_a_failure)
{
	char path[PATH_MAX + 16], expected[PATH_MAX + 64];
	struct stat st;

	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pid_file = "/nowhere/pid"), ENOENT,
		     SPU_STEP_PID, -1, "pid_file /nowhere/pid: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pid_file = "/dev/full"), ENOSPC, SPU_STEP_PID,
		     -1, "pid_file /dev/full: No space left on device");
	snprintf(path, sizeof(path), "%s/link", scratch());
	write_file("target", "kept", 0644);
	ck_assert_int_eq(symlink(in_scratch("target"), path), 0);
	snprintf(expected, sizeof(expected), "pid_file %s: ", path);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pid_file = path), ELOOP, SPU_STEP_PID, -1,
		     expected);
	ck_assert_str_eq(read_all(open(in_scratch("target"), O_RDONLY | O_CLOEXEC)), "kept");
	/* nobody reads it: that doesn't hang us */
	snprintf(path, sizeof(path), "%s/fifo", scratch());
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pid_file = path), ENXIO, SPU_STEP_PID, -1,
		     "pid_file ");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pid_file = in_scratch("pid"), .cwd = "/nowhere"),
		     ENOENT, SPU_STEP_CWD, -1, "chdir");
	ck_assert_int_eq(stat(in_scratch("pid"), &st), 0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pid_variable = "A",
						   .method = SPU_METHOD_POSIX_SPAWN),
		     ENOTSUP, SPU_STEP_OPTIONS, -1, "pid_variable: not with method posix_spawn");
}
END_TEST

/* Room for the beginning of the line, which would be the number of another process. */
START_TEST(a_number_that_does_not_fit_is_no_other_number)
{
	char path[PATH_MAX + 16], expected[PATH_MAX + 64];
	struct rlimit before, small;
	struct spu_error error;
	int r;

	snprintf(path, sizeof(path), "%s/pid", scratch());
	snprintf(expected, sizeof(expected), "pid_file %s: No space left on device", path);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){1, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.pid_file = path), NULL, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_uint_eq(error.step, SPU_STEP_PID);
	ck_assert_str_eq(error.text, expected);
	ck_assert_str_eq(read_all(open(path, O_RDONLY | O_CLOEXEC)), "");
}
END_TEST

/* To the kernel a file like others: what is there afterwards is what the child wrote */
START_TEST(the_child_joins_a_control_group_first)
{
	char group[PATH_MAX + 16], procs[PATH_MAX + 32], expected[PATH_MAX + 64];

	snprintf(group, sizeof(group), "%s/group", scratch());
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	snprintf(expected, sizeof(expected), "cgroup %s: No such file", group);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = group), ENOENT, SPU_STEP_CGROUP, -1,
		     expected);
	ck_assert_int_eq(mkdir(group, 0700), 0);
	write_file("group/cgroup.procs", "", 0600);
	/* later steps don't count for the file */
	run_report(SPU_OPTIONS(.cgroup = group, .cwd = "/", .fds = SPU_FDS(SPU_NULL(0)),
			       .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_FSIZE, 1 << 20, 1 << 20))));
	ck_assert_str_eq(read_all(open(procs, O_RDONLY | O_CLOEXEC)), "0");
	ck_assert_int_eq(unlink(procs), 0);
	ck_assert_int_eq(symlink("/dev/full", procs), 0);
	snprintf(expected, sizeof(expected), "cgroup %s: No space", group);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = group), ENOSPC, SPU_STEP_CGROUP, -1,
		     expected);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = "/c", .method = SPU_METHOD_POSIX_SPAWN),
		     ENOTSUP, SPU_STEP_OPTIONS, -1, "cgroup /c: not with method posix_spawn");
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
	/* musl's posix_spawn knows nothing of it */
	for (method = SPU_METHOD_VFORK; method <= (IS_GLIBC ? SPU_METHOD_POSIX_SPAWN : SPU_METHOD_VFORK);
	     method++) {
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
	tcase_add_test(tests, the_child_is_told_its_own_number);
	tcase_add_test(tests, exec_tells_it_too);
	tcase_add_test(tests, a_number_that_can_not_be_written_is_a_failure);
	tcase_add_test(tests, a_number_that_does_not_fit_is_no_other_number);
	tcase_add_test(tests, the_child_joins_a_control_group_first);
	tcase_add_test(tests, cwd_and_umask_are_the_childs_alone);
	add_for_both(tests, a_session_or_a_group_of_its_own);
	tcase_add_test(tests, a_terminal_becomes_the_sessions);
	tcase_add_test(tests, the_childs_group_comes_to_the_foreground);
	return run_suite(suite);
}
