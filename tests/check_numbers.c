/* SPDX-License-Identifier: MIT */
/* Numbers at the edge: high ones, limits, full tables. */
#include <sys/resource.h>

#include "held.h"

#define SUITE "numbers"

START_TEST(high_numbers_are_numbers_too)
{
	struct rlimit limit;
	struct state_report *report;
	int high;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	high = limit.rlim_cur > 5000 ? 5000 : (int)limit.rlim_cur - 1;
	open_at(high, 1);
	open_at(high - 1, 0);
	open_at(100, 1);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_MAP(high - 2, high), SPU_KEEP(high),
						    SPU_MAP(high - 3, 100))));
	ASSERT_HOLDS(report, high, identity_of(high));
	ASSERT_HOLDS(report, high - 2, identity_of(high));
	ASSERT_HOLDS(report, high - 3, identity_of(100));
	ck_assert_uint_eq(report->fd_count, count_standard() + 3);
}
END_TEST

static void name_targets_above_the_limit(void)
{
	struct rlimit limit = {128, 128};

	setrlimit(RLIMIT_NOFILE, &limit);
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(128, 0))), EBADF, SPU_STEP_MOVE, 0,
		       "map 128 from 0");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(128))), EBADF, SPU_STEP_OPEN, 0,
		       "open 128<>/dev/null");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(INT_MAX, 0))), EBADF, SPU_STEP_MOVE, 0,
		       "map 2147483647");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(INT_MAX))), EBADF, SPU_STEP_OPEN, 0,
		       "open 2147483647");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(INT_MAX))), EBADF, SPU_STEP_MOVE, 0,
		       "keep 2147483647");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(3, INT_MAX))), EBADF, SPU_STEP_MOVE, 0,
		       "from 2147483647");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(INT_MAX, 0))), EBADF, SPU_STEP_MOVE, 0,
		       "same 2147483647");
	/* it isn't open, so there is nothing that could fail */
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_CLOSE(INT_MAX))),
				 NULL, NULL),
			 0);
}

START_TEST(a_target_at_the_limit_or_above_is_named)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(name_targets_above_the_limit);
}
END_TEST

static void launch_below_open_numbers(void)
{
	struct rlimit limit;
	struct state_report *report;

	open_at(150, 1);
	open_at(151, 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	report = observe(SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(150), SPU_MAP(50, 151))));
	ASSERT_HOLDS(report, 150, identity_of(150));
	ASSERT_HOLDS(report, 50, identity_of(151));
	ck_assert_uint_eq(report->fd_count, count_standard() + 2);
}

START_TEST(numbers_above_a_lowered_limit_are_kept_and_closed)
{
	in_own_process(launch_below_open_numbers);
}
END_TEST

/* Fills the table up to a limit of 64 numbers but for "left". */
static void fill_table(int left)
{
	struct rlimit limit = {64, 64};

	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDWR) >= 0)
		;
	ck_assert_int_eq(errno, EMFILE);
	while (left > 0)
		close(64 - left--);
}

static void launch_from_a_full_table(void)
{
	struct spu_child child;
	struct spu_error error;
	int in = -7, out = -7, r, pass, status, left, pidfds = has_pidfds();

	run_report(NULL);	/* now the library knows that memory is shared */
	for (left = 0; left < 3; left++) {
		fill_table(left);
		for (pass = 0; pass < 2; pass++) {
			r = spu_spawn(&child, SPU_ARGV("true"),
				      SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0))), &error);
			ASSERT_OK(r, error);
			ck_assert_int_eq(child.pidfd < 0, left == 0 || !pidfds);
			ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
			ck_assert_int_eq(status, 0);
			spu_child_release(&child);
		}
		r = spu_spawn(
			&child, SPU_ARGV("true"),
			SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out))),
			&error);
		ck_assert_int_eq(r, -EMFILE);
		ck_assert_uint_eq(error.step, SPU_STEP_PREPARE);
		ck_assert_int_eq(error.index, left < 2 ? 0 : 1);
		ck_assert_ptr_nonnull(strstr(error.text, "pipe for"));
		ck_assert_int_eq(in, -7);
		ck_assert_int_eq(out, -7);
		/* what was free is free again */
		for (pass = 0; pass < left; pass++)
			ck_assert_int_ge(dup(0), 0);
		ck_assert_int_lt(dup(0), 0);
	}
	assert_no_child();
}

