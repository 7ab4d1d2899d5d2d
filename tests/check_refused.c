/* SPDX-License-Identifier: MIT */
/* Ways to make a process that are refused, and what is done in their place. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "filters.h"
#include "launches.h"

#define SUITE "refused"

struct refusal {
	int number;		/* of the system call */
	uint32_t mask, value; /* of its first argument: refused where (argument & mask) == value */
	int err;
};

static void refuse_call(const struct refusal *refusal)
{
	filter_argument(refusal->number, 0, refusal->mask, refusal->value, ANSWER(refusal->err));
}

/* Each line adds to the one before: what kernels and sandboxes are known to refuse. */
static const struct refusal refusals[][4] = {
	{{SYS_clone3, 0, 0, ENOSYS}},
	{{SYS_clone3, 0, 0, EPERM}},
	{{SYS_clone3, 0, 0, EINVAL}},
	{{SYS_clone3, 0, 0, E2BIG}},
	{{SYS_clone3, 0, 0, ENOSYS}, {SYS_clone, 0x1000, 0x1000, EINVAL}},
	{{SYS_clone3, 0, 0, ENOSYS},
	 {SYS_clone, 0x1000, 0x1000, EINVAL},
	 {SYS_clone, 0xff, 0, EINVAL}},
	{{SYS_close_range, 0, 0, ENOSYS}},
	{{SYS_close_range, 0, 0, EPERM}},
	{{SYS_clone3, 0, 0, ENOSYS}, {SYS_close_range, 0, 0, ENOSYS}},
	/* from Linux 5.6 to 6.1, after unshare(CLONE_NEWTIME): no memory may be shared */
	{{SYS_clone3, 0, 0, EINVAL}, {SYS_clone, 0x100, 0x100, EINVAL}},
};

#define REFUSALS ((int)(sizeof(refusals) / sizeof(refusals[0])))

static int refuses_clone(uint32_t flags, int row)
{
	const struct refusal *refusal = refusals[row];

	for (; refusal < refusals[row] + 4 && refusal->err; refusal++)
		if (refusal->number == SYS_clone && (flags & refusal->mask) == refusal->value)
			return 1;
	return 0;
}

static int refused;

/*
 * A clone that fails leaves valgrind with SIGSEGV blocked, by which it lets stacks
 * grow: this one has its size before.
 */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char pages[64 << 10];
	size_t i;

	for (i = 0; i < sizeof(pages); i += 1024)
		pages[i] = 0;
}

static void launch_refused(void)
{
	const char *file = report_file();
	struct state_report *report;
	size_t i, standard = 0;
	int pass, fd, null;

	for (fd = 0; fd <= 2; fd++)
		standard += fcntl(fd, F_GETFD) >= 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (fd = 100; fd < 200; fd++)
		ck_assert_int_eq(dup2(null, fd), fd);
	close(null);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMAX - 1, on_signal);
	for (pass = 0; pass < 3; pass++) {
		if (pass == 1)	/* it was learned before the filter came */
			for (i = 0; i < 4 && refusals[refused][i].err; i++)
				refuse_call(&refusals[refused][i]);
		report = report_of(SPU_ARGV(report_state(), file), file,
				   SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(150), SPU_NULL(0))));
		ck_assert_uint_eq(report->fd_count, standard + (fcntl(0, F_GETFD) < 0) + 1);
		ck_assert_ptr_nonnull(report_find(report, 150));
		ck_assert_uint_eq(report->caught & COMPARED, 0);
		ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGUSR2), SPU_SIGNAL(SIGUSR2));
		ck_assert_int_eq(report->ppid, getpid());
		ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), ENOENT, SPU_STEP_CWD,
			     -1, "chdir");
	}
}

static void launch_refused_from_the_first(void)
{
	size_t i;

	for (i = 0; i < 4 && refusals[refused][i].err; i++)
		refuse_call(&refusals[refused][i]);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
	launch_refused();
}

START_TEST(what_is_refused_is_done_another_way)
{
	NEED_OWN_CHILD(SUITE);
	if (IS_SANITIZED && refuses_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, _i))
		SKIP(SUITE, "the leak sanitizer's own clone would be refused in the helper");
	refused = _i;
	report_state();
	touch_stack();
	in_own_process(launch_refused);
	in_own_process(launch_refused_from_the_first);
}
END_TEST

/*
 * ---- Filters that don't refuse: they trap a call for the program to answer, or lie
 */

static void refuse_trapped(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info;
	answer_trap(context, -ENOSYS);
}

static const long trapped[] = {SYS_clone3, SYS_close_range, SYS_pidfd_open, SYS_pidfd_getfd};

#define TRAPPED ((int)(sizeof(trapped) / sizeof(trapped[0])))

