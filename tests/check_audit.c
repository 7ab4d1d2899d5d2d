/* SPDX-License-Identifier: MIT */
/* What an audit finds, in this process and in others. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "support.h"

#define SUITE "audit"

static const struct spu_audit_fd *find(const struct spu_audit *audit, int fd)
{
	size_t i;

	for (i = 0; i < audit->count; i++)
		if (audit->fds[i].fd == fd)
			return &audit->fds[i];
	return NULL;
}

static struct spu_audit *look(pid_t pid, unsigned flags)
{
	struct spu_audit *audit = NULL;
	int r = spu_audit(pid, flags, &audit);
	size_t i;

	ck_assert_int_eq(r, 0);
	ck_assert_ptr_nonnull(audit);
	ck_assert_uint_le(audit->count, audit->open);
	for (i = 1; i < audit->count; i++)
		ck_assert_int_lt(audit->fds[i - 1].fd, audit->fds[i].fd);
	return audit;
}

/* Of a loop test: as this process's own, or as another one's. */
static pid_t target(int as_other)
{
	return as_other ? getpid() : 0;
}

static void open_at(int number, const char *path, int flags)
{
	int fd = open(path, flags);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup3(fd, number, flags & O_CLOEXEC), number);
	close(fd);
}

START_TEST(what_crosses_an_exec_is_listed)
{
	struct spu_audit *before = look(target(_i), 0), *audit;

	open_at(100, "/dev/null", O_WRONLY);
	open_at(101, "/dev/null", O_RDWR | O_CLOEXEC);
	open_at(102, "/", O_RDONLY);
	audit = look(target(_i), 0);
	ck_assert_uint_eq(audit->count, before->count + 2);
	ck_assert_uint_eq(audit->open, before->open + 3);
	ck_assert_ptr_nonnull(find(audit, 100));
	ck_assert_ptr_null(find(audit, 101));
	ck_assert_ptr_nonnull(find(audit, 102));
	ck_assert_int_eq(find(audit, 100)->flags & O_ACCMODE, O_WRONLY);
	ck_assert_uint_eq(find(audit, 100)->cloexec, 0);
	ck_assert_ptr_null(find(audit, 100)->name);
	spu_audit_free(before);
	spu_audit_free(audit);
}
END_TEST

START_TEST(standard_ones_and_marked_ones_only_when_asked_for)
{
	struct spu_audit *audit = look(target(_i), 0);
	int fd;

	for (fd = 0; fd <= 2; fd++)
		ck_assert_ptr_null(find(audit, fd));
	spu_audit_free(audit);
	open_at(101, "/dev/null", O_RDWR | O_CLOEXEC | O_APPEND);
	audit = look(target(_i), SPU_AUDIT_ALL);
	ck_assert_uint_eq(audit->count, audit->open);
	for (fd = 0; fd <= 2; fd++)
		ck_assert_int_eq(find(audit, fd) != NULL, fcntl(fd, F_GETFD) >= 0);
	ck_assert_ptr_nonnull(find(audit, 101));
	ck_assert_uint_ne(find(audit, 101)->cloexec, 0);
	ck_assert_int_eq(find(audit, 101)->flags & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	/* all that it lists is open, and close-on-exec where it says so */
	for (size_t i = 0; i < audit->count; i++)
		ck_assert_int_eq(fcntl(audit->fds[i].fd, F_GETFD),
				 audit->fds[i].cloexec ? FD_CLOEXEC : 0);
	spu_audit_free(audit);
}
END_TEST

START_TEST(names_are_procs)
{
	struct spu_audit *audit;
	const char *path = write_file("has a space", "", 0600);
	char resolved[PATH_MAX];
	int ends[2];

	open_at(100, path, O_RDONLY);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[0], 101), 101);
	ck_assert_int_eq(dup2(socket(AF_UNIX, SOCK_STREAM, 0), 102), 102);
	ck_assert_int_eq(dup2(102, 104), 104);
	open_at(103, write_file("gone", "", 0600), O_RDONLY);
	unlink(in_scratch("gone"));
	audit = look(target(_i), SPU_AUDIT_NAMES);
	ck_assert_ptr_nonnull(realpath(path, resolved));
	ck_assert_str_eq(find(audit, 100)->name, resolved);
	ck_assert_int_eq(strncmp(find(audit, 101)->name, "pipe:[", 6), 0);
	ck_assert_int_eq(strncmp(find(audit, 102)->name, "socket:[", 8), 0);
	ck_assert_ptr_nonnull(strstr(find(audit, 102)->name, "] unix without a name"));
	ck_assert_str_eq(find(audit, 102)->name, find(audit, 104)->name);
	ck_assert_ptr_nonnull(strstr(find(audit, 103)->name, "gone (deleted)"));
	spu_audit_free(audit);
}
END_TEST