START_TEST(a_full_table_is_launched_from_but_has_no_room_for_pipes)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(launch_from_a_full_table);
}
END_TEST

static void launch_first_from_a_full_table(void)
{
	struct spu_child child;
	struct spu_error error;
	int r, status;

	fill_table(0);
	r = spu_spawn(&child, SPU_ARGV("true"), NULL, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("/nowhere"), NULL, NULL), -ENOENT);
	assert_no_child();
}

START_TEST(the_first_launch_needs_no_free_number)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(launch_first_from_a_full_table);
}
END_TEST

static void swap_in_a_nearly_full_table(void)
{
	struct spu_error error;
	int r, status;

	run_report(NULL);
	fill_table(0);
	close(40);
	/* 63 is the last number: the spare of the swap can't lie above it */
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(62, 63), SPU_MAP(63, 62))),
		    &status, &error);
	ASSERT_OK(r, error);
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(63), SPU_NULL(0))),
		    &status, &error);
	ASSERT_OK(r, error);
	if (!IS_GLIBC)
		return;	/* musl's posix_spawn has a pipe of its own */
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
		.fds = SPU_FDS(SPU_MAP(61, 62), SPU_MAP(62, 61))), &status, &error);
	ASSERT_OK(r, error);
}

START_TEST(one_free_number_is_room_enough_to_move)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind copies memory, so that errors take a pipe");
	in_own_process(swap_in_a_nearly_full_table);
}
END_TEST

static void swap_below_the_limit(void)
{
	struct rlimit limit = {64, 64};
	struct state_report *report;

	open_at(62, 1);
	open_at(63, 1);
	setrlimit(RLIMIT_NOFILE, &limit);
	report = observe(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(62, 63), SPU_MAP(63, 62))));
	ASSERT_HOLDS(report, 62, identity_of(63));
	ASSERT_HOLDS(report, 63, identity_of(62));
	report = observe(SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
				     .fds = SPU_FDS(SPU_MAP(62, 63), SPU_MAP(63, 62))));
	ASSERT_HOLDS(report, 62, identity_of(63));
	ASSERT_HOLDS(report, 63, identity_of(62));
}

START_TEST(a_swap_at_the_limit_finds_a_spare_below)
{
	in_own_process(swap_below_the_limit);
}
END_TEST

/*
 * ---- No number beside those that the child gets
 */

/* 0 to 2 are open and nothing above, and there is room for so many. */
static void leave_room_for(int count)
{
	struct rlimit limit;
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd < 3)
		;
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	limit.rlim_cur = (rlim_t)count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static unsigned method;

/* That its loader finds no number, is the program's own affair: it was executed. */
static void launch_without_room(void)
{
	static const struct {
		int limit;
		struct spu_fd fds[8];
	} cases[] = {
		{3, {{0}}},
		{3, {SPU_NULL(0), {0}}},
		{3, {SPU_OPEN(2, "/dev/zero", O_RDONLY), SPU_SAME(1, 2), {0}}},
		{8, {SPU_NULL(0), SPU_MAP(3, 2), SPU_MAP(4, 2), SPU_MAP(5, 2), SPU_MAP(6, 2),
		     SPU_MAP(7, 2), {0}}},
		{8, {SPU_MAP(7, 2), SPU_OPEN(6, "/dev/zero", O_RDONLY), SPU_NULL(5), SPU_NULL(4),
		     SPU_NULL(3), SPU_NULL(2), {0}}},
		{8, {SPU_MAP(7, 0), {0}}},
	};
	struct spu_error error;
	size_t i;
	int r;

	if (method == SPU_METHOD_VFORK)
		ck_assert_int_eq(spu_run(SPU_ARGV("/bin/true"), NULL, NULL, NULL), 0);
	for (i = sizeof(cases) / sizeof(cases[0]); i-- > 0;) {
		leave_room_for(cases[i].limit);
		r = spu_run(SPU_ARGV("/bin/true"), SPU_OPTIONS(.method = method, .fds = cases[i].fds),
			    NULL, &error);
		ck_assert_msg(r == 0, "case %zu: %s", i, r < 0 ? error.text : "");
	}
}

