/* SPDX-License-Identifier: MIT */
/* spu_exec(). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "filters.h"
#include "launches.h"

#define SUITE "in_place"

static const char *exec_file;
static int no_new_privs;

static void exec_report(void)
{
	struct spu_error error;
	int fd = open("/", O_RDONLY), kept = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(dup2(fd, 100), 100);
	ck_assert_int_eq(dup2(fd, 101), 101);
	ck_assert_int_eq(dup2(kept, 102), 102);
	spu_exec(SPU_ARGV("self", exec_file, "x y"),
		 SPU_OPTIONS(.file = report_state(), .cwd = scratch(), .umask = SPU_SET(031),
			     .env = (char *const[]){"A=1", NULL}, .flags = SPU_SETSID,
			     .ignore_signals = SPU_SIGNAL(SIGHUP),
			     .block_signals = SPU_SIGNAL(SIGUSR1),
			     .fds = SPU_FDS(SPU_MAP(100, 102), SPU_KEEP(102), SPU_MAP(102 + 5, 101),
					    SPU_NULL(0), SPU_CLOSE(2), SPU_SAME(1, 0))),
		 &error);
	ck_abort_msg("%s", error.text);
}

START_TEST(exec_carries_the_options_out_in_place)
{
	struct state_report *report;
	char resolved[PATH_MAX];
	struct stat null, root;

	exec_file = report_file();
	in_own_process(exec_report);
	report = read_report(exec_file);
	stat("/dev/null", &null);
	stat("/", &root);
	ck_assert_int_eq(report->ppid, getpid());
	ck_assert_str_eq(report->args[0], "self");
	ck_assert_str_eq(report->args[2], "x y");
	ck_assert_uint_eq(count_strings(report->env), 1);
	ck_assert_str_eq(report->cwd, realpath(scratch(), resolved));
	ck_assert_uint_eq(report->umask, 031);
	ck_assert_uint_eq(report->mask, SPU_SIGNAL(SIGUSR1));
	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGHUP), SPU_SIGNAL(SIGHUP));
	ck_assert_uint_eq(report->fd_count, 5);
	ck_assert_uint_eq(report_find(report, 0)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 1)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 100)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 102)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 107)->inode, root.st_ino);
}
END_TEST

static void exec_allowing(void)
{
	struct spu_error error;
	int fd = open("/", O_RDONLY);

	dup2(fd, 100);
	dup3(fd, 101, O_CLOEXEC);
	spu_exec(SPU_ARGV(report_state(), exec_file), SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
		.fds = SPU_FDS(SPU_MAP(50, 101))), &error);
	ck_abort_msg("%s", error.text);
}

START_TEST(exec_allows_what_the_policy_allows)
{
	struct state_report *report;

	exec_file = report_file();
	in_own_process(exec_allowing);
	report = read_report(exec_file);
	ck_assert_ptr_nonnull(report_find(report, 100));
	ck_assert_ptr_nonnull(report_find(report, 50));
	ck_assert_ptr_null(report_find(report, 101));
}
END_TEST

static void exec_what_fails(void)
{
	struct spu_error error;
	sigset_t before, after;
	int fd = open("/", O_RDONLY), in, r;

	dup2(fd, 100);
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	sigprocmask(SIG_SETMASK, &before, NULL);
	r = spu_exec(SPU_ARGV("/nowhere"), NULL, &error);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_uint_eq(error.step, SPU_STEP_EXEC);
	ck_assert_ptr_nonnull(strstr(error.text, "exec /nowhere: No such file or directory"));
	/* marked, not closed: whoever has the message to write still can */
	ck_assert_int_eq(fcntl(100, F_GETFD), FD_CLOEXEC);
	sigprocmask(SIG_BLOCK, NULL, &after);
	ck_assert_int_eq(memcmp(&before, &after, 8), 0);

	r = spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), &error);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_uint_eq(error.step, SPU_STEP_CWD);
	r = spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(180))), &error);
	ck_assert_int_eq(r, -EBADF);
	ck_assert_uint_eq(error.step, SPU_STEP_MOVE);

	in = -7;
	r = spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in))), &error);
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
	ck_assert_int_eq(in, -7);
	ck_assert_int_eq(spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH), &error),
			 -EINVAL);
	ck_assert_int_eq(
		spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), &error),
		-EINVAL);
	ck_assert_int_eq(spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.flags = 1u << 20), &error),
			 -EINVAL);
}

