/* SPDX-License-Identifier: MIT */
/* The caller's own descriptors: as they were, after failures too. */
#include "held.h"

#define SUITE "callers_own"

START_TEST(flags_and_offsets_of_the_caller_stay)
{
	int fds[] = {100, 101, 102}, i, in, status;
	struct spu_child child;
	struct spu_error error;

	open_at(100, 1);
	open_at(101, 0);
	open_at(102, 1);
	for (i = 0; i < 3; i++)
		lseek(fds[i], i + 2, SEEK_SET);
	i = spu_spawn(&child, SPU_ARGV("true"),
		      SPU_OPTIONS(.method = (unsigned)_i,
				  .fds = SPU_FDS(SPU_MAP(101, 100), SPU_MAP(100, 101),
						 SPU_KEEP(102), SPU_PIPE_IN(0, &in))),
		      &error);
	ASSERT_OK(i, error);
	spu_wait(&child, -1, &status);
	ck_assert_int_eq(fcntl(100, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(101, F_GETFD), 0);
	ck_assert_int_eq(fcntl(102, F_GETFD), FD_CLOEXEC);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(lseek(fds[i], 0, SEEK_CUR), i + 2);
}
END_TEST

/* Is the first byte of the file locked by somebody else than "asker"'s own process? */
static int is_locked(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_RDWR);

		_exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* Opening and closing a file in the caller would drop its POSIX locks on it. */
START_TEST(a_lock_of_the_caller_on_an_opened_file_stays)
{
	const char *path = write_file("locked", "data", 0600);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct spu_error error;
	int fd = open(path, O_RDWR | O_CLOEXEC), r, status, pass;

	ck_assert_int_eq(fcntl(fd, F_SETLK, &lock), 0);
	ck_assert(is_locked(path));
	for (pass = 0; pass < 2; pass++) {
		r = spu_run(SPU_ARGV("true"),
			    SPU_OPTIONS(.method = (unsigned)_i, .leaks = SPU_LEAKS_ALLOW,
					.fds = SPU_FDS(SPU_OPEN(0, path, O_RDONLY),
						       SPU_OPEN(9, path, O_RDWR))),
			    &status, &error);
		ASSERT_OK(r, error);
		ck_assert(is_locked(path));
	}
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.method = (unsigned)_i,
		.fds = SPU_FDS(SPU_OPEN(0, path, O_RDONLY), SPU_MAP(50, fd))), &status, &error);
	ASSERT_OK(r, error);
	ck_assert(is_locked(path));
}
END_TEST

START_TEST(every_failure_leaves_no_descriptor_and_no_child)
{
	int in, out, error_pass;
	const struct {
		const char *file;
		const struct spu_options *options;
	} failures[] = {
		{"/nowhere",
		 SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
		{"/", SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
		{"no-such-program-anywhere",
		 SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
		{"true", SPU_OPTIONS(.cwd = "/nowhere",
				     .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
		{"true", SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out),
						    SPU_KEEP(180)))},
		{"true", SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(0, &out)))},
		{"true", SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out),
						    SPU_SAME(5, 180)))},
		{"true", SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out),
						    SPU_OPEN(2, "/nowhere/x", O_WRONLY)))},
		{"true", SPU_OPTIONS(.pgroup = SPU_SET(INT_MAX),
				     .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
		{"true", SPU_OPTIONS(.foreground = SPU_SET(0),
				     .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
		{"/nowhere",
		 SPU_OPTIONS(.flags = SPU_DETACH,
			     .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out)))},
	};
	size_t i, open_before = count_open();

	if (_i == SPU_METHOD_POSIX_SPAWN)
		SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	for (error_pass = 0; error_pass < 2; error_pass++) {
		for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
			struct spu_options options = *failures[i].options;
			struct spu_error error;
			struct spu_child child;
			int r;

			if (_i == SPU_METHOD_POSIX_SPAWN && options.flags & SPU_DETACH)
				continue;
			options.method = (unsigned)_i;
			in = out = -7;
			memset(&child, 0x5a, sizeof(child));
			r = spu_spawn(&child, SPU_ARGV(failures[i].file), &options,
				      error_pass ? &error : NULL);
			ck_assert_msg(r < 0, "launch %zu did not fail", i);
			if (error_pass) {
				ck_assert_int_eq(error.err, -r);
				ck_assert_ptr_null(strchr(error.text, '\n'));
			}
			ck_assert_int_eq(in, -7);
			ck_assert_int_eq(out, -7);
			ck_assert_int_eq(child.pid, 0x5a5a5a5a);
			ck_assert_int_eq(child.pidfd, 0x5a5a5a5a);
			assert_unchanged(open_before);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, flags_and_offsets_of_the_caller_stay);
	add_for_both(tests, a_lock_of_the_caller_on_an_opened_file_stays);
	add_for_both(tests, every_failure_leaves_no_descriptor_and_no_child);
	return run_suite(suite);
}
