/* SPDX-License-Identifier: MIT */
/* What the entries of fds give. */
#include <sys/stat.h>

#include "held.h"

#define SUITE "given"

START_TEST(a_child_holds_the_standard_three_and_nothing_else)
{
	struct state_report *report;
	int fd;

	open_at(100, 0);
	open_at(200, 1);
	open_at(1000, 0);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i));
	for (fd = 0; fd <= 2; fd++)
		if (is_open(fd))
			ASSERT_HOLDS(report, fd, identity_of(fd));
	ck_assert_uint_eq(report->fd_count, count_standard());
}
END_TEST

/* As POSIX has it, whatever the policy; but an entry is a wish. */
START_TEST(a_standard_one_that_is_close_on_exec_is_closed_unless_named)
{
	struct state_report *report;
	unsigned leaks;

	open_at(100, 1);
	for (leaks = SPU_LEAKS_CLOSE; leaks <= SPU_LEAKS_ALLOW; leaks++) {
		ck_assert_int_eq(dup3(100, 0, O_CLOEXEC), 0);
		ck_assert_int_eq(dup3(100, 2, O_CLOEXEC), 2);
		report = observe(SPU_OPTIONS(.method = (unsigned)_i, .leaks = leaks,
					     .fds = SPU_FDS(SPU_KEEP(2))));
		ASSERT_CLOSED(report, 0);
		ASSERT_HOLDS(report, 2, identity_of(100));
		ck_assert_int_eq(fcntl(0, F_GETFD), FD_CLOEXEC);
		ck_assert_int_eq(fcntl(2, F_GETFD), FD_CLOEXEC);
	}
}
END_TEST

START_TEST(keep_gives_the_same_number_free_of_close_on_exec)
{
	struct state_report *report;

	open_at(100, 1);
	open_at(101, 0);
	lseek(100, 5, SEEK_SET);
	report = observe(
		SPU_OPTIONS(.method = (unsigned)_i, .fds = SPU_FDS(SPU_KEEP(100), SPU_KEEP(101))));
	ASSERT_HOLDS(report, 100, identity_of(100));
	ASSERT_HOLDS(report, 101, identity_of(101));
	ck_assert_int_eq(report_find(report, 100)->offset, 5);
	ck_assert_int_eq(report_find(report, 100)->flags & O_ACCMODE, O_RDWR);
	ck_assert_uint_eq(report->fd_count, count_standard() + 2);
	ck_assert_int_eq(fcntl(100, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(101, F_GETFD), 0);
}
END_TEST

START_TEST(map_swaps_and_cycles)
{
	struct state_report *report;

	open_at(100, 1);
	open_at(101, 0);
	open_at(102, 1);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_MAP(101, 100), SPU_MAP(100, 101))));
	ASSERT_HOLDS(report, 100, identity_of(101));
	ASSERT_HOLDS(report, 101, identity_of(100));
	ck_assert_uint_eq(report->fd_count, count_standard() + 2);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_MAP(102, 100), SPU_MAP(100, 101),
						    SPU_MAP(101, 102), SPU_MAP(40, 101))));
	ASSERT_HOLDS(report, 100, identity_of(101));
	ASSERT_HOLDS(report, 101, identity_of(102));
	ASSERT_HOLDS(report, 102, identity_of(100));
	ASSERT_HOLDS(report, 40, identity_of(101));
	ck_assert_uint_eq(report->fd_count, count_standard() + 4);
}
END_TEST

START_TEST(map_swaps_the_standard_ones)
{
	struct state_report *report;

	open_at(100, 1);
	open_at(101, 1);
	dup2(100, 0);
	dup2(101, 1);
	report = observe(
		SPU_OPTIONS(.method = (unsigned)_i, .fds = SPU_FDS(SPU_MAP(0, 1), SPU_MAP(1, 0))));
	ASSERT_HOLDS(report, 0, identity_of(101));
	ASSERT_HOLDS(report, 1, identity_of(100));
}
END_TEST

START_TEST(map_takes_chains_and_one_for_many)
{
	struct state_report *report;
	int fd;

	for (fd = 100; fd < 104; fd++)
		open_at(fd, fd % 2);
	report = observe(
		SPU_OPTIONS(.method = (unsigned)_i,
			    .fds = SPU_FDS(SPU_MAP(100, 101), SPU_MAP(101, 102), SPU_MAP(102, 103),
					   SPU_MAP(103, 100), SPU_MAP(200, 103), SPU_MAP(201, 103),
					   SPU_MAP(50, 103))));
	for (fd = 100; fd < 104; fd++)
		ASSERT_HOLDS(report, fd, identity_of(fd == 103 ? 100 : fd + 1));
	ASSERT_HOLDS(report, 200, identity_of(103));
	ASSERT_HOLDS(report, 201, identity_of(103));
	ASSERT_HOLDS(report, 50, identity_of(103));
	ck_assert_uint_eq(report->fd_count, count_standard() + 7);
}
END_TEST

