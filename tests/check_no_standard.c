/* SPDX-License-Identifier: MIT */
/* 0 to 2 closed in the caller, all combinations. */
#include "held.h"

#define SUITE "no_standard"

static int closed_bits, method;

static void close_standard(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		if (closed_bits & 1 << fd)
			close(fd);
		else
			dup2(100 + fd, fd);
	}
}

static void launch_without_standard(void)
{
	struct state_report *report;
	int fd, in, out, status, r;
	struct spu_child child;
	struct spu_error error;
	const char *path;

	for (fd = 100; fd <= 103; fd++)
		open_at(fd, 1);
	path = report_file();
	close_standard();

	report = observe(SPU_OPTIONS(.method = (unsigned)method));
	for (fd = 0; fd <= 2; fd++)
		ck_assert_int_eq(report_find(report, fd) != NULL, !(closed_bits & 1 << fd));
	ck_assert_uint_eq(report->fd_count, count_standard());

	report = observe(SPU_OPTIONS(.method = (unsigned)method, .leaks = SPU_LEAKS_ALLOW,
		.fds = SPU_FDS(SPU_NULL(0), SPU_MAP(1, 103), SPU_OPEN(5, "/dev/null", O_WRONLY))));
	ASSERT_HOLDS(report, 0, identity_of_path("/dev/null"));
	ASSERT_HOLDS(report, 1, identity_of(103));
	ASSERT_HOLDS(report, 5, identity_of_path("/dev/null"));
	ck_assert_int_eq(report_find(report, 2) != NULL, !(closed_bits & 4));

	report = observe(SPU_OPTIONS(.method = (unsigned)method,
				     .fds = SPU_FDS(SPU_MAP(0, 101), SPU_MAP(1, 102),
						    SPU_MAP(2, 101), SPU_OPEN(7, "/", O_RDONLY))));
	ASSERT_HOLDS(report, 0, identity_of(101));
	ASSERT_HOLDS(report, 1, identity_of(102));
	ASSERT_HOLDS(report, 2, identity_of(101));
	ASSERT_HOLDS(report, 7, identity_of_path("/"));
	ck_assert_uint_eq(report->fd_count, 4);

	/* the library's own ends must not be what the child inherits as 0 to 2 */
	r = spu_spawn(&child, SPU_ARGV(report_state(), path),
		      SPU_OPTIONS(.method = (unsigned)method,
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(9, &out))),
		      &error);
	ASSERT_OK(r, error);
	ck_assert_int_ge(in, 3);
	ck_assert_int_ge(out, 3);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, 0);
	report = read_report(path);
	ASSERT_HOLDS(report, 0, identity_of(in));
	ASSERT_HOLDS(report, 9, identity_of(out));
	ck_assert_int_eq(report_find(report, 1) != NULL, !(closed_bits & 2));
	ck_assert_int_eq(report_find(report, 2) != NULL, !(closed_bits & 4));
	for (fd = 0; fd <= 2; fd++)
		if (closed_bits & 1 << fd)
			ck_assert_msg(!is_open(fd) || fd == child.pidfd, "%d is open now", fd);
	spu_child_release(&child);
	for (fd = 0; fd <= 2; fd++)
		ck_assert_int_eq(is_open(fd), !(closed_bits & 1 << fd));
}

START_TEST(standard_descriptors_may_be_closed_in_the_caller)
{
	closed_bits = _i % 8;
	method = _i < 8 ? SPU_METHOD_VFORK : SPU_METHOD_POSIX_SPAWN;
	in_own_process(launch_without_standard);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, standard_descriptors_may_be_closed_in_the_caller, 0, 16);
	return run_suite(suite);
}
