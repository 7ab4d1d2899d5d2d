/* SPDX-License-Identifier: MIT */
/*
 * timeout_ms before exec: a launch that hangs is given up. What hangs here is the
 * opening of a FIFO that nobody else opens.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "filters.h"
#include "launches.h"
#include "lib/launch/executed.h"

#define SUITE "deadline"

static const char *fifo(void)
{
	const char *path = in_scratch("fifo");

	ck_assert(mkfifo(path, 0600) == 0 || errno == EEXIST);
	return path;
}

/* A child that has a copy of our memory, as under valgrind, can't say where it was. */
static const char *overdue_text(int ms)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s: took longer than %d ms",
		 is_under_valgrind() ? "set-up" : "fifo", ms);
	return text;
}

static unsigned overdue_step(void)
{
	return is_under_valgrind() ? SPU_STEP_CLONE : SPU_STEP_OPEN;
}

static const gid_t no_groups[1];

static const struct hung {
	const char *how;
	unsigned flags;
	int in_root, other_ids;
} hung[] = {
	{.how = "plainly"},
	{.how = "detached", .flags = SPU_DETACH},
	{.how = "in a session", .flags = SPU_SETSID},
	{.how = "without a pidfd", .flags = SPU_NO_PIDFD},
	{.how = "with other ids", .other_ids = 1},
	{.how = "in another root", .in_root = 1},
	{.how = "detached, with other ids", .flags = SPU_DETACH, .other_ids = 1},
};

#define WAYS_TO_HANG ((int)(sizeof(hung) / sizeof(hung[0])))

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Did it come to the FIFO? Else it is to have more time: the machine is busy. */
static int came_to_open(const struct spu_error *error, const struct spu_options *options)
{
	if (error->step != overdue_step()) {
		ck_assert_int_lt(options->timeout_ms, 60000);
		return 0;
	}
	ck_assert_ptr_nonnull(strstr(error->text, overdue_text(options->timeout_ms)));
	return 1;
}

static void assert_given_up(struct spu_options *options, int index)
{
	size_t open_before = count_open();
	struct spu_error error;
	struct spu_child child;
	int64_t begin;

	options->timeout_ms = 25;
	do {
		options->timeout_ms *= 2;
		begin = now_ms();
		ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("true"), options, &error), -ETIMEDOUT);
		ck_assert_int_ge(now_ms() - begin, options->timeout_ms);
		assert_unchanged(open_before);
	} while (!came_to_open(&error, options));
	ck_assert_int_eq(error.index, is_under_valgrind() ? -1 : index);
}

/* The first launch of a process differs from the later ones. */
START_TEST(a_launch_that_hangs_is_given_up)
{
	const struct hung *way = &hung[_i];
	const struct spu_fd fds[] = {SPU_NULL(1), SPU_OPEN(0, "fifo", O_RDONLY), {0}};
	struct spu_options options = {.size = sizeof(options), .flags = way->flags, .fds = fds,
				      .cwd = scratch()};
	int i;

	if (way->in_root || way->other_ids)
		NEED_ROOT();
	ck_assert_int_eq(chmod(scratch(), 0755), 0);
	fifo();
	if (way->in_root) {
		options.root = scratch();
		options.cwd = NULL;
	}
	if (way->other_ids) {
		ck_assert_int_eq(chmod(fifo(), 0644), 0);
		options.uid = options.gid = SPU_SET(65534);
		options.groups = no_groups;
	}
	for (i = 0; i < 3; i++)
		assert_given_up(&options, 1);
	/* what isn't asked for the time isn't kept from the next one */
	ck_assert_int_eq(exit_of(SPU_ARGV("sh", "-c", "exit 3"), NULL), 3);
}
END_TEST

START_TEST(nobody_needs_to_be_told_why)
{
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(
		.timeout_ms = 50, .fds = SPU_FDS(SPU_OPEN(0, fifo(), O_RDONLY))), NULL, NULL),
		-ETIMEDOUT);
	assert_no_child();
}
END_TEST