/* The table of Unix sockets has names as they are, with what looks like another line */
START_TEST(no_socket_names_another_one)
{
	int own = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct spu_audit *audit;
	struct stat st;
	int length;

	ck_assert_int_eq(fstat(own, &st), 0);
	length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			  "u\n0: 2 0 00010000 1 01 %lu trusted", (unsigned long)st.st_ino);
	ck_assert_int_eq(bind(other, (struct sockaddr *)&address,
			      (socklen_t)(sizeof(address.sun_family) + 1 + (size_t)length)), 0);
	ck_assert_int_eq(dup2(own, 100), 100);
	audit = look(target(_i), SPU_AUDIT_NAMES);
	ck_assert_ptr_null(strstr(find(audit, 100)->name, "trusted"));
	spu_audit_free(audit);
}
END_TEST

START_TEST(dense_and_sparse_tables_are_listed_whole)
{
	struct rlimit limit;
	struct spu_audit *audit;
	int fd, high;

	getrlimit(RLIMIT_NOFILE, &limit);
	high = limit.rlim_cur > 3000 ? 3000 : (int)limit.rlim_cur - 1;
	open_at(100, "/dev/null", O_RDWR);
	for (fd = 101; fd < high; fd++)
		ck_assert_int_eq(dup2(100, fd), fd);
	audit = look(0, 0);
	for (fd = 100; fd < high; fd++)
		ck_assert_ptr_nonnull(find(audit, fd));
	spu_audit_free(audit);
	for (fd = 101; fd < high - 1; fd++)
		close(fd);
	audit = look(0, 0);
	for (fd = 101; fd < high - 1; fd++)
		ck_assert_ptr_null(find(audit, fd));
	ck_assert_ptr_nonnull(find(audit, high - 1));
	spu_audit_free(audit);
}
END_TEST

START_TEST(a_look_leaves_nothing_open)
{
	struct spu_audit *audit;
	size_t before = count_open();

	audit = look(_i ? getppid() : 0, SPU_AUDIT_NAMES | SPU_AUDIT_ALL);
	spu_audit_free(audit);
	ck_assert_int_lt(spu_audit(-1, 0, &audit), 0);
	ck_assert_uint_eq(count_open(), before);
	spu_audit_free(NULL);
}
END_TEST

START_TEST(another_process_is_read_from_proc)
{
	struct spu_audit *audit;
	struct spu_child child;
	struct spu_error error;
	int in, r;

	open_at(100, "/dev/null", O_RDWR);
	r = spu_spawn(&child, SPU_ARGV("cat"),
		      SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_NULL(1), SPU_KEEP(100),
						 SPU_OPEN(7, "/", O_RDONLY))),
		      &error);
	ASSERT_OK(r, error);
	audit = look(child.pid, SPU_AUDIT_NAMES);
	ck_assert_uint_ge(audit->count, 2);
	ck_assert_str_eq(find(audit, 100)->name, "/dev/null");
	ck_assert_int_eq(find(audit, 100)->flags & O_ACCMODE, O_RDWR);
	ck_assert_str_eq(find(audit, 7)->name, "/");
	spu_audit_free(audit);
	close(in);
	ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
	spu_child_release(&child);
}
END_TEST

