/* SPDX-License-Identifier: MIT */
/* Pipes, and the numbers that the library takes for itself. */
#include <sys/resource.h>

#include "held.h"

#define SUITE "pipes"

START_TEST(pipes_carry_data_both_ways)
{
	struct spu_child child;
	struct spu_error error;
	size_t open_before = count_open();
	int in = -1, out = -1, status, r;

	r = spu_spawn(&child, SPU_ARGV("cat"), SPU_OPTIONS(.method = (unsigned)_i,
		.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out))), &error);
	ASSERT_OK(r, error);
	ck_assert_int_ge(in, 3);
	ck_assert_int_ge(out, 3);
	ck_assert_int_eq(fcntl(in, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(out, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(in, F_GETFL) & O_ACCMODE, O_WRONLY);
	ck_assert_int_eq(fcntl(out, F_GETFL) & O_ACCMODE, O_RDONLY);
	ck_assert_int_eq(write(in, "a\nb", 3), 3);
	close(in);
	ck_assert_str_eq(read_all(out), "a\nb");
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	assert_unchanged(open_before);
}
END_TEST

/* Two children at a time: the first one's end of file doesn't wait for the second. */
START_TEST(a_second_child_holds_no_end_of_the_first_ones_pipe)
{
	struct spu_child first, second;
	struct spu_error error;
	int in[2], status, r;

	r = spu_spawn(&first, SPU_ARGV("cat"),
		      SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &in[0]), SPU_NULL(1))),
		      &error);
	ASSERT_OK(r, error);
	r = spu_spawn(&second, SPU_ARGV("cat"),
		      SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &in[1]), SPU_NULL(1))),
		      &error);
	ASSERT_OK(r, error);
	close(in[0]);
	ck_assert_int_eq(spu_wait(&first, 30000, &status), 0);
	ck_assert_int_eq(spu_wait(&second, 0, &status), -ETIMEDOUT);
	close(in[1]);
	ck_assert_int_eq(spu_wait(&second, 30000, &status), 0);
	spu_child_release(&first);
	spu_child_release(&second);
}
END_TEST

/* The library's own numbers are the lowest free ones: each of them as a target. */
START_TEST(targets_may_be_numbers_that_the_library_uses_itself)
{
	int free_number = lowest_free(), offset;

	open_at(100, 1);
	for (offset = 0; offset < 8; offset++) {
		int n = free_number + offset, in, out, r, status;
		const char *path = report_file();
		struct state_report *report;
		struct spu_child child;
		struct spu_error error;
		size_t open_before = count_open();

		if (is_open(n) || is_open(n + 1))
			continue;
		r = spu_spawn(&child, SPU_ARGV(report_state(), path),
			      SPU_OPTIONS(.method = (unsigned)_i,
					  .fds = SPU_FDS(SPU_MAP(n, 100), SPU_PIPE_IN(n + 1, &in),
							 SPU_PIPE_OUT(1, &out), SPU_NULL(2),
							 SPU_CLOSE(0))),
			      &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
		ck_assert_int_eq(status, 0);
		report = read_report(path);
		ASSERT_HOLDS(report, n, identity_of(100));
		ASSERT_HOLDS(report, n + 1, identity_of(in));
		ck_assert_int_eq(report_find(report, n + 1)->flags & O_ACCMODE, O_RDONLY);
		ASSERT_HOLDS(report, 1, identity_of(out));
		ck_assert_int_eq(report_find(report, 1)->flags & O_ACCMODE, O_WRONLY);
		ck_assert_uint_eq(report->fd_count, 4);
		close(in);
		close(out);
		spu_child_release(&child);
		assert_unchanged(open_before);
	}
}
END_TEST

/* In a process that has launched nothing yet: the error pipe meets each target. */
static int first_target, first_method;

static void launch_first(void)
{
	struct state_report *report = run_report(
		SPU_OPTIONS(.method = (unsigned)first_method,
			    .leaks = first_method == SPU_METHOD_VFORK ? SPU_LEAKS_DEFAULT
								      : SPU_LEAKS_ALLOW,
			    .fds = SPU_FDS(SPU_NULL(first_target), SPU_NULL(first_target + 1),
					   SPU_CLOSE(first_target + 2))));

	ASSERT_HOLDS(report, first_target, identity_of_path("/dev/null"));
	ASSERT_HOLDS(report, first_target + 1, identity_of_path("/dev/null"));
	ASSERT_CLOSED(report, first_target + 2);
}

START_TEST(targets_may_be_the_error_pipes_numbers)
{
	int offset;

	for (offset = 0; offset < 5; offset++) {
		first_target = lowest_free() + offset;
		first_method = _i;
		if (!is_open(first_target) && !is_open(first_target + 1))
			in_own_process(launch_first);
	}
}
END_TEST

static void launch_first_at_the_limit(void)
{
	struct rlimit limit = {256, 256};
	int own = lowest_free();
	struct state_report *report;

	setrlimit(RLIMIT_NOFILE, &limit);
	report = run_report(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(255), SPU_NULL(own),
						       SPU_NULL(own + 1), SPU_NULL(own + 2))));
	ASSERT_HOLDS(report, 255, identity_of_path("/dev/null"));
	ASSERT_HOLDS(report, own, identity_of_path("/dev/null"));
}

START_TEST(the_error_pipe_needs_no_number_above_the_limit)
{
	in_own_process(launch_first_at_the_limit);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, pipes_carry_data_both_ways);
	add_for_both(tests, a_second_child_holds_no_end_of_the_first_ones_pipe);
	add_for_both(tests, targets_may_be_numbers_that_the_library_uses_itself);
	add_for_both(tests, targets_may_be_the_error_pipes_numbers);
	tcase_add_test(tests, the_error_pipe_needs_no_number_above_the_limit);
	return run_suite(suite);
}