START_TEST(same_follows_chains_to_what_they_end_at)
{
	struct state_report *report;
	const char *path = in_scratch("opened");

	open_at(100, 1);
	report = observe(
		SPU_OPTIONS(.method = (unsigned)_i,
			    .fds = SPU_FDS(SPU_SAME(9, 8), SPU_SAME(8, 7), SPU_MAP(7, 100),
					   SPU_SAME(2, 1), SPU_OPEN(1, path, O_WRONLY | O_CREAT),
					   SPU_SAME(12, 11), SPU_SAME(11, 2))));
	ASSERT_HOLDS(report, 7, identity_of(100));
	ASSERT_HOLDS(report, 8, identity_of(100));
	ASSERT_HOLDS(report, 9, identity_of(100));
	ASSERT_HOLDS(report, 1, identity_of_path(path));
	ASSERT_HOLDS(report, 2, identity_of_path(path));
	ASSERT_HOLDS(report, 11, identity_of_path(path));
	ASSERT_HOLDS(report, 12, identity_of_path(path));
}
END_TEST

START_TEST(same_means_the_childs_number_not_the_callers)
{
	struct state_report *report;

	open_at(100, 1);
	open_at(101, 1);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_MAP(101, 100), SPU_SAME(100, 101),
						    SPU_SAME(5, 100))));
	ASSERT_HOLDS(report, 101, identity_of(100));
	ASSERT_HOLDS(report, 100, identity_of(100));
	ASSERT_HOLDS(report, 5, identity_of(100));
}
END_TEST

/* 2>&1: one open file, so that what is written to one follows what was written to the other. */
START_TEST(same_of_an_open_shares_its_offset)
{
	const char *path = in_scratch("both");
	struct spu_error error;
	int status, fd, r;

	r = spu_run(SPU_ARGV("sh", "-c", "echo one; echo two >&2; echo three"),
		    SPU_OPTIONS(.method = (unsigned)_i,
				.fds = SPU_FDS(SPU_SAME(2, 1),
					       SPU_OPEN(1, path, O_WRONLY | O_CREAT | O_TRUNC))),
		    &status, &error);
	ASSERT_OK(r, error);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_str_eq(read_all(fd), "one\ntwo\nthree\n");
}
END_TEST

START_TEST(same_may_name_what_is_inherited)
{
	struct state_report *report;

	open_at(100, 1);
	dup2(100, 1);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_SAME(2, 1), SPU_SAME(30, 2))));
	ASSERT_HOLDS(report, 1, identity_of(100));
	ASSERT_HOLDS(report, 2, identity_of(100));
	ASSERT_HOLDS(report, 30, identity_of(100));
	open_at(101, 0);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
				     .fds = SPU_FDS(SPU_SAME(31, 32), SPU_SAME(32, 101))));
	ASSERT_HOLDS(report, 31, identity_of(101));
	ASSERT_HOLDS(report, 32, identity_of(101));
	ASSERT_HOLDS(report, 101, identity_of(101));
}
END_TEST

START_TEST(open_counts_from_the_childs_directory)
{
	struct state_report *report;

	ck_assert_int_eq(mkdir(in_scratch("below"), 0755), 0);
	write_file("below/in", "x", 0644);
	report = observe(
		SPU_OPTIONS(.method = (unsigned)_i, .cwd = in_scratch("below"),
			    .fds = SPU_FDS(SPU_OPEN(0, "in", O_RDONLY),
					   SPU_OPEN(1, "out", O_WRONLY | O_CREAT | O_APPEND),
					   SPU_OPEN(9, "../new", O_RDWR | O_CREAT))));
	ASSERT_HOLDS(report, 0, identity_of_path(in_scratch("below/in")));
	ASSERT_HOLDS(report, 1, identity_of_path(in_scratch("below/out")));
	ASSERT_HOLDS(report, 9, identity_of_path(in_scratch("new")));
	ck_assert_int_eq(report_find(report, 0)->flags & O_ACCMODE, O_RDONLY);
	ck_assert_int_eq(report_find(report, 1)->flags & (O_ACCMODE | O_APPEND),
			 O_WRONLY | O_APPEND);
	ck_assert_int_eq(report_find(report, 9)->flags & O_ACCMODE, O_RDWR);
}
END_TEST

