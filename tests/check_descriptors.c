/* SPDX-License-Identifier: MIT */
/*
 * Which descriptors a child gets, by both methods: seen by a child that
 * reports what it holds. Launches run twice where it is cheap: the first one
 * in a process carries an error pipe, later ones don't.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "support.h"

#define SUITE "descriptors"

/* Runs a test by each method: _i is the method. */
#define add_for_both(tests, name) \
	tcase_add_loop_test(tests, name, SPU_METHOD_VFORK, SPU_METHOD_POSIX_SPAWN + 1)

struct identity {
	unsigned long long device, inode;
};

static struct identity identity_of(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return (struct identity){st.st_dev, st.st_ino};
}

static struct identity identity_of_path(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (struct identity){st.st_dev, st.st_ino};
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* A new file of its own at this number, close-on-exec or not. */
static void open_at(int number, int cloexec)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "number.%d", number);
	fd = open(write_file(name, "content\n", 0600), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	if (fd == number) {
		fcntl(fd, F_SETFD, cloexec ? FD_CLOEXEC : 0);
		return;
	}
	ck_assert_int_eq(dup3(fd, number, cloexec ? O_CLOEXEC : 0), number);
	close(fd);
}

/* The lowest number that is free: what a pipe of the library's would get. */
static int lowest_free(void)
{
	int was_open = is_open(0), fd;

	if (!was_open)
		ck_assert_int_eq(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
	if (!was_open)
		close(0);
	ck_assert_int_ge(fd, 3);
	close(fd);
	return fd;
}

#define ASSERT_HOLDS(report, fd, wanted) assert_holds(report, fd, wanted, __LINE__)
static void assert_holds(const struct state_report *report, int fd, struct identity wanted,
			 int line)
{
	const struct report_fd *held = report_find(report, fd);

	ck_assert_msg(held != NULL, "line %d: the child has no %d", line, fd);
	ck_assert_msg(held->device == wanted.device && held->inode == wanted.inode,
		      "line %d: the child's %d is another file", line, fd);
	ck_assert_msg(!held->cloexec, "line %d: the child's %d is close-on-exec", line, fd);
}

#define ASSERT_CLOSED(report, fd) \
	ck_assert_msg(!report_find(report, fd), "line %d: the child has %d", __LINE__, fd)

/* How many of 0 to 2 a child inherits. */
static size_t count_standard(void)
{
	size_t count = 0;
	int fd;

	for (fd = 0; fd <= 2; fd++)
		count += is_open(fd);
	return count;
}

/* Twice, with the same result; nothing is left in this process. */
static struct state_report *observe(const struct spu_options *options)
{
	struct state_report *first, *second;
	size_t open_before, i;

	first = run_report(options);
	open_before = count_open();
	second = run_report(options);
	assert_unchanged(open_before);
	ck_assert_uint_eq(first->fd_count, second->fd_count);
	for (i = 0; i < first->fd_count; i++) {
		const struct report_fd *other = report_find(second, first->fds[i].fd);

		ck_assert_ptr_nonnull(other);
		ck_assert_int_eq(first->fds[i].flags, other->flags);
	}
	return second;
}

/*
 * ---- What is given
 */

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

/*
 * ---- Pipes
 */

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

/*
 * ---- Wrong descriptors
 */

#define assert_refused(...) assert_refused_at(__LINE__, __VA_ARGS__)
static void assert_refused_at(int line, const struct spu_options *options, int err, unsigned step,
			      int index, const char *text)
{
	size_t open_before = count_open();
	struct spu_child child = {.pid = 4711};
	struct spu_error error;
	int r = spu_spawn(&child, SPU_ARGV("true"), options, &error);

	ck_assert_msg(r == -err, "line %d: result %d, not %d", line, r, -err);
	ck_assert_int_eq(error.err, err);
	ck_assert_uint_eq(error.step, step);
	ck_assert_int_eq(error.index, index);
	ck_assert_msg(strstr(error.text, text) != NULL, "line %d: \"%s\" has no \"%s\"", line,
		      error.text, text);
	ck_assert_int_eq(child.pid, 4711);
	assert_unchanged(open_before);
}

START_TEST(a_source_that_is_not_open_is_named)
{
	int n = 150, pass;

	for (pass = 0; pass < 2; pass++) {
		assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_KEEP(n))), EBADF,
			       SPU_STEP_MOVE, 1, "keep 150: Bad file descriptor");
		assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(5, n))), EBADF, SPU_STEP_MOVE, 0,
			       "map 5 from 150: Bad file descriptor");
	}
}
END_TEST