static void audit_in_a_full_table(void)
{
	struct rlimit limit = {64, 64};
	struct spu_audit *audit;
	size_t free_numbers, i;

	/* what this process was started with may lie above */
	audit = look(0, SPU_AUDIT_ALL);
	for (i = 0; i < audit->count; i++)
		if (audit->fds[i].fd >= 64)
			close(audit->fds[i].fd);
	spu_audit_free(audit);
	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDWR) >= 0)
		;
	for (free_numbers = 0; free_numbers < 3; free_numbers++) {
		audit = look(0, SPU_AUDIT_ALL);
		ck_assert_uint_eq(audit->open, 64 - free_numbers);
		ck_assert_uint_eq(audit->count, 64 - free_numbers);
		spu_audit_free(audit);
		/* of another one: all or an error, never a part */
		audit = NULL;
		if (spu_audit(getppid(), SPU_AUDIT_ALL, &audit) == 0) {
			ck_assert_uint_ge(audit->open, 1);
			ck_assert_uint_eq(free_numbers, 2);
			spu_audit_free(audit);
		} else {
			ck_assert_uint_lt(free_numbers, 2);
			ck_assert_int_eq(spu_audit(getppid(), SPU_AUDIT_ALL, &audit), -EMFILE);
			ck_assert_ptr_null(audit);
		}
		close(63 - (int)free_numbers);
	}
}

START_TEST(a_full_table_is_no_obstacle)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(audit_in_a_full_table);
}
END_TEST

static void audit_below_open_numbers(void)
{
	struct rlimit limit;
	struct spu_audit *audit;

	open_at(500, "/dev/null", O_RDWR);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	audit = look(0, 0);
	ck_assert_ptr_nonnull(find(audit, 500));
	spu_audit_free(audit);
}

START_TEST(numbers_above_a_lowered_limit_are_found)
{
	in_own_process(audit_below_open_numbers);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
	struct spu_audit *audit = NULL;
	pid_t gone = fork();

	if (gone == 0)
		_exit(0);
	waitpid(gone, NULL, 0);
	ck_assert_int_eq(spu_audit(gone, 0, &audit), -ESRCH);
	ck_assert_int_eq(spu_audit(INT_MAX, 0, &audit), -ESRCH);
	ck_assert_int_eq(spu_audit(-1, 0, &audit), -EINVAL);
	ck_assert_int_eq(spu_audit(0, 1u << 2, &audit), -EINVAL);
	ck_assert_ptr_null(audit);
}
END_TEST

static void audit_somebody_elses(void)
{
	struct spu_audit *audit = NULL;

	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(spu_audit(1, 0, &audit), -EACCES);
	ck_assert_ptr_null(audit);
}

START_TEST(a_process_of_somebody_else_is_refused)
{
	struct stat st;

	if (stat("/proc/1", &st) < 0 || (geteuid() != 0 && st.st_uid == geteuid()))
		SKIP(SUITE, "process 1 is not somebody else's");
	in_own_process(audit_somebody_elses);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = tcase_create("audit");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_checked_fixture(tests, settle, NULL);
	tcase_add_loop_test(tests, what_crosses_an_exec_is_listed, 0, 2);
	tcase_add_loop_test(tests, standard_ones_and_marked_ones_only_when_asked_for, 0, 2);
	tcase_add_loop_test(tests, names_are_procs, 0, 2);
	tcase_add_loop_test(tests, no_socket_names_another_one, 0, 2);
	tcase_add_test(tests, dense_and_sparse_tables_are_listed_whole);
	tcase_add_loop_test(tests, a_look_leaves_nothing_open, 0, 2);
	tcase_add_test(tests, another_process_is_read_from_proc);
	tcase_add_test(tests, a_full_table_is_no_obstacle);
	tcase_add_test(tests, numbers_above_a_lowered_limit_are_found);
	tcase_add_test(tests, wrong_arguments_are_refused);
	tcase_add_test(tests, a_process_of_somebody_else_is_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
