/* SPDX-License-Identifier: MIT */
/* Entries that can't be had: named with their place. */
#include "held.h"

#define SUITE "bad_entries"

/* For a process of its own. */
static int first_target;

START_TEST(a_source_that_is_not_open_is_named)
{
	int n = 150, pass;

	for (pass = 0; pass < 2; pass++) {
		ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_KEEP(n))), EBADF,
			       SPU_STEP_MOVE, 1, "keep 150: Bad file descriptor");
		ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(5, n))), EBADF, SPU_STEP_MOVE, 0,
			       "map 5 from 150: Bad file descriptor");
	}
}
END_TEST

static void assert_closed_beside_a_stream(int n)
{
	size_t open_before = count_open();
	FILE *streams[2] = {NULL, NULL};
	struct spu_error error;
	int i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(spu_popen_with(&streams[i], ":", i ? "we" : "w", SPU_OPTIONS(
			.fds = SPU_FDS(SPU_NULL(60), SPU_KEEP(n))), &error), -EBADF);
		ck_assert_uint_eq(error.step, SPU_STEP_MOVE);
		ck_assert_ptr_nonnull(strstr(error.text, "keep"));
	}
	assert_unchanged(open_before);
}

static void assert_closed_beside_a_capture(int n)
{
	size_t open_before = count_open();
	struct spu_output out = {0};
	struct spu_error error;

	ck_assert_int_eq(spu_capture(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(n))),
				     "", 0, &out, NULL, NULL, &error), -EBADF);
	ck_assert_uint_eq(error.step, SPU_STEP_MOVE);
	assert_unchanged(open_before);
}

/* A closed number may be the one that the library's next pipe gets: it must not pass for open. */
static void name_closed_sources(void)
{
	int first = lowest_free(), offset, in;

	for (offset = 0; offset < 6; offset++) {
		int n = first + offset;

		if (is_open(n))
			continue;
		ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(n))), EBADF, SPU_STEP_MOVE, 0,
			       "keep");
		ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(90, n))), EBADF, SPU_STEP_MOVE, 0,
			       "map 90");
		ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_MAP(90, n))),
			       EBADF, SPU_STEP_MOVE, 1, "map 90");
		ASSERT_REFUSED(SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
					   .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_SAME(90, n))),
			       EBADF, SPU_STEP_MOVE, 1, "same 90");
		ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &in), SPU_MAP(90, n))),
			       EBADF, SPU_STEP_MOVE, 1, "map 90");
		assert_closed_beside_a_stream(n);
		assert_closed_beside_a_capture(n);
	}
}

static void name_closed_source_first(void)
{
	int n = first_target;

	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(90, n))), EBADF, SPU_STEP_MOVE, 0,
		       "map 90");
}

START_TEST(a_closed_source_is_not_taken_for_the_librarys_own_pipe)
{
	int offset;

	in_own_process(name_closed_sources);
	for (offset = 0; offset < 4; offset++) {
		first_target = lowest_free() + offset;
		if (!is_open(first_target))
			in_own_process(name_closed_source_first);
	}
}
END_TEST

START_TEST(posix_spawn_names_closed_sources_too)
{
	int n = lowest_free(), in;

	ASSERT_REFUSED(SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
				   .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_MAP(90, n))), EBADF,
		       SPU_STEP_MOVE, 1, "map 90 from");
	ASSERT_REFUSED(SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
				   .fds = SPU_FDS(SPU_KEEP(150))), EBADF, SPU_STEP_MOVE, 0,
		       "keep 150: Bad file descriptor");
}
END_TEST

START_TEST(wrong_entries_are_refused_with_their_place)
{
	int number;

	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_NULL(5), SPU_NULL(5))), EINVAL,
		       SPU_STEP_OPTIONS, 2, "descriptor 5: given twice");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_CLOSE(0))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor 0: given twice");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(7), SPU_NULL(-1))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor -1: negative");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(7, -2))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 7: its source");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(3, 3))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 3");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(3, 4), SPU_SAME(4, 5), SPU_SAME(5, 3))),
		       EINVAL, SPU_STEP_OPTIONS, 0, "descriptor 3: same as 4");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_CLOSE(4), SPU_SAME(3, 4))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor 3: same as 4, which the child doesn't get");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(3, 60))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 3: same as 60");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(3, NULL, 0))), EINVAL, SPU_STEP_OPTIONS,
		       0, "no path");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(3, NULL))), EINVAL, SPU_STEP_OPTIONS,
		       0, "nowhere to store");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS({.kind = 99, .fd = 3, .ret_fd = &number})), EINVAL,
		       SPU_STEP_OPTIONS, 0, "unknown kind");
}
END_TEST

START_TEST(an_open_that_fails_is_named_with_its_arrow)
{
	write_file("there", "", 0600);
	ASSERT_REFUSED(
		SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_OPEN(1, "/nowhere/at/all", O_WRONLY))),
		ENOENT, SPU_STEP_OPEN, 1, "open 1>/nowhere/at/all: No such file or directory");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(0, "/dev/null/x", O_RDONLY))), ENOTDIR,
		       SPU_STEP_OPEN, 0, "open 0</dev/null/x: Not a directory");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(4, "/", O_RDWR))), EISDIR, SPU_STEP_OPEN,
		       0, "open 4<>/: Is a directory");
	ASSERT_REFUSED(
		SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(4, in_scratch("there"),
						    O_WRONLY | O_APPEND | O_CREAT | O_EXCL))),
		EEXIST, SPU_STEP_OPEN, 0, "open 4>>");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(0, "", O_RDONLY))), ENOENT,
		       SPU_STEP_OPEN, 0, "open 0<\"\": No such file or directory");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_source_that_is_not_open_is_named);
	tcase_add_test(tests, a_closed_source_is_not_taken_for_the_librarys_own_pipe);
	tcase_add_test(tests, posix_spawn_names_closed_sources_too);
	tcase_add_test(tests, wrong_entries_are_refused_with_their_place);
	tcase_add_test(tests, an_open_that_fails_is_named_with_its_arrow);
	return run_suite(suite);
}