START_TEST(exec_that_fails_returns_and_says_why)
{
	in_own_process(exec_what_fails);
}
END_TEST

/* By now they are this process's: the text is about what exec saw there. */
static void exec_below_another_directory(void)
{
	struct spu_error error;

	ck_assert_int_eq(chdir(scratch()), 0);
	ck_assert_int_eq(spu_exec(SPU_ARGV("./script"), SPU_OPTIONS(.cwd = "below"), &error),
			 -ENOENT);
	ck_assert(strstr(error.text, "exec ./script: its interpreter /no/such: ") != NULL);
	ck_assert_int_eq(spu_exec(SPU_ARGV("script"), SPU_OPTIONS(.cwd = "../below", .path = "."),
				  &error), -ENOENT);
	ck_assert(strstr(error.text, "exec ./script: its interpreter /no/such: ") != NULL);
}

static void exec_below_another_root(void)
{
	struct spu_error error;

	ck_assert_int_eq(spu_exec(SPU_ARGV("/script"), SPU_OPTIONS(.root = in_scratch("below")),
				  &error), -ENOENT);
	ck_assert(strstr(error.text, "exec /script: its interpreter /no/such: ") != NULL);
}

START_TEST(exec_that_fails_looks_where_it_is_by_now)
{
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	ck_assert_int_eq(mkdir(in_scratch("below"), 0755), 0);
	write_file("below/script", "#!/no/such\n", 0755);
	in_own_process(exec_below_another_directory);
	if (geteuid() == 0)
		in_own_process(exec_below_another_root);
}
END_TEST

/* A running program may not be opened for writing: that is no ETXTBSY of exec's. */
static void exec_with_a_busy_file(void)
{
	struct spu_error error;
	int r = spu_exec(SPU_ARGV(report_state(), exec_file),
			 SPU_OPTIONS(.flags = SPU_NO_NEW_PRIVS,
				     .fds = SPU_FDS(SPU_OPEN(1, in_scratch("running"), O_WRONLY))),
			 &error);

	ck_assert_int_eq(r, -ETXTBSY);
	ck_assert_uint_eq(error.step, SPU_STEP_OPEN);
	ck_assert_int_eq(error.index, 0);
	/* what comes behind that step wasn't done */
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), no_new_privs);
}

START_TEST(a_busy_file_is_told_from_a_busy_program)
{
	char command[3 * PATH_MAX];
	struct spu_child child;
	struct stat st;

	snprintf(command, sizeof(command), "cp /bin/sleep '%s'", in_scratch("running"));
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV(in_scratch("running"), "1000"), NULL, NULL), 0);
	exec_file = report_file();
	no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	in_own_process(exec_with_a_busy_file);
	ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, 0, NULL), 0);
	spu_child_release(&child);
	ck_assert_int_eq(stat(exec_file, &st), 0);
	ck_assert_int_eq(st.st_size, 0);	/* it didn't run */
}
END_TEST

static void exec_where_close_range_lies(void)
{
	struct spu_error error;

	ck_assert_int_eq(dup2(open("/", O_RDONLY), 100), 100);
	ck_assert_int_eq(dup2(100, 101), 101);
	filter_call(SYS_close_range, ANSWER(0));
	spu_exec(SPU_ARGV(report_state(), exec_file), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(101))),
		 &error);
	ck_abort_msg("%s", error.text);
}

START_TEST(exec_closes_what_close_range_says_it_has_closed)
{
	struct state_report *report;

	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	exec_file = report_file();
	in_own_process(exec_where_close_range_lies);
	report = read_report(exec_file);
	ck_assert_ptr_null(report_find(report, 100));
	ck_assert_ptr_nonnull(report_find(report, 101));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, exec_carries_the_options_out_in_place);
	tcase_add_test(tests, exec_allows_what_the_policy_allows);
	tcase_add_test(tests, exec_that_fails_returns_and_says_why);
	tcase_add_test(tests, exec_that_fails_looks_where_it_is_by_now);
	tcase_add_test(tests, a_busy_file_is_told_from_a_busy_program);
	tcase_add_test(tests, exec_closes_what_close_range_says_it_has_closed);
	return run_suite(suite);
}
