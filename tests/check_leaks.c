/* SPDX-License-Identifier: MIT */
/* Leak policies. */
#include <sys/resource.h>

#include "held.h"

#define SUITE "leaks"

START_TEST(allow_inherits_what_is_not_close_on_exec)
{
	struct state_report *report;
	int fd;

	open_at(100, 0);
	open_at(101, 1);
	open_at(102, 0);
	report =
		observe(SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
				    .fds = SPU_FDS(SPU_MAP(50, 101), SPU_CLOSE(102), SPU_NULL(0))));
	ASSERT_HOLDS(report, 100, identity_of(100));
	ASSERT_HOLDS(report, 50, identity_of(101));
	ASSERT_CLOSED(report, 101);
	ASSERT_CLOSED(report, 102);
	/* nothing beyond: what the child has was given, or isn't close-on-exec here */
	for (fd = 3; fd < 2000; fd++)
		if (report_find(report, fd) && fd != 50)
			ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
}
END_TEST

START_TEST(close_closes_a_thousand_strays)
{
	struct state_report *report;
	struct rlimit limit;
	int fd;

	getrlimit(RLIMIT_NOFILE, &limit);
	open_at(100, 0);
	for (fd = 101; fd < 1100 && fd < (int)limit.rlim_cur; fd++)
		ck_assert_int_eq(dup2(100, fd), fd);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i, .fds = SPU_FDS(SPU_KEEP(500))));
	ck_assert_ptr_nonnull(report_find(report, 500));
	ck_assert_uint_eq(report->fd_count, count_standard() + 1);
}
END_TEST

START_TEST(fail_names_the_first_leak_and_how_many)
{
	struct spu_error error;
	struct spu_child child;
	size_t open_before;
	int in = -7, r;

	close_strays();
	open_at(100, 0);
	open_at(101, 1);
	open_at(102, 0);
	open_before = count_open();
	r = spu_spawn(&child, SPU_ARGV("true"),
		      SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_FAIL,
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &in))),
		      &error);
	ck_assert_int_eq(r, -EBADFD);
	ck_assert_uint_eq(error.step, SPU_STEP_AUDIT);
	ck_assert_ptr_nonnull(strstr(error.text, "2 descriptors would leak, the first is 100 ("));
	ck_assert_ptr_nonnull(strstr(error.text, "number.100"));
	ck_assert_msg(ends_with(error.text, "): neither close-on-exec nor given to the child"),
		      "%s", error.text);
	ck_assert_int_eq(in, -7);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(fail_passes_what_is_named)
{
	struct state_report *report;

	close_strays();
	open_at(100, 0);
	open_at(102, 0);
	open_at(103, 0);
	report = observe(
		SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_FAIL,
			    .fds = SPU_FDS(SPU_KEEP(100), SPU_MAP(50, 102), SPU_CLOSE(103))));
	ASSERT_HOLDS(report, 100, identity_of(100));
	ASSERT_HOLDS(report, 50, identity_of(102));
	ck_assert_uint_eq(report->fd_count, count_standard() + 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, allow_inherits_what_is_not_close_on_exec);
	add_for_both(tests, close_closes_a_thousand_strays);
	add_for_both(tests, fail_names_the_first_leak_and_how_many);
	add_for_both(tests, fail_passes_what_is_named);
	return run_suite(suite);
}