/* A closed number may be the one that the library's next pipe gets: it must not pass for open. */
static void name_closed_sources(void)
{
	int first = lowest_free(), offset, in;

	for (offset = 0; offset < 6; offset++) {
		int n = first + offset;

		if (is_open(n))
			continue;
		assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(n))), EBADF, SPU_STEP_MOVE, 0,
			       "keep");
		assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(90, n))), EBADF, SPU_STEP_MOVE, 0,
			       "map 90");
		assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_MAP(90, n))),
			       EBADF, SPU_STEP_MOVE, 1, "map 90");
		assert_refused(SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
					   .fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_SAME(90, n))),
			       EBADF, SPU_STEP_MOVE, 1, "same 90");
	}
}

static void name_closed_source_first(void)
{
	int n = first_target;

	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(90, n))), EBADF, SPU_STEP_MOVE, 0,
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

START_TEST(posix_spawn_refuses_closed_sources_too)
{
	int n = lowest_free(), in, r;
	struct spu_child child;

	SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
		.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_MAP(90, n))), NULL);
	ck_assert_int_eq(r, -EBADF);
	r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
		.fds = SPU_FDS(SPU_KEEP(150))), NULL);
	ck_assert_int_eq(r, -EBADF);
}
END_TEST

START_TEST(wrong_entries_are_refused_with_their_place)
{
	int number;

	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_NULL(5), SPU_NULL(5))), EINVAL,
		       SPU_STEP_OPTIONS, 2, "descriptor 5: given twice");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(0), SPU_CLOSE(0))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor 0: given twice");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(7), SPU_NULL(-1))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor -1: negative");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(7, -2))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 7: its source");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(3, 3))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 3");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(3, 4), SPU_SAME(4, 5), SPU_SAME(5, 3))),
		       EINVAL, SPU_STEP_OPTIONS, 0, "descriptor 3: same as 4");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_CLOSE(4), SPU_SAME(3, 4))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor 3: same as 4, which the child doesn't get");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(3, 60))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 3: same as 60");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(3, NULL, 0))), EINVAL, SPU_STEP_OPTIONS,
		       0, "no path");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(3, NULL))), EINVAL, SPU_STEP_OPTIONS,
		       0, "nowhere to store");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS({.kind = 99, .fd = 3, .ret_fd = &number})), EINVAL,
		       SPU_STEP_OPTIONS, 0, "unknown kind");
}
END_TEST

START_TEST(an_open_that_fails_is_named_with_its_arrow)
{
	write_file("there", "", 0600);
	assert_refused(
		SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_OPEN(1, "/nowhere/at/all", O_WRONLY))),
		ENOENT, SPU_STEP_OPEN, 1, "open 1>/nowhere/at/all: No such file or directory");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(0, "/dev/null/x", O_RDONLY))), ENOTDIR,
		       SPU_STEP_OPEN, 0, "open 0</dev/null/x: Not a directory");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(4, "/", O_RDWR))), EISDIR, SPU_STEP_OPEN,
		       0, "open 4<>/: Is a directory");
	assert_refused(
		SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(4, in_scratch("there"),
						    O_WRONLY | O_APPEND | O_CREAT | O_EXCL))),
		EEXIST, SPU_STEP_OPEN, 0, "open 4>>");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(0, "", O_RDONLY))), ENOENT,
		       SPU_STEP_OPEN, 0, "open 0<\"\": No such file or directory");
}
END_TEST

/*
 * ---- Numbers at the edge
 */

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
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(128, 0))), EBADF, SPU_STEP_MOVE, 0,
		       "map 128 from 0");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(128))), EBADF, SPU_STEP_OPEN, 0,
		       "open 128<>/dev/null");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(INT_MAX, 0))), EBADF, SPU_STEP_MOVE, 0,
		       "map 2147483647");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(INT_MAX))), EBADF, SPU_STEP_OPEN, 0,
		       "open 2147483647");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(INT_MAX))), EBADF, SPU_STEP_MOVE, 0,
		       "keep 2147483647");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(3, INT_MAX))), EBADF, SPU_STEP_MOVE, 0,
		       "from 2147483647");
	assert_refused(SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(INT_MAX, 0))), EBADF, SPU_STEP_MOVE, 0,
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
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
		.fds = SPU_FDS(SPU_MAP(61, 62), SPU_MAP(62, 61))), &status, &error);
	ASSERT_OK(r, error);
}