/* No status is stored: there was no program. */
START_TEST(the_calls_that_wait_give_up_the_launch_too)
{
	const struct spu_fd fds[] = {SPU_OPEN(3, fifo(), O_WRONLY), {0}};
	struct spu_options options = {.size = sizeof(options), .fds = fds, .timeout_ms = 25};
	size_t open_before = count_open();
	struct spu_output out = {0};
	struct spu_error error;
	int status = 4711, r;

	do {
		options.timeout_ms *= 2;
		if (_i == 0)
			r = spu_run(SPU_ARGV("true"), &options, &status, &error);
		else if (_i == 1)
			r = spu_system_with("true", &options, &status, &error);
		else
			r = spu_capture(SPU_ARGV("true"), &options, NULL, 0, &out, NULL, &status,
					&error);
		ck_assert_int_eq(r, -ETIMEDOUT);
	} while (!came_to_open(&error, &options));
	ck_assert_int_eq(status, 4711);
	ck_assert_ptr_null(out.data);
	assert_unchanged(open_before);
}
END_TEST

/* "" where it isn't there, or is empty. */
static const char *first_line(const char *path)
{
	static char text[64];
	FILE *file = fopen(path, "re");

	if (!file || !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* The only child of the launching thread, as soon as it has its timer. */
static void *stop_the_child(void *argument)
{
	char children[64], timers[64];
	pid_t child = 0;
	int i, is_ready = 0;

	snprintf(children, sizeof(children), "/proc/self/task/%d/children", *(int *)argument);
	for (i = 0; i < 10000 && !is_ready; i++) {
		usleep(1000);
		child = (pid_t)atoi(first_line(children));
		snprintf(timers, sizeof(timers), "/proc/%d/timers", (int)child);
		is_ready = child > 0 && *first_line(timers);
	}
	if (is_ready)
		kill(child, SIGSTOP);
	return NULL;
}

START_TEST(a_child_that_was_stopped_is_given_up)
{
	int thread = (int)syscall(SYS_gettid), r;
	struct spu_error error;
	struct spu_child child;
	pthread_t stopper;

	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	if (access("/proc/self/timers", R_OK) < 0 || access("/proc/self/task", R_OK) < 0)
		SKIP(SUITE, "no /proc/PID/timers here");
	ck_assert_int_eq(exit_of(SPU_ARGV("true"), NULL), 0);
	if (pthread_create(&stopper, NULL, stop_the_child, &thread) != 0)
		SKIP(SUITE, "libc can make no thread here");
	r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
		.timeout_ms = 500, .fds = SPU_FDS(SPU_OPEN(0, fifo(), O_RDONLY))), &error);
	pthread_join(stopper, NULL);
	ck_assert_int_eq(r, -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(error.text, ": took longer than 500 ms"));
	assert_no_child();
}
END_TEST

/* Who is given more time if the machine had none. */
static int launch_within(struct spu_options *options, char *const argv[], struct spu_child *child)
{
	struct spu_error error;
	int r = -ETIMEDOUT;

	for (; r == -ETIMEDOUT && options->timeout_ms < 60000; options->timeout_ms *= 2)
		r = spu_spawn(child, argv, options, &error);
	ASSERT_OK(r, error);
	return options->timeout_ms / 2;
}

START_TEST(a_program_outlives_the_deadline_of_its_launch)
{
	struct spu_options options = {.size = sizeof(options), .timeout_ms = 100};
	struct spu_child child;
	int64_t end;
	int status;

	end = launch_within(&options, SPU_ARGV("sleep", "1000"), &child);
	end += now_ms();
	while (now_ms() < end + 100)
		ck_assert_int_eq(spu_wait(&child, 20, NULL), -ETIMEDOUT);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, &status), 0);
	ck_assert_int_eq(status, SIGTERM);
	spu_child_release(&child);
}
END_TEST

/* Stops the caller while its child waits for the FIFO, lets that go on, and it only later. */
static void stop_the_caller(const char *path, int timeout_ms)
{
	pid_t caller = getppid();
	int tries, fd = -1;

	usleep(300000);
	kill(caller, SIGSTOP);
	for (tries = 0; tries < timeout_ms * 12 / 100; tries++) {
		if (fd < 0)
			fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		usleep(10000);
	}
	kill(caller, SIGCONT);
	if (fd < 0)	/* it hadn't come so far */
		open(path, O_WRONLY | O_CLOEXEC);
	_exit(0);
}

