/* SPDX-License-Identifier: MIT */
/* How a step that fails is told, and by whom it is seen. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "launches.h"

#define SUITE "step_failure"

START_TEST(a_missing_directory_is_named)
{
	write_file("file", "", 0644);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), ENOENT, SPU_STEP_CWD, -1,
		     "chdir /nowhere: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = in_scratch("file")), ENOTDIR,
		     SPU_STEP_CWD, -1, "file: Not a directory");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = ""), ENOENT, SPU_STEP_CWD, -1, "chdir");
}
END_TEST

START_TEST(what_needs_a_group_or_a_terminal_says_so)
{
	if (!IS_BY_SERVER)	/* which refuses a group of another session */
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pgroup = SPU_SET(1)), EPERM,
			     SPU_STEP_PGROUP, -1, "setpgid 1: Operation not permitted");
	ASSERT_FAILS(
		SPU_ARGV("true"),
		SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(0), .fds = SPU_FDS(SPU_NULL(0))),
		ENOTTY, SPU_STEP_CTTY, -1, "ctty 0: ");
	if (!IS_BY_SERVER)	/* whose child has descriptors of its own */
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.foreground = SPU_SET(7)), EBADF,
			     SPU_STEP_FOREGROUND, -1, "foreground 7: Bad file descriptor");
}
END_TEST

static void launch_beyond_the_process_limit(void)
{
	struct rlimit limit = {0, 0};

	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &limit), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), NULL, EAGAIN, SPU_STEP_CLONE, -1,
		     "clone: too many processes: Resource temporarily unavailable");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), EAGAIN,
		     SPU_STEP_POSIX_SPAWN, -1, "posix_spawn /bin/true: Resource");
}

START_TEST(no_room_for_a_process_is_said_to_be_that)
{
	SKIP_BY_SERVER(SUITE, SERVERS_PROCESSES);
	in_own_process(launch_beyond_the_process_limit);
}
END_TEST

static void *nothing(void *argument)
{
	return argument;
}

static volatile sig_atomic_t children_died;

static void count_death(int number)
{
	(void)number;
	children_died++;
}

START_TEST(a_failed_launch_raises_no_signal_and_no_waiter_sees_it)
{
	struct sigaction action = {.sa_handler = count_death};
	struct spu_child child;
	pthread_t thread;
	int i;

	NEED_OWN_CHILD(SUITE);
	SKIP_BY_SERVER(SUITE, SERVERS_SIGNAL);
	sigaction(SIGCHLD, &action, NULL);
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("/nowhere"), NULL, NULL), -ENOENT);
	ck_assert_int_eq(children_died, 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	ck_assert_int_eq(children_died, 1);
	/* a thread of the caller's is enough for glibc to be done with its own */
	pthread_create(&thread, NULL, nothing, NULL);
	pthread_join(thread, NULL);
	assert_no_child();
}
END_TEST

static void fail_with_sigchld_ignored(void)
{
	signal(SIGCHLD, SIG_IGN);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "/nowhere");
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT, SPU_STEP_EXEC,
		     0, "/nowhere");
}

START_TEST(failures_are_told_with_sigchld_ignored_too)
{
	in_own_process(fail_with_sigchld_ignored);
}
END_TEST

START_TEST(every_step_has_a_name)
{
	static const unsigned known[] = {
		SPU_STEP_OPTIONS,     SPU_STEP_PREPARE,	     SPU_STEP_AUDIT,	SPU_STEP_CLONE,
		SPU_STEP_POSIX_SPAWN, SPU_STEP_WAIT,	     SPU_STEP_HANDLERS, SPU_STEP_CLOSE,
		SPU_STEP_SIGNAL,      SPU_STEP_SETSID,	     SPU_STEP_PGROUP,	SPU_STEP_UMASK,
		SPU_STEP_CWD,	      SPU_STEP_MOVE,	     SPU_STEP_OPEN,	SPU_STEP_CTTY,
		SPU_STEP_FOREGROUND,  SPU_STEP_STOP_PENDING, SPU_STEP_MASK,	SPU_STEP_READY,
		SPU_STEP_EXEC,	      SPU_STEP_DETACH,	     SPU_STEP_LIMIT,	SPU_STEP_NICE,
		SPU_STEP_CPUS,	      SPU_STEP_ROOT,	     SPU_STEP_GROUPS,	SPU_STEP_GID,
		SPU_STEP_UID,	      SPU_STEP_NO_NEW_PRIVS, SPU_STEP_PDEATHSIG,
		SPU_STEP_PARENT_ALIVE, SPU_STEP_OOM,	     SPU_STEP_PID,
		SPU_STEP_CGROUP,      SPU_STEP_DEADLINE,     SPU_STEP_SERVER,	SPU_STEP_SCHEDULER,
		SPU_STEP_IOPRIO,      SPU_STEP_INHERITABLE_CAPS, SPU_STEP_AMBIENT_CAPS,
		SPU_STEP_BOUNDING_SET, SPU_STEP_SECUREBITS,  SPU_STEP_SECCOMP,	SPU_STEP_LANDLOCK,
	};
	size_t i, j;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		ck_assert_ptr_nonnull(spu_step_name(known[i]));
		for (j = 0; j < i; j++)
			ck_assert_str_ne(spu_step_name(known[i]), spu_step_name(known[j]));
	}
	ck_assert_ptr_null(spu_step_name(0));
	ck_assert_ptr_null(spu_step_name(7));
	ck_assert_ptr_null(spu_step_name(4096));
	ck_assert_str_eq(spu_version(), SPU_VERSION);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_missing_directory_is_named);
	tcase_add_test(tests, what_needs_a_group_or_a_terminal_says_so);
	tcase_add_test(tests, no_room_for_a_process_is_said_to_be_that);
	tcase_add_test(tests, a_failed_launch_raises_no_signal_and_no_waiter_sees_it);
	tcase_add_test(tests, failures_are_told_with_sigchld_ignored_too);
	tcase_add_test(tests, every_step_has_a_name);
	return run_suite(suite);
}