static void launch_trapped(void)
{
	struct sigaction action = {.sa_sigaction = refuse_trapped, .sa_flags = SA_SIGINFO};
	const char *file = report_file();
	struct state_report *report;
	int pass, high;

	sigaction(SIGSYS, &action, NULL);
	high = fcntl(open("/dev/null", O_RDWR | O_CLOEXEC), F_DUPFD_CLOEXEC, 600);
	ck_assert_int_ge(high, 600);
	if (refused / TRAPPED)	/* learned before the filter came */
		ck_assert_int_eq(exit_of(SPU_ARGV("true"), NULL), 0);
	filter_call(trapped[refused % TRAPPED], SECCOMP_RET_TRAP);
	for (pass = 0; pass < 3; pass++) {
		report = report_of(SPU_ARGV(report_state(), file), file,
				   SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_NULL(1), SPU_NULL(2),
							      SPU_MAP(5, high))));
		ck_assert_uint_eq(report->fd_count, 4);
		ck_assert_ptr_nonnull(report_find(report, 5));
		ck_assert_uint_eq(report->caught & SPU_SIGNAL(SIGSYS), 0);
		ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
		ck_assert_int_eq(exit_of(SPU_ARGV("true"),
					 SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
						     .fds = SPU_FDS(SPU_CLOSE(high)))), 0);
	}
}

START_TEST(what_is_trapped_is_done_another_way)
{
	struct rlimit limit;

	NEED_OWN_CHILD(SUITE);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 600)
		SKIP(SUITE, "no more than %ld descriptors here", (long)limit.rlim_cur);
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	if (trapped[_i % TRAPPED] != SYS_clone3)	/* but in the child */
		NEED_TO_SURVIVE(SUITE);
	refused = _i;
	report_state();
	in_own_process(launch_trapped);
}
END_TEST

/* This process's own descriptors: one that would go by an answer of 0 is changed or closed. */
static const char *own_table(void)
{
	static char text[2][8192];
	static int turn;
	struct stat st;
	int fd, length = 0;

	turn = !turn;
	for (fd = 0; fd < 256; fd++)
		if (fstat(fd, &st) == 0)
			length += sprintf(text[turn] + length, "%d %llx:%llu %d\n", fd,
					  (unsigned long long)st.st_dev,
					  (unsigned long long)st.st_ino, fcntl(fd, F_GETFD));
	return text[turn];
}

static void launch_where_close_range_lies(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC), pass;
	const char *file = report_file(), *before;
	struct state_report *report;
	unsigned leaks;

	ck_assert_int_eq(dup2(fd, 100), 100);
	ck_assert_int_eq(dup2(fd, 101), 101);
	close(fd);
	before = own_table();
	if (refused)	/* a launch shares the table then */
		ck_assert_int_eq(exit_of(SPU_ARGV("true"), NULL), 0);
	filter_call(SYS_close_range, ANSWER(0));
	for (pass = 0; pass < 2; pass++)
		for (leaks = SPU_LEAKS_CLOSE; leaks <= SPU_LEAKS_ALLOW; leaks++) {
			report = report_of(SPU_ARGV(report_state(), file), file,
					   SPU_OPTIONS(.leaks = leaks,
						       .fds = SPU_FDS(SPU_MAP(0, 100), SPU_NULL(5),
								      SPU_CLOSE(100), SPU_CLOSE(1))));
			ck_assert_ptr_nonnull(report_find(report, 0));
			ck_assert_ptr_nonnull(report_find(report, 5));
			ck_assert_ptr_null(report_find(report, 1));
			ck_assert_ptr_null(report_find(report, 100));
			ck_assert_int_eq(report_find(report, 101) != NULL, leaks == SPU_LEAKS_ALLOW);
			ck_assert_str_eq(own_table(), before);
		}
}

START_TEST(a_close_range_that_does_nothing_and_says_0_is_found_out)
{
	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, "valgrind's own calls would be answered");
	refused = _i;
	report_state();
	in_own_process(launch_where_close_range_lies);
}
END_TEST

static void launch_without_any_clone(void)
{
	static const struct refusal all[] = {{SYS_clone3, 0, 0, EPERM}, {SYS_clone, 0, 0, EPERM}};

	refuse_call(&all[0]);
	refuse_call(&all[1]);
	ASSERT_FAILS(SPU_ARGV("true"), NULL, EPERM, SPU_STEP_CLONE, -1,
		     "clone: Operation not permitted");
}

START_TEST(no_way_left_is_said)
{
	SKIP_BY_SERVER(SUITE, "by a server there is a way");
	in_own_process(launch_without_any_clone);
}
END_TEST

static void launch_with_what_settles_trapped(void)
{
	static const long settling[] = {SYS_clone3, SYS_waitid, SYS_setpgid};
	const struct sigaction action = {.sa_sigaction = refuse_trapped, .sa_flags = SA_SIGINFO};
	size_t i;

	ck_assert_int_eq(sigaction(SIGSYS, &action, NULL), 0);
	for (i = 0; i < sizeof(settling) / sizeof(settling[0]); i++) {
		filter_call(settling[i], SECCOMP_RET_TRAP);
		ck_assert_int_eq(exit_of(SPU_ARGV("sh", "-c", "exit 3"), NULL), 3);
		ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
	}
}

