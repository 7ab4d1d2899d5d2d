/* SPDX-License-Identifier: MIT */
/*
 * Launches with other ids from a descriptor table with no number free, or few:
 * what they ask the kernel takes one. The error is the true one or -EMFILE, a
 * moment's shortage leaves nothing behind, and no child has the number 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "launches.h"

#define SUITE "full_table"

enum { LIMIT = 64, MOST_FREE = 4 };

/* Leaves so many numbers free. */
static void fill_table(int left)
{
	int fd;

	while (open("/dev/null", O_RDWR | O_CLOEXEC) >= 0)
		;
	ck_assert_int_eq(errno, EMFILE);
	for (fd = LIMIT - left; fd < LIMIT; fd++)
		close(fd);
}

static const struct attempt {
	const char *program, *cwd;
	int err;
	unsigned step;
} attempts[] = {
	{"/bin/true", NULL, 0, 0},
	{"/no/such", NULL, ENOENT, SPU_STEP_EXEC},
	{"/bin/true", "/no/such", ENOENT, SPU_STEP_CWD},
};

#define ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

static void launch_once(const struct attempt *attempt, unsigned flags, int left)
{
	struct spu_child child = {.pid = 4711};
	struct spu_error error = {.err = 0};
	int r = spu_spawn(&child, SPU_ARGV(attempt->program),
			  SPU_OPTIONS(.uid = SPU_SET(65534), .flags = flags | SPU_KEEP_GROUPS,
				      .cwd = attempt->cwd), &error);

	if (r == 0) {
		ck_assert_int_eq(attempt->err, 0);
		ck_assert_int_gt(child.pid, 1);
		if (!(flags & SPU_DETACH))
			ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
		spu_child_release(&child);
	} else {
		ck_assert_msg(r == -attempt->err || (r == -EMFILE && left == 0),
			      "%d free, %s: %d: %s", left, attempt->program, r, error.text);
		ck_assert_uint_eq(error.step, r == -EMFILE ? SPU_STEP_PREPARE : attempt->step);
		ck_assert_int_eq(child.pid, 4711);
	}
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	assert_no_child();
}

static int is_first;

static void launch_from_a_full_table(void)
{
	static const unsigned flags[] = {0, SPU_SETSID, SPU_DETACH};
	struct rlimit limit = {LIMIT, LIMIT};
	size_t attempt, flag;
	int left;

	if (!is_first)
		ck_assert_int_eq(exit_of(SPU_ARGV("/bin/true"), NULL), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (left = 0; left <= MOST_FREE; left++) {
		fill_table(left);
		for (flag = 0; flag < sizeof(flags) / sizeof(flags[0]); flag++)
			for (attempt = 0; attempt < ATTEMPTS; attempt++)
				launch_once(&attempts[attempt], flags[flag], left);
	}
}

START_TEST(launches_with_ids_say_what_is_true)
{
	NEED_ROOT();
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	is_first = _i;
	in_own_process(launch_from_a_full_table);
}
END_TEST

/* Only /proc tells of it when it has executed, and its pidfd may have taken the last number. */
static void leave_one_running(void)
{
	struct rlimit limit = {LIMIT, LIMIT};
	struct spu_child child;
	struct spu_error error;
	int left;

	ck_assert_int_eq(exit_of(SPU_ARGV("/bin/true"), NULL), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (left = 1; left <= MOST_FREE; left++) {
		fill_table(left);
		ASSERT_OK(spu_spawn(&child, SPU_ARGV("/bin/sleep", "1000"),
				    SPU_OPTIONS(.uid = SPU_SET(65534),
						.flags = SPU_KEEP_GROUPS | SPU_SETSID), &error),
			  error);
		ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
		ck_assert_int_eq(spu_stop(&child, SIGKILL, 0, 0, NULL), 0);
		spu_child_release(&child);
	}
}

START_TEST(a_child_in_a_session_of_its_own_is_seen_to_run)
{
	NEED_ROOT();
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(leave_one_running);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, launches_with_ids_say_what_is_true, 0, 2);
	tcase_add_test(tests, a_child_in_a_session_of_its_own_is_seen_to_run);
	return run_suite(suite);
}