START_TEST(open_makes_files_with_the_childs_umask)
{
	struct spu_error error;
	struct stat st;
	int status, r;

	umask(0);
	r = spu_run(
		SPU_ARGV("true"),
		SPU_OPTIONS(.umask = SPU_SET(027),
			    .fds = SPU_FDS(SPU_OPEN(1, in_scratch("masked"), O_WRONLY | O_CREAT),
					   {.kind = SPU_FD_OPEN, .fd = 5, .flags = O_WRONLY | O_CREAT,
					    .mode = 0755, .path = in_scratch("mode")})),
		&status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(stat(in_scratch("masked"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(stat(in_scratch("mode"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0750);
	ck_assert_int_eq(umask(022), 0);
}
END_TEST

START_TEST(null_is_dev_null_both_ways)
{
	struct state_report *report = observe(SPU_OPTIONS(.method = (unsigned)_i,
		.fds = SPU_FDS(SPU_NULL(0), SPU_NULL(1), SPU_NULL(2), SPU_NULL(77))));
	int numbers[] = {0, 1, 2, 77}, i;

	for (i = 0; i < 4; i++) {
		ASSERT_HOLDS(report, numbers[i], identity_of_path("/dev/null"));
		ck_assert_int_eq(report_find(report, numbers[i])->flags & O_ACCMODE, O_RDWR);
	}
	ck_assert_uint_eq(report->fd_count, 4);
}
END_TEST

START_TEST(close_takes_a_number_away_open_or_not)
{
	struct state_report *report;

	open_at(100, 0);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_CLOSE(0), SPU_CLOSE(100), SPU_CLOSE(300))));
	ASSERT_CLOSED(report, 0);
	ASSERT_CLOSED(report, 100);
	ASSERT_CLOSED(report, 300);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
				     .fds = SPU_FDS(SPU_CLOSE(0), SPU_CLOSE(100), SPU_CLOSE(300))));
	ASSERT_CLOSED(report, 0);
	ASSERT_CLOSED(report, 100);
	ASSERT_CLOSED(report, 300);
	ck_assert(is_open(100));
}
END_TEST

/* A number may be the source of one entry and closed by another. */
START_TEST(a_source_may_be_closed_in_the_child)
{
	struct state_report *report;

	open_at(100, 0);
	open_at(0, 0);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
				     .fds = SPU_FDS(SPU_MAP(50, 100), SPU_CLOSE(100),
						    SPU_MAP(60, 0), SPU_NULL(0))));
	ASSERT_HOLDS(report, 50, identity_of(100));
	ASSERT_CLOSED(report, 100);
	ASSERT_HOLDS(report, 0, identity_of_path("/dev/null"));
}
END_TEST

START_TEST(an_open_in_the_way_of_a_source_waits)
{
	struct state_report *report;

	open_at(100, 1);
	open_at(101, 1);
	report = observe(SPU_OPTIONS(.method = (unsigned)_i,
				     .fds = SPU_FDS(SPU_OPEN(100, "/dev/null", O_WRONLY),
						    SPU_MAP(101, 100), SPU_MAP(20, 101))));
	ASSERT_HOLDS(report, 100, identity_of_path("/dev/null"));
	ASSERT_HOLDS(report, 101, identity_of(100));
	ASSERT_HOLDS(report, 20, identity_of(101));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, a_child_holds_the_standard_three_and_nothing_else);
	add_for_both(tests, a_standard_one_that_is_close_on_exec_is_closed_unless_named);
	add_for_both(tests, keep_gives_the_same_number_free_of_close_on_exec);
	add_for_both(tests, map_swaps_and_cycles);
	add_for_both(tests, map_swaps_the_standard_ones);
	add_for_both(tests, map_takes_chains_and_one_for_many);
	add_for_both(tests, same_follows_chains_to_what_they_end_at);
	add_for_both(tests, same_means_the_childs_number_not_the_callers);
	add_for_both(tests, same_of_an_open_shares_its_offset);
	add_for_both(tests, same_may_name_what_is_inherited);
	add_for_both(tests, open_counts_from_the_childs_directory);
	tcase_add_test(tests, open_makes_files_with_the_childs_umask);
	add_for_both(tests, null_is_dev_null_both_ways);
	add_for_both(tests, close_takes_a_number_away_open_or_not);
	add_for_both(tests, a_source_may_be_closed_in_the_child);
	add_for_both(tests, an_open_in_the_way_of_a_source_waits);
	return run_suite(suite);
}