/* A child that comes too late for it on a slow machine is given more time. */
static void launch_and_look_late(void)
{
	const char *path = fifo();
	struct spu_error error;
	struct spu_child child;
	int status, timeout_ms, r = -ETIMEDOUT;
	pid_t stopper;

	for (timeout_ms = 1000; r == -ETIMEDOUT && timeout_ms <= 16000; timeout_ms *= 4) {
		stopper = fork();
		if (stopper == 0)
			stop_the_caller(path, timeout_ms);
		r = spu_spawn(&child, SPU_ARGV("sh", "-c", "sleep 1; exit 3"), SPU_OPTIONS(
			.timeout_ms = timeout_ms, .fds = SPU_FDS(SPU_OPEN(0, path, O_RDONLY))), &error);
		if (r < 0)
			kill(stopper, SIGKILL);
		ck_assert_int_eq(waitpid(stopper, NULL, 0), stopper);
	}
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 3 << 8);
	spu_child_release(&child);
}

START_TEST(a_program_that_was_executed_in_time_goes_on_though_its_caller_looks_late)
{
	in_own_process(launch_and_look_late);
}
END_TEST

START_TEST(a_program_has_no_timer)
{
	struct spu_output out = {0};
	struct spu_error error;
	int status, r;

	if (access("/proc/self/timers", R_OK) < 0)
		SKIP(SUITE, "no /proc/PID/timers here");
	r = spu_capture(SPU_ARGV("cat", "/proc/self/timers"), SPU_OPTIONS(.timeout_ms = 60000),
			NULL, 0, &out, NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(out.size, 0);
	free(out.data);
}
END_TEST

/*
 * At each moment of its end, and until it is reaped; as a process, and as a thread, which
 * is all that exec leaves of a timer's signal.
 */
START_TEST(who_was_killed_is_told_so)
{
	int rounds = (int)knob("DEADLINE_ROUNDS", 6000) / 10, i;
	pid_t pid;

	if (access("/proc/self/status", R_OK) < 0)
		SKIP(SUITE, "no /proc/PID/status here");
	for (i = 0; i < rounds; i++) {
		pid = fork();
		if (pid == 0)
			for (;;)
				;
		ck_assert_int_gt(pid, 0);
		ck_assert(!spu__was_killed(pid));
		ck_assert_int_eq(i % 2 ? kill(pid, SIGKILL)
				       : (int)syscall(SYS_tgkill, pid, pid, SIGKILL), 0);
		do {
			ck_assert(spu__was_killed(pid));
		} while (waitpid(pid, NULL, WNOHANG) == 0);
		ck_assert(!spu__was_killed(pid));
	}
}
END_TEST

START_TEST(a_launch_is_made_or_given_up_and_never_both)
{
	struct spu_options options = {.size = sizeof(options), .timeout_ms = 1};
	int rounds = (int)knob("DEADLINE_ROUNDS", 6000), i, launched = 0, status, r;
	int64_t end = now_ms() + 60000;
	struct spu_child child;
	struct spu_error error;

	for (i = 0; i < rounds && now_ms() < end; i++) {
		r = spu_spawn(&child, SPU_ARGV("true"), &options, &error);
		if (r == -ETIMEDOUT)
			continue;
		ASSERT_OK(r, error);
		ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
		ck_assert_msg(status == 0, "launched, and ended with status %#x", (unsigned)status);
		spu_child_release(&child);
		launched++;
	}
	printf("%d of %d launches within a millisecond\n", launched, i);
	assert_no_child();
}
END_TEST

/* Each sets something up, and all together every member that does but server. */
#define WITH(...) SPU_OPTIONS(__VA_ARGS__), #__VA_ARGS__

static int launch_true(const struct spu_options *options, int timeout_ms, int *end,
		       struct spu_error *error)
{
	struct spu_options with = *options;
	struct spu_child child;
	int status = 0, r;

	with.timeout_ms = timeout_ms;
	if (with.grace_ms || with.ret_exit) {
		r = spu_run(SPU_ARGV("true"), &with, &status, error);
		return r < 0 ? r : status;
	}
	*end = -1;
	r = spu_spawn(&child, SPU_ARGV("true"), &with, error);
	if (r == 0 && !(with.flags & SPU_DETACH))
		ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	if (r == 0)
		spu_child_release(&child);
	if (*end >= 0)
		close(*end);
	return r < 0 ? r : status;
}

START_TEST(what_is_set_up_without_a_deadline_is_with_one)
{
	static const struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const char *path = in_scratch("file");
	struct spu_exit ended = SPU_EXIT_INIT;
	int end, program = open("/bin/true", O_PATH | O_CLOEXEC), own = fcntl(2, F_DUPFD_CLOEXEC, 3);
	const struct {
		const struct spu_options *options;
		const char *text;
	} cases[] = {
		{WITH(.flags = SPU_SETSID)},
		{WITH(.flags = SPU_DETACH)},
		{WITH(.flags = SPU_KEEP_MASK)},
		{WITH(.flags = SPU_NO_NEW_PRIVS)},
		{WITH(.flags = SPU_NO_PIDFD)},
		{WITH(.leaks = SPU_LEAKS_ALLOW)},
		{WITH(.leaks = SPU_LEAKS_FAIL)},
		{WITH(.file = "/bin/true")},
		{WITH(.path = "/usr/bin:/bin")},
		{WITH(.root = "/")},
		{WITH(.cwd = "/")},
		{WITH(.env = SPU_ARGV("A=1"))},
		{WITH(.env_set = SPU_LIST("A=1"))},
		{WITH(.env_unset = SPU_LIST("A"))},
		{WITH(.cgroup = "/sys/fs/cgroup")},
		{WITH(.pid_variable = "A")},
		{WITH(.pid_file = path)},
		{WITH(.fds = SPU_FDS(SPU_KEEP(own)))},
		{WITH(.fds = SPU_FDS(SPU_MAP(9, own)))},
		{WITH(.fds = SPU_FDS(SPU_SAME(9, 8), SPU_NULL(8)))},
		{WITH(.fds = SPU_FDS(SPU_OPEN(9, path, O_WRONLY | O_CREAT)))},
		{WITH(.fds = SPU_FDS(SPU_CLOSE(0)))},
		{WITH(.fds = SPU_FDS(SPU_PIPE_IN(9, &end)))},
		{WITH(.fds = SPU_FDS(SPU_PIPE_OUT(9, &end)))},
		{WITH(.fds = SPU_FDS(SPU_PTY(9, &end)))},
		{WITH(.fds = SPU_FDS(SPU_PTY(9, &end)), .flags = SPU_SETSID, .ctty = SPU_SET(9))},
		{WITH(.fds = SPU_FDS(SPU_PTY(9, &end)), .flags = SPU_SETSID, .ctty = SPU_SET(9),
		      .foreground = SPU_SET(9))},
		{WITH(.limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0)))},
		{WITH(.cpus = (const int[]){0}, .cpu_count = 1)},
		{WITH(.seccomp = filter, .seccomp_count = 1, .flags = SPU_NO_NEW_PRIVS)},
		{WITH(.landlock_access = 1, .flags = SPU_NO_NEW_PRIVS,
		      .landlock_rules = SPU_RULES(SPU_BENEATH("/", 1)))},
		{WITH(.ret_exit = &ended)},
		{WITH(.program_fd = SPU_SET(program))},
		{WITH(.uid = SPU_SET(65534), .groups = no_groups)},
		{WITH(.gid = SPU_SET(65534), .groups = no_groups)},
		{WITH(.nice = SPU_SET(1))},
		{WITH(.oom_score_adj = SPU_SET(1000))},
		{WITH(.scheduler = SPU_SET(SCHED_FIFO), .sched_priority = SPU_SET(1))},
		{WITH(.ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_IDLE, 0)))},
		{WITH(.inheritable_caps = SPU_SET(SPU_CAP(0)))},
		{WITH(.ambient_caps = SPU_SET(SPU_CAP(0)))},
		{WITH(.bounding_set = SPU_SET(SPU_CAP(0)))},
		{WITH(.securebits = SPU_SET(1))},
		{WITH(.pdeathsig = SPU_SET(SIGKILL))},
		{WITH(.umask = SPU_SET(077))},
		{WITH(.pgroup = SPU_SET(0))},
		{WITH(.default_signals = SPU_SIGNAL(SIGHUP))},
		{WITH(.ignore_signals = SPU_SIGNAL(SIGHUP))},
		{WITH(.block_signals = SPU_SIGNAL(SIGHUP))},
		{WITH(.grace_ms = 1, .stop_signal = SIGINT)},
	};
	const size_t count = sizeof(cases) / sizeof(cases[0]);
	struct spu_error without, with;
	size_t i, succeeded = 0;
	int expected, fd, r;

	NEED_OWN_CHILD(SUITE);
	for (fd = 3; fd < 256; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	for (i = 0; i < count; i++) {
		expected = launch_true(cases[i].options, 0, &end, &without);
		r = launch_true(cases[i].options, 86400000, &end, &with);
		ck_assert_msg(r == expected && (r >= 0 || strcmp(with.text, without.text) == 0),
			      "%s: without %d, with %d: %s", cases[i].text, expected, r,
			      r < 0 ? with.text : "");
		succeeded += r == 0;
	}
	printf("%zu of %zu launches succeed here\n", succeeded, count);
	close(program);
	close(own);
}
END_TEST