START_TEST(what_is_trapped_behind_a_clone_is_answered)
{
	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	in_own_process(launch_with_what_settles_trapped);
}
END_TEST

static void launch_detached_with_traps(void)
{
	struct spu_child child;
	struct spu_error error;
	int out = -1, r;

	filter_call(SYS_close_range, SECCOMP_RET_TRAP);
	r = spu_spawn(&child, SPU_ARGV("echo", "here"),
		      SPU_OPTIONS(.flags = SPU_DETACH, .fds = SPU_FDS(SPU_PIPE_OUT(1, &out))),
		      &error);
	ASSERT_OK(r, error);
	ck_assert_str_eq(read_all(out), "here\n");
	close(out);
	filter_call(SYS_setsid, SECCOMP_RET_TRAP);
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("true"),
				   SPU_OPTIONS(.flags = SPU_DETACH | SPU_SETSID), &error),
			 -ECANCELED);
	ck_assert_str_eq(error.text, "setsid: the child was killed by signal 31 (SYS)");
	ck_assert_int_eq(error.signal, SIGSYS);
}

START_TEST(a_trap_for_a_detached_child_is_seen)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	NEED_TO_SURVIVE(SUITE);
	in_own_process(launch_detached_with_traps);
}
END_TEST

static void launch_with_a_trap_pending(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	kill(getpid(), SIGSYS);
	ck_assert_int_eq(exit_of(SPU_ARGV("sh", "-c", "exit 3"), NULL), 3);
	ck_assert_int_eq(spu_exec(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_KEEP_MASK), NULL),
			 -ENOENT);
	sigpending(&set);
	ck_assert_int_eq(sigismember(&set, SIGSYS), 1);
}

START_TEST(a_trap_that_the_caller_blocks_stays_blocked)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind dies of a SIGSYS that is sent while it is blocked");
	in_own_process(launch_with_a_trap_pending);
}
END_TEST

/* In place what is to be closed by exec can be looked at when there was none. */
static void hold(int number)
{
	int fd = open("/dev/null", O_RDWR);

	ck_assert_int_eq(dup2(fd, number), number);
	if (fd != number)
		close(fd);
}

static void exec_in_a_root_with_a_list_of_its_own(void)
{
	ck_assert_int_eq(mkdir(in_scratch("proc"), 0755), 0);
	ck_assert_int_eq(mkdir(in_scratch("proc/thread-self"), 0755), 0);
	ck_assert_int_eq(mkdir(in_scratch("proc/thread-self/fd"), 0755), 0);
	hold(5);
	hold(9);
	filter_call(SYS_close_range, ANSWER(ENOSYS));
	ck_assert_int_eq(spu_exec(SPU_ARGV("/nowhere"),
				  SPU_OPTIONS(.root = scratch(), .fds = SPU_FDS(SPU_MAP(3, 9))),
				  NULL), -ENOENT);
	ck_assert_int_eq(fcntl(3, F_GETFD), 0);
	ck_assert_int_eq(fcntl(5, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(9, F_GETFD), FD_CLOEXEC);
}

START_TEST(what_another_root_lists_is_not_believed)
{
	NEED_ROOT();
	in_own_process(exec_in_a_root_with_a_list_of_its_own);
}
END_TEST

static void launch_where_nothing_may_be_opened(void)
{
	static const struct rlimit none;

	hold(700);
	filter_call(SYS_close_range, ANSWER(ENOSYS));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
	ck_assert_int_eq(fcntl(700, F_GETFD), 0);
	ck_assert_int_eq(spu_exec(SPU_ARGV("/nowhere"), NULL, NULL), -ENOENT);
	ck_assert_int_eq(fcntl(700, F_GETFD), FD_CLOEXEC);
}

START_TEST(a_limit_of_no_descriptors_hides_none)
{
	SKIP_BY_SERVER(SUITE, SERVERS_NEED);
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(launch_where_nothing_may_be_opened);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, what_is_refused_is_done_another_way, 0, REFUSALS);
	tcase_add_loop_test(tests, what_is_trapped_is_done_another_way, 0, 2 * TRAPPED);
	tcase_add_loop_test(tests, a_close_range_that_does_nothing_and_says_0_is_found_out, 0, 2);
	tcase_add_test(tests, no_way_left_is_said);
	tcase_add_test(tests, what_is_trapped_behind_a_clone_is_answered);
	tcase_add_test(tests, a_trap_for_a_detached_child_is_seen);
	tcase_add_test(tests, a_trap_that_the_caller_blocks_stays_blocked);
	tcase_add_test(tests, what_another_root_lists_is_not_believed);
	tcase_add_test(tests, a_limit_of_no_descriptors_hides_none);
	return run_suite(suite);
}