START_TEST(one_free_number_is_room_enough_to_move)
{
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
 * ---- 0 to 2 closed in the caller, all combinations
 */

static int closed_bits;

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

	report = observe(SPU_OPTIONS(.method = (unsigned)first_method));
	for (fd = 0; fd <= 2; fd++)
		ck_assert_int_eq(report_find(report, fd) != NULL, !(closed_bits & 1 << fd));
	ck_assert_uint_eq(report->fd_count, count_standard());

	report = observe(SPU_OPTIONS(.method = (unsigned)first_method, .leaks = SPU_LEAKS_ALLOW,
		.fds = SPU_FDS(SPU_NULL(0), SPU_MAP(1, 103), SPU_OPEN(5, "/dev/null", O_WRONLY))));
	ASSERT_HOLDS(report, 0, identity_of_path("/dev/null"));
	ASSERT_HOLDS(report, 1, identity_of(103));
	ASSERT_HOLDS(report, 5, identity_of_path("/dev/null"));
	ck_assert_int_eq(report_find(report, 2) != NULL, !(closed_bits & 4));

	report = observe(SPU_OPTIONS(.method = (unsigned)first_method,
				     .fds = SPU_FDS(SPU_MAP(0, 101), SPU_MAP(1, 102),
						    SPU_MAP(2, 101), SPU_OPEN(7, "/", O_RDONLY))));
	ASSERT_HOLDS(report, 0, identity_of(101));
	ASSERT_HOLDS(report, 1, identity_of(102));
	ASSERT_HOLDS(report, 2, identity_of(101));
	ASSERT_HOLDS(report, 7, identity_of_path("/"));
	ck_assert_uint_eq(report->fd_count, 4);

	/* the library's own ends must not be what the child inherits as 0 to 2 */
	r = spu_spawn(&child, SPU_ARGV(report_state(), path),
		      SPU_OPTIONS(.method = (unsigned)first_method,
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
	first_method = _i < 8 ? SPU_METHOD_VFORK : SPU_METHOD_POSIX_SPAWN;
	in_own_process(launch_without_standard);
}
END_TEST

/*
 * ---- Leak policies
 */

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

/* Whatever this process was started with is closed, so that the strays are ours. */
static void close_strays(void)
{
	struct spu_audit *audit;
	size_t i;

	ck_assert_int_eq(spu_audit(0, 0, &audit), 0);
	for (i = 0; i < audit->count; i++)
		fcntl(audit->fds[i].fd, F_SETFD, FD_CLOEXEC);
	spu_audit_free(audit);
}

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

/*
 * ---- The caller's own
 */

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

/*
 * ---- Failure leaves nothing
 */

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

/*
 * ---- FIFOs
 */

static char fifo_path[PATH_MAX + 16];

static void *write_to_fifo(void *argument)
{
	int fd = open(fifo_path, O_WRONLY | O_CLOEXEC);

	(void)argument;
	if (fd < 0 || write(fd, "through\n", 8) != 8)
		abort();
	close(fd);
	return NULL;
}

START_TEST(a_fifo_is_waited_for_and_read)
{
	const char *out = in_scratch("out");
	struct spu_error error;
	pthread_t writer;
	int status, r, fd;

	snprintf(fifo_path, sizeof(fifo_path), "%s/fifo", scratch());
	ck_assert_int_eq(mkfifo(fifo_path, 0600), 0);
	pthread_create(&writer, NULL, write_to_fifo, NULL);
	r = spu_run(SPU_ARGV("cat"), SPU_OPTIONS(.method = (unsigned)_i, .cwd = scratch(),
		.fds = SPU_FDS(SPU_OPEN(0, "fifo", O_RDONLY), SPU_SAME(7, 0),
			       SPU_OPEN(1, "out", O_WRONLY | O_CREAT | O_TRUNC))), &status, &error);
	ASSERT_OK(r, error);
	pthread_join(writer, NULL);
	fd = open(out, O_RDONLY | O_CLOEXEC);
	ck_assert_str_eq(read_all(fd), "through\n");
}
END_TEST

static atomic_int handled, interrupting;
static pthread_t interrupted;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
}

/* The thread may not be in open yet: again and again until it is out of it. */
static void *interrupt(void *argument)
{
	(void)argument;
	while (atomic_load(&interrupting)) {
		pthread_kill(interrupted, SIGUSR1);
		usleep(5000);
	}
	return NULL;
}

START_TEST(waiting_for_a_fifo_is_ended_by_a_signal)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct spu_child child;
	struct spu_error error;
	pthread_t sender;
	size_t open_before;
	int in = -7, r;

	ck_assert_int_eq(mkfifo(in_scratch("fifo"), 0600), 0);
	sigaction(SIGUSR1, &action, NULL);
	open_before = count_open();
	interrupted = pthread_self();
	atomic_store(&interrupting, 1);
	pthread_create(&sender, NULL, interrupt, NULL);
	r = spu_spawn(&child, SPU_ARGV("true"),
		      SPU_OPTIONS(.method = (unsigned)_i,
				  .fds = SPU_FDS(SPU_PIPE_IN(1, &in),
						 SPU_OPEN(0, in_scratch("fifo"), O_RDONLY))),
		      &error);
	atomic_store(&interrupting, 0);
	pthread_join(sender, NULL);
	ck_assert_int_eq(r, -EINTR);
	ck_assert_uint_eq(error.step, SPU_STEP_PREPARE);
	ck_assert_int_eq(error.index, 1);
	ck_assert_ptr_nonnull(strstr(error.text, "FIFO"));
	ck_assert_int_gt(atomic_load(&handled), 0);
	ck_assert_int_eq(in, -7);
	assert_unchanged(open_before);
}
END_TEST