static void launch_without_timers(void)
{
	const struct rlimit none = {0, 0};

	ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.timeout_ms = 60000), EAGAIN,
		     SPU_STEP_DEADLINE, -1, "timeout_ms: its user has too many timers and signals: ");
	ck_assert_int_eq(exit_of(SPU_ARGV("sh", "-c", "exit 3"), NULL), 3);
	filter_call(SYS_timer_create, ANSWER(EPERM));
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.timeout_ms = 60000), EPERM,
		     SPU_STEP_DEADLINE, -1, "timeout_ms: Operation not permitted");
}

START_TEST(where_no_timer_is_to_be_had_it_is_said)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	in_own_process(launch_without_timers);
}
END_TEST

/* By setpgid it is seen that a child has executed its program. */
static void launch_without_setpgid(void)
{
	struct spu_error error;
	struct spu_child child;
	int i, r = -ETIMEDOUT;

	filter_call(SYS_setpgid, ANSWER(EPERM));
	for (i = 0; i < 5 && r == -ETIMEDOUT; i++)
		r = spu_spawn(&child, SPU_ARGV("sleep", "1000"), SPU_OPTIONS(.timeout_ms = 900),
			      &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, 0, NULL), 0);
	spu_child_release(&child);
}

START_TEST(a_filter_that_refuses_setpgid_does_not_use_up_the_time)
{
	in_own_process(launch_without_setpgid);
}
END_TEST

