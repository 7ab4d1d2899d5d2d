/* SPDX-License-Identifier: MIT */
/*
 * Threads whose descriptors aren't their process's: one with a table of its own,
 * and one that lives on when the first thread, which stands for the process in
 * /proc, has ended.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "filters.h"
#include "held.h"

#define SUITE "own_table"

/* Copied with the table; fetched; and one that nobody names. */
enum { LOW = 100, HIGH = 600, STRAY = 101 };

static const char *exec_file;

/* The thread's own descriptors, whatever the process has at these numbers. */
static void launch_with_both_methods(void)
{
	struct state_report *report;
	unsigned method;

	for (method = SPU_METHOD_VFORK; method <= SPU_METHOD_POSIX_SPAWN; method++) {
		report = observe(SPU_OPTIONS(.method = method,
			.fds = SPU_FDS(SPU_MAP(5, HIGH), SPU_KEEP(HIGH), SPU_MAP(6, LOW))));
		ASSERT_HOLDS(report, 5, identity_of(HIGH));
		ASSERT_HOLDS(report, HIGH, identity_of(HIGH));
		ASSERT_HOLDS(report, 6, identity_of(LOW));
		ck_assert_uint_eq(report->fd_count, count_standard() + 3);
		report = observe(SPU_OPTIONS(.method = method, .leaks = SPU_LEAKS_ALLOW,
					     .fds = SPU_FDS(SPU_MAP(5, HIGH), SPU_CLOSE(LOW))));
		ASSERT_HOLDS(report, 5, identity_of(HIGH));
		ASSERT_HOLDS(report, STRAY, identity_of(STRAY));
		ASSERT_CLOSED(report, LOW);
	}
}

static void audit(void)
{
	static const int held[] = {LOW, STRAY, HIGH};
	struct spu_audit *audit;
	struct spu_error error;
	size_t i, found = 0;

	ck_assert_int_eq(spu_audit(0, SPU_AUDIT_NAMES, &audit), 0);
	for (i = 0; i < audit->count; i++)
		if (found < 3 && audit->fds[i].fd == held[found]) {
			ck_assert(ends_with(audit->fds[i].name, found == 2 ? "/own" : "/low"));
			found++;
		}
	ck_assert_uint_eq(found, 3);
	spu_audit_free(audit);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL), NULL,
				 &error), -EBADFD);
	ck_assert_uint_eq(error.step, SPU_STEP_AUDIT);
}

static void capture(void)
{
	struct spu_output out = {0};
	struct spu_error error;

	ASSERT_OK(spu_capture(SPU_ARGV("cat"), NULL, "through", 7, &out, NULL, NULL, &error), error);
	ck_assert_str_eq(out.data, "through");
	free(out.data);
}

static void open_own(void)
{
	struct rlimit limit;
	int fd = open(in_scratch("low"), O_RDWR | O_CREAT, 0600);

	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_gt((long)limit.rlim_cur, HIGH);
	ck_assert_int_eq(dup2(fd, LOW), LOW);
	ck_assert_int_eq(dup2(fd, STRAY), STRAY);
	close(fd);
	fd = open(in_scratch("own"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(dup2(fd, HIGH), HIGH);
	close(fd);
}

static void change_ids(void)
{
	struct spu_error error;

	if (geteuid() != 0)
		return;
	ASSERT_OK(spu_run(SPU_ARGV("/bin/true"),
			  SPU_OPTIONS(.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS), NULL,
			  &error), error);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}

/* Descriptors are found in /proc then. */
static void launch_by_hand(void)
{
	filter_call(SYS_close_range, ANSWER(ENOSYS));
	launch_with_both_methods();
}

static void exec_by_hand(void)
{
	struct spu_error error;

	filter_call(SYS_close_range, ANSWER(ENOSYS));
	spu_exec(SPU_ARGV(report_state(), exec_file),
		 SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(5, HIGH), SPU_KEEP(LOW))), &error);
	ck_abort_msg("%s", error.text);
}

static void (*const uses[])(void) = {launch_with_both_methods, launch_by_hand, audit, capture,
				     change_ids};
static void (*use)(void);

#define USES ((int)(sizeof(uses) / sizeof(uses[0])))

/*
 * ---- A table of its own
 */

static void *live_apart(void *unused)
{
	ck_assert_int_eq(unshare(CLONE_FILES), 0);
	open_own();
	use();
	return unused;
}

static void start_one_that_lives_apart(void)
{
	pthread_t thread;
	int fd = open(in_scratch("leaders"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	ck_assert_int_eq(dup3(fd, HIGH, O_CLOEXEC), HIGH);
	ck_assert_int_eq(dup3(fd, LOW, O_CLOEXEC), LOW);
	close(fd);
	pthread_create(&thread, NULL, live_apart, NULL);
	pthread_join(thread, NULL);
	ck_assert_int_lt(fcntl(STRAY, F_GETFD), 0);
}

START_TEST(a_thread_with_a_table_of_its_own_gives_what_it_holds)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind's threads have one table");
	use = uses[_i];
	in_own_process(start_one_that_lives_apart);
}
END_TEST

/*
 * ---- The first thread has ended
 */

/* In /proc it is a zombie from then on, with no descriptors. */
static void await_the_end_of_the_first(void)
{
	char path[64], line[512];
	const char *end = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	while (!end || end[2] != 'Z') {
		file = fopen(path, "re");
		ck_assert_ptr_nonnull(file);
		end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
		fclose(file);
		usleep(1000);
	}
}

static void *live_on(void *unused)
{
	await_the_end_of_the_first();
	use();
	fflush(NULL);
	_exit(0);
	return unused;
}

static void end_before_another(void)
{
	pthread_t thread;

	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	open_own();
	pthread_create(&thread, NULL, live_on, NULL);
	pthread_exit(NULL);
}

START_TEST(a_thread_that_survives_the_first_one_gives_what_it_holds)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind spins in a child of such a thread");
	use = uses[_i];
	in_own_process(end_before_another);
}
END_TEST

/*
 * ---- In place
 */

START_TEST(exec_marks_what_the_thread_holds)
{
	struct state_report *report;

	SKIP_UNDER_VALGRIND(SUITE, "valgrind's threads have one table");
	use = exec_by_hand;
	exec_file = report_file();
	in_own_process(_i ? start_one_that_lives_apart : end_before_another);
	report = read_report(exec_file);
	ASSERT_HOLDS(report, 5, identity_of_path(in_scratch("own")));
	ASSERT_HOLDS(report, LOW, identity_of_path(in_scratch("low")));
	ck_assert_uint_eq(report->fd_count, count_standard() + 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, a_thread_with_a_table_of_its_own_gives_what_it_holds, 0, USES);
	tcase_add_loop_test(tests, a_thread_that_survives_the_first_one_gives_what_it_holds, 0, USES);
	tcase_add_loop_test(tests, exec_marks_what_the_thread_holds, 0, 2);
	return run_suite(suite);
}