static atomic_int launch_result;
static struct spu_child launched;
static atomic_int is_cancelled;

static void *launch_with_fifo(void *argument)
{
	(void)argument;
	atomic_store(&launch_result, spu_spawn(&launched, SPU_ARGV("true"),
		SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(0, fifo_path, O_RDONLY))), NULL));
	while (!atomic_load(&is_cancelled))
		sched_yield();
	pthread_testcancel();
	return NULL;
}

/* spu_spawn() is no cancellation point: it ends its work, and the thread dies afterwards. */
START_TEST(cancelling_a_launch_leaks_nothing)
{
	size_t open_before;
	pthread_t thread;
	void *result;
	int fd;

	if (IS_SANITIZED)	/* asan doesn't see the unwinding of a cancelled thread's stack */
		SKIP(SUITE, "sanitizers don't know cancellation");
	snprintf(fifo_path, sizeof(fifo_path), "%s/fifo", scratch());
	ck_assert_int_eq(mkfifo(fifo_path, 0600), 0);
	atomic_store(&launch_result, 1);
	open_before = count_open();
	pthread_create(&thread, NULL, launch_with_fifo, NULL);
	/* Linux opens the writing end only once a reader waits in open */
	while ((fd = open(fifo_path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0 && errno == ENXIO) {
		pthread_cancel(thread);
		usleep(1000);
	}
	pthread_cancel(thread);
	atomic_store(&is_cancelled, 1);
	ck_assert_int_ge(fd, 0);
	pthread_join(thread, &result);
	close(fd);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	/* cancelled before the call there is no child, else there is one and its descriptor */
	if (atomic_load(&launch_result) == 0) {
		ck_assert_int_eq(spu_wait(&launched, -1, NULL), 0);
		spu_child_release(&launched);
	}
	assert_unchanged(open_before);
}
END_TEST

/*
 * ---- Anything, against a model
 */

static uint32_t random_state = 362436069u;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

/* The child's numbers that are looked at, and what report_fds says about each. */
#define NUMBERS 1100

struct held_fd {
	unsigned long long device, inode;
	long cloexec;
};

enum model_mode {
	MODEL_SHARED,	/* begins with the caller's table, fetches what is high */
	MODEL_FIRST,	/* the first launch of a process: with an error pipe */
	MODEL_ALLOW,
	MODEL_POSIX_SPAWN,
	MODEL_POSIX_SPAWN_ALLOW,
	MODEL_MODES
};

static const int model_rounds[] = {2000, 700, 1000, 500, 500};

static const char *const model_files[] = {"/dev/null", "/dev/zero", "/dev/full"};

static struct model {
	enum model_mode mode;
	struct held_fd own[NUMBERS];	/* the caller's */
	struct held_fd wanted[NUMBERS];
	struct held_fd *seen;		/* what the child wrote */
	const char *path;		/* of that */
	char fetched;			/* one source at least was high */
	struct spu_fd fds[64];
	int count;
	int ends[64];			/* of pipes, by entry */
	int is_taken[NUMBERS];		/* by an entry */
} model;

static void look_at_number(struct held_fd *held, int fd)
{
	struct stat st;

	*held = (struct held_fd){0};
	if (fstat(fd, &st) < 0)
		return;
	*held = (struct held_fd){st.st_dev, st.st_ino, fcntl(fd, F_GETFD) & FD_CLOEXEC};
}

static int same_file(const struct held_fd *a, const struct held_fd *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static int model_allows(void)
{
	return model.mode == MODEL_ALLOW || model.mode == MODEL_POSIX_SPAWN_ALLOW;
}

/* A file of its own at a random number that is free, now and then a high one. */
static void open_somewhere(int low, int span)
{
	int fd = memfd_create("model", MFD_CLOEXEC), number = low + (int)next_random(span);

	ck_assert_int_ge(fd, 0);
	if (!is_open(number))
		ck_assert_int_eq(dup3(fd, number, next_random(2) ? O_CLOEXEC : 0), number);
	close(fd);
}

/* Another table for the caller: 0 to 200 descriptors, some of them high. */
static void shuffle_table(void)
{
	static int opened[NUMBERS];
	int wanted = (int)next_random(201), i;

	for (i = 3; i < NUMBERS; i++)
		if (opened[i])
			close(i), opened[i] = 0;
	for (i = 3; i < NUMBERS; i++)
		opened[i] = !is_open(i);
	for (i = 0; i < wanted; i++)
		open_somewhere(3, next_random(4) ? 230 : 20);
	for (i = (int)next_random(8); i > 0; i--)
		open_somewhere(500, 500);
	for (i = 3; i < NUMBERS; i++)
		opened[i] &= is_open(i);
	for (i = 0; i < NUMBERS; i++)
		look_at_number(&model.own[i], i);
}

/* One of the caller's that is open: a high one in every third case; -1: there is none. */
static int random_source(void)
{
	int from = next_random(3) ? 0 : 500, first = from + (int)next_random(500), fd = first;

	do {
		if (model.own[fd].inode)
			return fd;
		fd = fd + 1 < NUMBERS ? fd + 1 : 0;
	} while (fd != first);
	return -1;
}

static int random_target(void)
{
	switch (next_random(6)) {
	case 0:
		return (int)next_random(3);
	case 1:
		return 500 + (int)next_random(500);
	case 2:
		return (int)next_random(240);
	default:
		return (int)next_random(24);
	}
}

/* What the child has at n by the entries so far. */
static void add_entry(int n)
{
	struct spu_fd *fd = &model.fds[model.count];
	const char *path = model_files[next_random(3)];
	int source = random_source(), other;

	*fd = (struct spu_fd){.fd = n};
	switch (next_random(9)) {
	case 0:
		*fd = (struct spu_fd)SPU_OPEN(n, path, O_RDWR);
		break;
	case 1:
		*fd = (struct spu_fd)SPU_NULL(n);
		path = "/dev/null";
		break;
	case 2:
		*fd = (struct spu_fd)SPU_CLOSE(n);
		break;
	case 3:
		if (next_random(2))
			*fd = (struct spu_fd)SPU_PIPE_IN(n, &model.ends[model.count]);
		else
			*fd = (struct spu_fd)SPU_PIPE_OUT(n, &model.ends[model.count]);
		break;
	case 4:
		/* of an entry, or of what is inherited and stays so */
		other = model.count ? model.fds[next_random((uint32_t)model.count)].fd : -1;
		if (other >= 0 && model.wanted[other].inode)
			*fd = (struct spu_fd)SPU_SAME(n, other);
		break;
	case 5:
		if (model.own[n].inode)
			*fd = (struct spu_fd)SPU_KEEP(n);
		break;
	default:
		if (source >= 0)
			*fd = (struct spu_fd)SPU_MAP(n, source);
	}
	if (!fd->kind)
		return;
	model.is_taken[n] = ++model.count;
	model.wanted[n] = (struct held_fd){0};
	if (fd->kind == SPU_FD_OPEN || fd->kind == SPU_FD_NULL) {
		struct identity file = identity_of_path(path);

		model.wanted[n] = (struct held_fd){file.device, file.inode, 0};
	} else if (fd->kind == SPU_FD_PIPE_IN || fd->kind == SPU_FD_PIPE_OUT) {
		model.wanted[n].inode = 1;	/* known afterwards: -1 - entry */
		model.wanted[n].cloexec = -model.count;
	} else if (fd->kind == SPU_FD_SAME) {
		model.wanted[n] = model.wanted[fd->from];
	} else if (fd->kind != SPU_FD_CLOSE) {
		source = fd->kind == SPU_FD_KEEP ? n : fd->from;
		model.wanted[n] = model.own[source];
		model.wanted[n].cloexec = 0;
		model.fetched |= source >= 512;
	}
}

/* The order of entries must not matter. */
static void shuffle_entries(void)
{
	int i;

	for (i = model.count - 1; i > 0; i--) {
		int j = (int)next_random((uint32_t)i + 1);
		struct spu_fd fd = model.fds[i];

		model.fds[i] = model.fds[j];
		model.fds[j] = fd;
	}
	model.fds[model.count] = (struct spu_fd){0};
}

static void make_entries(void)
{
	int wanted = (int)next_random(next_random(4) ? 8 : 60), i, n;

	memset(model.wanted, 0, sizeof(model.wanted));
	memset(model.is_taken, 0, sizeof(model.is_taken));
	model.count = model.fetched = 0;
	for (n = 0; n < NUMBERS; n++)
		if ((n <= 2 || model_allows()) && !model.own[n].cloexec)
			model.wanted[n] = model.own[n];
	for (i = 0; i < wanted; i++) {
		n = random_target();
		if (!model.is_taken[n])
			add_entry(n);
	}
	shuffle_entries();
}

static void compare_with_child(void)
{
	int n, entry;

	for (n = 0; n < NUMBERS; n++) {
		struct held_fd wanted = model.wanted[n];

		if (wanted.cloexec < 0) {
			entry = (int)-wanted.cloexec - 1;
			look_at_number(&wanted, model.ends[entry]);
			ck_assert_int_ge(model.ends[entry], 3);
			ck_assert_int_eq(wanted.cloexec, FD_CLOEXEC);
		}
		/* an assertion that holds costs a system call in libcheck */
		if (!same_file(&wanted, &model.seen[n]))
			ck_abort_msg("the child's %d is %llx:%llu, not %llx:%llu", n,
				     model.seen[n].device, model.seen[n].inode, wanted.device,
				     wanted.inode);
		if (model.seen[n].cloexec)
			ck_abort_msg("the child's %d is close-on-exec", n);
	}
}

static void launch_model(void)
{
	static char count[] = "1100";
	struct spu_child child;
	struct spu_error error;
	int status, i, r;

	for (i = 0; i < 64; i++)
		model.ends[i] = -1;
	r = spu_spawn(&child, SPU_ARGV(helper("report_fds"), model.path, count),
		      SPU_OPTIONS(.method = model.mode >= MODEL_POSIX_SPAWN
						    ? SPU_METHOD_POSIX_SPAWN : SPU_METHOD_VFORK,
				  .leaks = model_allows() ? SPU_LEAKS_ALLOW : SPU_LEAKS_CLOSE,
				  .fds = model.fds), &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	compare_with_child();
	for (i = 0; i < 64; i++)
		if (model.ends[i] >= 0)
			close(model.ends[i]);
}

/* The caller's own table is as it was, number by number. */
static void compare_with_own(void)
{
	struct held_fd now;
	int n;

	for (n = 0; n < NUMBERS; n++) {
		look_at_number(&now, n);
		if (!same_file(&now, &model.own[n]) || now.cloexec != model.own[n].cloexec)
			ck_abort_msg("the caller's %d is another file or has another flag", n);
	}
}

/* With some of 0 to 2 closed, as "closed" says; they are put back afterwards. */
static void try_entries(unsigned closed)
{
	int saved[3], fd;

	for (fd = 0; fd <= 2; fd++) {
		saved[fd] = closed & 1u << fd ? fcntl(fd, F_DUPFD_CLOEXEC, NUMBERS) : -1;
		if (saved[fd] < 0)
			continue;
		close(fd);
		look_at_number(&model.own[fd], fd);
	}
	make_entries();
	if (model.mode == MODEL_FIRST)
		in_own_process(launch_model);
	else
		launch_model();
	if (next_random(16) == 0)
		compare_with_own();
	for (fd = 0; fd <= 2; fd++) {
		if (saved[fd] < 0)
			continue;
		dup2(saved[fd], fd);
		close(saved[fd]);
		look_at_number(&model.own[fd], fd);
	}
}

/* That the high ones were fetched, and not copied because that was refused. */
static void assert_fetches(void)
{
	struct spu_error error;
	char *text;
	int r;

	open_at(999, 1);
	r = spu_explain(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(999))), &text,
			&error);
	ASSERT_OK(r, error);
	if (!strstr(text, "pidfd_getfd("))
		printf("skip %s %s: no descriptor is fetched here\n", SUITE, __func__);
	free(text);
}

START_TEST(random_entries_give_what_they_say)
{
	size_t size = NUMBERS * sizeof(struct held_fd);
	const char *percent = getenv("MODEL_PERCENT");
	int rounds = model_rounds[_i] / (IS_SANITIZED ? 5 : 1), round, fd, fetching = 0;
	struct rlimit limit;

	if (percent)
		rounds = rounds * atoi(percent) / 100;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = NUMBERS + 8;
	if (limit.rlim_max < limit.rlim_cur || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		SKIP(SUITE, "fewer than %d descriptors", NUMBERS + 8);
	model.mode = (enum model_mode)_i;
	model.path = report_file();
	fd = open(model.path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	model.seen = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(model.seen, MAP_FAILED);
	close(fd);
	random_state += (uint32_t)_i;
	if (model.mode != MODEL_FIRST)
		run_report(NULL);	/* the library knows then that memory is shared */
	for (round = 0; round < rounds; round++) {
		if (round % 10 == 0)
			shuffle_table();
		try_entries(next_random(2) ? 0 : next_random(8));
		fetching += model.fetched;
	}
	compare_with_own();
	assert_no_child();
	ck_assert(fetching >= round / 8 || percent);
	if (model.mode == MODEL_SHARED)
		assert_fetches();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = tcase_create("descriptors");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_checked_fixture(tests, settle, NULL);
	add_for_both(tests, a_child_holds_the_standard_three_and_nothing_else);
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
	add_for_both(tests, pipes_carry_data_both_ways);
	add_for_both(tests, a_second_child_holds_no_end_of_the_first_ones_pipe);
	add_for_both(tests, targets_may_be_numbers_that_the_library_uses_itself);
	add_for_both(tests, targets_may_be_the_error_pipes_numbers);
	tcase_add_test(tests, the_error_pipe_needs_no_number_above_the_limit);
	tcase_add_test(tests, a_source_that_is_not_open_is_named);
	tcase_add_test(tests, a_closed_source_is_not_taken_for_the_librarys_own_pipe);
	tcase_add_test(tests, posix_spawn_refuses_closed_sources_too);
	tcase_add_test(tests, wrong_entries_are_refused_with_their_place);
	tcase_add_test(tests, an_open_that_fails_is_named_with_its_arrow);
	add_for_both(tests, high_numbers_are_numbers_too);
	tcase_add_test(tests, a_target_at_the_limit_or_above_is_named);
	tcase_add_test(tests, numbers_above_a_lowered_limit_are_kept_and_closed);
	tcase_add_test(tests, a_full_table_is_launched_from_but_has_no_room_for_pipes);
	tcase_add_test(tests, the_first_launch_needs_no_free_number);
	tcase_add_test(tests, one_free_number_is_room_enough_to_move);
	tcase_add_test(tests, a_swap_at_the_limit_finds_a_spare_below);
	tcase_add_loop_test(tests, standard_descriptors_may_be_closed_in_the_caller, 0, 16);
	add_for_both(tests, allow_inherits_what_is_not_close_on_exec);
	add_for_both(tests, close_closes_a_thousand_strays);
	add_for_both(tests, fail_names_the_first_leak_and_how_many);
	add_for_both(tests, fail_passes_what_is_named);
	add_for_both(tests, flags_and_offsets_of_the_caller_stay);
	add_for_both(tests, a_lock_of_the_caller_on_an_opened_file_stays);
	add_for_both(tests, every_failure_leaves_no_descriptor_and_no_child);
	add_for_both(tests, a_fifo_is_waited_for_and_read);
	add_for_both(tests, waiting_for_a_fifo_is_ended_by_a_signal);
	tcase_add_test(tests, cancelling_a_launch_leaks_nothing);
	tcase_add_loop_test(tests, random_entries_give_what_they_say, 0, MODEL_MODES);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