static void launch_an_init(void)
{
	if (unshare(CLONE_NEWPID) < 0)
		_exit(0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.timeout_ms = 60000), ENOTSUP,
		     SPU_STEP_DEADLINE, -1,
		     "timeout_ms: no timer ends the init of a pid namespace");
}

START_TEST(the_init_of_a_namespace_gets_no_deadline)
{
	NEED_ROOT();
	in_own_process(launch_an_init);
}
END_TEST

START_TEST(posix_spawn_knows_no_deadline)
{
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.timeout_ms = 60000,
						   .method = SPU_METHOD_POSIX_SPAWN),
		     ENOTSUP, SPU_STEP_OPTIONS, -1, "timeout_ms");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, a_launch_that_hangs_is_given_up, 0, WAYS_TO_HANG);
	tcase_add_test(tests, nobody_needs_to_be_told_why);
	tcase_add_loop_test(tests, the_calls_that_wait_give_up_the_launch_too, 0, 3);
	tcase_add_test(tests, a_child_that_was_stopped_is_given_up);
	tcase_add_test(tests, a_program_outlives_the_deadline_of_its_launch);
	tcase_add_test(tests, a_program_that_was_executed_in_time_goes_on_though_its_caller_looks_late);
	tcase_add_test(tests, a_program_has_no_timer);
	tcase_add_test(tests, who_was_killed_is_told_so);
	tcase_add_test(tests, a_launch_is_made_or_given_up_and_never_both);
	tcase_add_test(tests, what_is_set_up_without_a_deadline_is_with_one);
	tcase_add_test(tests, where_no_timer_is_to_be_had_it_is_said);
	tcase_add_test(tests, a_filter_that_refuses_setpgid_does_not_use_up_the_time);
	tcase_add_test(tests, the_init_of_a_namespace_gets_no_deadline);
	tcase_add_test(tests, posix_spawn_knows_no_deadline);
	return run_suite(suite);
}
