/* SPDX-License-Identifier: MIT */
/* The program by a descriptor that it doesn't keep. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "held.h"
#include "launches.h"

#define SUITE "program_fd"

static int open_program(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 3);
	return fd;
}

START_TEST(a_program_has_no_descriptor_more)
{
	int fd = open_program(report_state()), other;
	size_t open_before = count_open();
	struct state_report *report;

	report = run_report(SPU_OPTIONS(.program_fd = SPU_SET(fd)));
	ck_assert_uint_eq(report->fd_count, count_standard());
	/* the caller's flags are nobody's business */
	for (other = 3; other < 256; other++)
		fcntl(other, F_SETFD, other == fd ? 0 : FD_CLOEXEC);
	report = run_report(SPU_OPTIONS(.program_fd = SPU_SET(fd), .leaks = SPU_LEAKS_FAIL));
	ck_assert_uint_eq(report->fd_count, count_standard());
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	assert_unchanged(open_before);
}
END_TEST

/* All numbers about its own are wanted, each of them in another way. */
START_TEST(its_number_is_in_nobodys_way)
{
	struct identity zero;
	int own = open_program(report_state()), other, number;

	for (number = 3; number < 12; number++) {
		struct spu_fd fds[11] = {{0}};
		struct state_report *report;
		int i;

		ck_assert_int_eq(dup3(own, 20 + number, O_CLOEXEC), 20 + number);
		other = open("/dev/zero", O_RDONLY | O_CLOEXEC);
		zero = identity_of(other);
		for (i = 0; i < 9; i++)
			fds[i] = i % 3 == 0 ? (struct spu_fd)SPU_MAP(3 + i, other)
			       : i % 3 == 1 ? (struct spu_fd)SPU_OPEN(3 + i, "/dev/zero", O_RDONLY)
					    : (struct spu_fd)SPU_SAME(3 + i, 3 + i - 1);
		fds[9] = (struct spu_fd)SPU_MAP(20 + number, other);
		report = run_report(SPU_OPTIONS(.program_fd = SPU_SET(20 + number), .fds = fds));
		ck_assert_uint_eq(report->fd_count, count_standard() + 10);
		for (i = 0; i < 9; i++)
			ASSERT_HOLDS(report, 3 + i, zero);
		ASSERT_HOLDS(report, 20 + number, zero);
		close(other);
		close(20 + number);
	}
}
END_TEST

START_TEST(a_program_in_memory_is_run)
{
	char bytes[4096];
	int from = open_program("/bin/true"), to = memfd_create("program", MFD_CLOEXEC);
	ssize_t size;

	ck_assert_int_ge(to, 0);
	while ((size = read(from, bytes, sizeof(bytes))) > 0)
		ck_assert_int_eq(write(to, bytes, (size_t)size), size);
	ck_assert_int_eq(exit_of(SPU_ARGV("true"), SPU_OPTIONS(.program_fd = SPU_SET(to))), 0);
	ck_assert_int_eq(exit_of(SPU_ARGV("no such program"), SPU_OPTIONS(
		.program_fd = SPU_SET(to), .timeout_ms = 86400000)), 0);
	/* one that can only be named, and a path that is nowhere along PATH */
	ck_assert_int_eq(exit_of(SPU_ARGV("no such program"), SPU_OPTIONS(
		.program_fd = SPU_SET(open("/bin/true", O_PATH | O_CLOEXEC)))), 0);
}
END_TEST

START_TEST(what_is_not_executed_says_why)
{
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
#define ASSERT_NOT_EXECUTED(path, err, text) \
	ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(open_program(path))), err, \
		     SPU_STEP_EXEC, 0, text)
	ASSERT_NOT_EXECUTED(write_file("script", "#!/bin/sh\n", 0755), ENOENT,
			    "exec program_fd: a script needs a path: its interpreter would find the "
			    "descriptor closed: No such file or directory");
	ASSERT_NOT_EXECUTED(write_file("lost", "#!/no/such/interpreter\n", 0755), ENOENT,
			    "exec program_fd: its interpreter /no/such/interpreter: No such file");
	ASSERT_NOT_EXECUTED(write_file("plain", "x", 0644), EACCES,
			    "exec program_fd: not executable: Permission denied");
	ASSERT_NOT_EXECUTED(write_file("empty", "", 0755), ENOEXEC,
			    "exec program_fd: it is empty: Exec format error");
	ASSERT_NOT_EXECUTED("/", EACCES, "exec program_fd: a directory: Permission denied");
}
END_TEST

/* Though the number is the next that a pipe of the library's gets */
START_TEST(what_is_not_open_says_so)
{
	int n, first = lowest_free(), in;
	struct spu_error error;
	FILE *stream;

	for (n = first; n < first + 4; n++) {
		if (is_open(n))
			continue;
		ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(n)), EBADF,
			     SPU_STEP_PREPARE, -1, "program_fd");
		ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(n),
							.fds = SPU_FDS(SPU_PIPE_IN(0, &in))),
			     EBADF, SPU_STEP_PREPARE, -1, "program_fd");
		ck_assert_int_eq(spu_popen_with(&stream, "x", "w", SPU_OPTIONS(
			.program_fd = SPU_SET(n)), &error), -EBADF);
	}
}
END_TEST

START_TEST(a_path_beside_it_is_refused)
{
	static const char refusal[] = "program_fd: not with file or path";

	ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(0), .file = "/bin/true"),
		     EINVAL, SPU_STEP_OPTIONS, -1, refusal);
	ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(0), .path = "/bin"),
		     EINVAL, SPU_STEP_OPTIONS, -1, refusal);
	ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(-1)), EINVAL,
		     SPU_STEP_OPTIONS, -1, "program_fd: not a descriptor");
#ifndef BY_SERVER
	ASSERT_FAILS(SPU_ARGV("x"), SPU_OPTIONS(.program_fd = SPU_SET(0),
						.method = SPU_METHOD_POSIX_SPAWN), ENOTSUP,
		     SPU_STEP_OPTIONS, -1, "program_fd: not with method posix_spawn");
#endif
}
END_TEST

START_TEST(a_shell_by_a_descriptor_is_called_as_any)
{
	int status, shell = open_program("/bin/sh");
	struct spu_error error;

	ASSERT_OK(spu_system_with("exit 7", SPU_OPTIONS(.program_fd = SPU_SET(shell)), &status,
				  &error), error);
	ck_assert_int_eq(spu_exit_code(status), 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_program_has_no_descriptor_more);
	tcase_add_test(tests, its_number_is_in_nobodys_way);
	tcase_add_test(tests, a_program_in_memory_is_run);
	tcase_add_test(tests, what_is_not_executed_says_why);
	tcase_add_test(tests, what_is_not_open_says_so);
	tcase_add_test(tests, a_path_beside_it_is_refused);
	tcase_add_test(tests, a_shell_by_a_descriptor_is_called_as_any);
	return run_suite(suite);
}
