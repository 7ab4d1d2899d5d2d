/* SPDX-License-Identifier: MIT */
/* A filter of system calls, which the program has from its first one on. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "filters.h"
#include "launches.h"

#define SUITE "seccomp"

#define NUMBER offsetof(struct seccomp_data, nr)
#define ERRNO(err) (SECCOMP_RET_ERRNO | (err))

/* What becomes of one call; all others pass. */
#define FILTER(call, action) \
	.seccomp = (const struct sock_filter[]){ \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER), \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, (action)), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}, \
	.seccomp_count = 4

#define MORE_TO_SAY "a spawn server's child tells of a failure by calls that the filter kills"

#define NEED_FILTERS() \
	do { \
		if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) \
			SKIP(SUITE, "this kernel has no seccomp"); \
	} while (0)

START_TEST(the_program_is_in_the_filter_and_the_caller_is_not)
{
	const char *script = "(cd / 2>/dev/null) && exit 3; "
			     "grep -qx 'Seccomp:.2' /proc/self/status";

	NEED_FILTERS();
	ck_assert_int_eq(exit_of(SPU_ARGV("sh", "-c", script),
				 SPU_OPTIONS(FILTER(SYS_chdir, ERRNO(EPERM)),
					     .flags = SPU_NO_NEW_PRIVS)), 0);
	ck_assert_int_eq(chdir("/"), 0);
	/* the set-up may do what the program may not */
	ck_assert_int_eq(exit_of(SPU_ARGV("test", "-e", "."),
				 SPU_OPTIONS(FILTER(SYS_chdir, SECCOMP_RET_KILL_PROCESS),
					     .flags = SPU_NO_NEW_PRIVS, .cwd = "/",
					     .fds = SPU_FDS(SPU_NULL(0), SPU_SAME(7, 0)))), 0);
}
END_TEST

/* The most that may be asked of one that lets only those pass */
START_TEST(few_calls_are_left_that_it_must_let_pass)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct spu_error error;
	int status, r;

	SKIP_BY_SERVER(SUITE, MORE_TO_SAY);
	NEED_FILTERS();
	/* what executes nothing else says so; what is executed dies of its own first call */
	ASSERT_FAILS(SPU_ARGV("/no/such"), SPU_OPTIONS(.seccomp = filter, .seccomp_count = 7,
						       .flags = SPU_NO_NEW_PRIVS), ENOENT,
		     SPU_STEP_EXEC, 0, "exec /no/such: No such file or directory");
	r = spu_run(SPU_ARGV("/bin/true"), SPU_OPTIONS(.seccomp = filter, .seccomp_count = 7,
						       .flags = SPU_NO_NEW_PRIVS), &status, &error);
	ASSERT_OK(r, error);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
END_TEST

START_TEST(a_filter_that_forbids_exec_is_a_failed_launch)
{
	SKIP_BY_SERVER(SUITE, MORE_TO_SAY);
	NEED_FILTERS();
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(FILTER(SYS_execve, ERRNO(EPERM)),
							.flags = SPU_NO_NEW_PRIVS), EPERM,
		     SPU_STEP_EXEC, 0,
		     "exec /bin/true: the filter may forbid it: Operation not permitted");
}
END_TEST

START_TEST(a_filter_that_kills_the_child_is_a_failed_launch)
{
	SKIP_BY_SERVER(SUITE, MORE_TO_SAY);
	NEED_FILTERS();
	NEED_TO_SURVIVE(SUITE);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(FILTER(SYS_execve, SECCOMP_RET_KILL_PROCESS),
							.flags = SPU_NO_NEW_PRIVS), ECANCELED,
		     SPU_STEP_EXEC, 0, "exec /bin/true: the child was killed by signal 31 (SYS)");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(FILTER(SYS_execve, SECCOMP_RET_TRAP),
							.flags = SPU_NO_NEW_PRIVS), ECANCELED,
		     SPU_STEP_EXEC, 0, "killed by signal 31 (SYS)");
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(FILTER(SYS_rt_sigprocmask, SECCOMP_RET_KILL_PROCESS),
				 .flags = SPU_NO_NEW_PRIVS), ECANCELED, SPU_STEP_MASK, -1,
		     "mask: the child was killed by signal 31 (SYS)");
}
END_TEST

static void enter_without_rights(void)
{
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(FILTER(SYS_chdir, ERRNO(EPERM))), EACCES,
		     SPU_STEP_SECCOMP, -1, "seccomp: it needs no_new_privs, or CAP_SYS_ADMIN");
	ck_assert_int_eq(exit_of(SPU_ARGV("/bin/true"), SPU_OPTIONS(FILTER(SYS_chdir, ERRNO(EPERM)),
			 .flags = SPU_NO_NEW_PRIVS)), 0);
}

START_TEST(who_may_not_is_told_what_it_needs)
{
	NEED_FILTERS();
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))
		SKIP(SUITE, "this process has no_new_privs");
	chmod(scratch(), 0755);
	in_own_process(enter_without_rights);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(exit_of(SPU_ARGV("/bin/true"),
				 SPU_OPTIONS(FILTER(SYS_chdir, ERRNO(EPERM)))), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(FILTER(SYS_chdir, ERRNO(EPERM)),
			.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS), EACCES,
		     SPU_STEP_SECCOMP, -1, "seccomp: it needs no_new_privs");
}
END_TEST

START_TEST(no_filter_at_all_is_refused_by_the_kernel)
{
	static const struct sock_filter ends_nowhere[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER)};

	NEED_FILTERS();
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.seccomp = ends_nowhere, .seccomp_count = 1,
							.flags = SPU_NO_NEW_PRIVS), EINVAL,
		     SPU_STEP_SECCOMP, -1, "seccomp: the kernel takes no such filter");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, the_program_is_in_the_filter_and_the_caller_is_not);
	tcase_add_test(tests, few_calls_are_left_that_it_must_let_pass);
	tcase_add_test(tests, a_filter_that_forbids_exec_is_a_failed_launch);
	tcase_add_test(tests, a_filter_that_kills_the_child_is_a_failed_launch);
	tcase_add_test(tests, who_may_not_is_told_what_it_needs);
	tcase_add_test(tests, no_filter_at_all_is_refused_by_the_kernel);
	return run_suite(suite);
}