START_TEST(what_is_opened_needs_no_number_beside_its_own)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	method = (unsigned)_i;
	if (!IS_GLIBC && method == SPU_METHOD_POSIX_SPAWN)
		SKIP(SUITE, "musl's posix_spawn has a pipe of its own");
	in_own_process(launch_without_room);
}
END_TEST

/* What libc doesn't take is named, and what it has no part in doesn't hinder. */
static void ask_libc_below_open_numbers(void)
{
	struct rlimit limit;
	struct spu_options options = *SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN);
	int fd;

	for (fd = 64; fd < 1024; fd++)
		close(fd);
	open_at(150, 1);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (!IS_GLIBC) {	/* has no closefrom, and looks at numbers in the child */
		ASSERT_REFUSED(&options, ENOTSUP, SPU_STEP_OPTIONS, -1,
			       "close 150, above the limit of open files: not with method posix_spawn");
		return;
	}
	observe(&options);
	options.fds = SPU_FDS(SPU_KEEP(150));
	ASSERT_REFUSED(&options, ENOTSUP, SPU_STEP_OPTIONS, -1,
		       "give 150, above the limit of open files: not with method posix_spawn");
	options.fds = SPU_FDS(SPU_MAP(5, 150));
	ASSERT_REFUSED(&options, ENOTSUP, SPU_STEP_OPTIONS, -1,
		       "give 150, above the limit of open files: not with method posix_spawn");
	options.fds = SPU_FDS(SPU_MAP(64, 0));
	ASSERT_REFUSED(&options, EBADF, SPU_STEP_MOVE, 0, "map 64 from 0: Bad file descriptor");
	options.fds = SPU_FDS(SPU_NULL(0), SPU_OPEN(64, "/", O_RDONLY));
	ASSERT_REFUSED(&options, EBADF, SPU_STEP_OPEN, 1, "open 64</: Bad file descriptor");
	/* nothing is closed but what is named */
	options.leaks = SPU_LEAKS_ALLOW;
	options.fds = SPU_FDS(SPU_CLOSE(150));
	ASSERT_REFUSED(&options, ENOTSUP, SPU_STEP_OPTIONS, -1,
		       "close 150, above the limit of open files: not with method posix_spawn");
	options.fds = SPU_FDS(SPU_CLOSE(151));
	observe(&options);
}

START_TEST(what_is_above_a_lowered_limit_is_refused_by_name)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(ask_libc_below_open_numbers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, high_numbers_are_numbers_too);
	tcase_add_test(tests, a_target_at_the_limit_or_above_is_named);
	tcase_add_test(tests, numbers_above_a_lowered_limit_are_kept_and_closed);
	tcase_add_test(tests, a_full_table_is_launched_from_but_has_no_room_for_pipes);
	tcase_add_test(tests, the_first_launch_needs_no_free_number);
	tcase_add_test(tests, one_free_number_is_room_enough_to_move);
	tcase_add_test(tests, a_swap_at_the_limit_finds_a_spare_below);
	add_for_both(tests, what_is_opened_needs_no_number_beside_its_own);
	tcase_add_test(tests, what_is_above_a_lowered_limit_is_refused_by_name);
	return run_suite(suite);
}
