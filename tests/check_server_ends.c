/* SPDX-License-Identifier: MIT */
/*
 * Spawn servers, callers and children that end, stop or take too long at every moment:
 * each launch comes back, and no child is left that nobody was told of.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>

#include "held_up.h"
#include "launches.h"

#define SUITE "server_ends"

/*
 * So many rounds with make check-all, fewer without; SERVER_PERCENT=1000 for more. And not
 * longer than a minute and a half.
 */
static int rounds(int all, int few)
{
	const char *wants_all = getenv("CHECK_ALL");

	return (int)((wants_all && *wants_all ? all : few) * knob("SERVER_PERCENT", 100) / 100);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define FOR_ROUNDS(i, all, few) \
	for (int64_t end = milliseconds() + 90000, i = 0; \
	     i < rounds(all, few) && milliseconds() < end; i++)

static unsigned random_below(unsigned limit)
{
	static uint64_t state = 7;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % limit;
}

/* The answers that a launch may have while its server is killed. */
static void assert_expected(int r, const struct spu_error *error)
{
	ck_assert_msg(r == 0 || ((r == -EPIPE || r == -ECANCELED) &&
				 error->step == SPU_STEP_SERVER),
		      "%d: %s", r, error->text);
}

struct kill {
	pid_t pid;
	unsigned after_us;
};

static void *kill_later(void *argument)
{
	const struct kill *later = argument;
	struct timespec pause = {0, later->after_us * 1000l};

	nanosleep(&pause, NULL);
	kill(later->pid, SIGKILL);
	return NULL;
}

/* Now and then before or after the launch, so that both have been. */
static int launch_while_killed(struct spu_server *server, int round, struct spu_child *child,
			       struct spu_error *error)
{
	struct kill later = {server->process.pid, random_below(900)};
	pthread_t killer;
	int r;

	if (round % 20 == 0)
		kill(later.pid, SIGKILL);
	else if (round % 20 != 1)
		ck_assert_int_eq(pthread_create(&killer, NULL, kill_later, &later), 0);
	r = spu_spawn(child, SPU_ARGV("true"), SPU_OPTIONS(.server = server), error);
	if (round % 20 > 1)
		pthread_join(killer, NULL);
	return r;
}

START_TEST(a_server_killed_at_any_moment_leaves_no_child_unknown)
{
	int launched = 0, told = 0;

	FOR_ROUNDS(i, 500, 60) {
		struct spu_server *server = start_server(0);
		struct spu_child child;
		struct spu_error error;
		int r = launch_while_killed(server, (int)i, &child, &error);

		assert_expected(r, &error);
		if (r == 0) {
			ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
			spu_child_release(&child);
			launched++;
		} else {
			told++;
		}
		spu_server_stop(server);
		assert_no_child();
	}
	ck_assert_int_gt(launched, 0);
	ck_assert_int_gt(told, 0);
}
END_TEST

/* All that it has left behind is this process's now, and must end. */
START_TEST(a_caller_killed_at_any_moment_leaves_no_process)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	FOR_ROUNDS(i, 200, 30) {
		pid_t caller = fork();

		if (caller == 0) {
			struct spu_server *server = start_server(0);

			for (;;)
				if (spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL,
					    NULL) < 0)
					_exit(1);
		}
		usleep(1000 + random_below(4000));
		ck_assert_int_eq(kill(caller, SIGKILL), 0);
		while (waitpid(-1, NULL, 0x40000000) > 0)
			;
		ck_assert_int_eq(errno, ECHILD);
	}
}
END_TEST

START_TEST(a_short_time_is_kept_and_nobody_comes_unknown)
{
	struct spu_server *server = start_server(0);
	size_t open_before = count_open();
	int launched = 0, late = 0;

	FOR_ROUNDS(i, 2000, 300) {
		struct spu_child child;
		struct spu_error error;
		int status, r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
				.server = server, .timeout_ms = 1), &error);

		if (r == 0) {
			ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
			/* what was launched is never killed */
			ck_assert_int_eq(status, 0);
			spu_child_release(&child);
			launched++;
		} else {
			ck_assert_msg(r == -ETIMEDOUT, "%s", error.text);
			late++;
		}
	}
	ck_assert_int_gt(launched + late, 0);
	spu_server_stop(server);
	ck_assert_uint_le(count_open(), open_before);
	assert_no_child();
}
END_TEST

static void launch_in_vain(struct spu_server *server, int times)
{
	struct spu_error error;

	while (times--) {
		int r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server, .timeout_ms = 1),
				NULL, &error);

		ck_assert_msg(r == -ETIMEDOUT, "%d", r);
		ck_assert_uint_eq(error.step, SPU_STEP_SERVER);
		ck_assert_str_eq(error.text, "spawn server: the launch took longer than 1 ms");
	}
}

/* Each launch looks for those that were given up. */
static void launch_until_all_are_known(struct spu_server *server)
{
	do
		ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL,
					 NULL), 0);
	while (server->given_up);
}

/* Then the server is the only child. It is stopped here. */
static void assert_all_is_known(struct spu_server *server, size_t open_before)
{
	launch_until_all_are_known(server);
	ck_assert_uint_eq(count_open(), open_before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);
	spu_server_stop(server);
	assert_no_child();
}

/* More often than its queue has room */
START_TEST(a_stopped_server_holds_nobody_and_what_it_makes_later_is_ended)
{
	struct spu_server *server = start_server(0);
	size_t open_before = count_open();
	struct spu_error error;

	stop_server(server);
	launch_in_vain(server, 400);
	ck_assert_int_eq(kill(server->process.pid, SIGCONT), 0);
	ASSERT_OK(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error), error);
	assert_all_is_known(server, open_before);
}
END_TEST

START_TEST(a_stopped_server_can_be_ended)
{
	struct spu_server *server = start_server(0);

	stop_server(server);
	launch_in_vain(server, 20);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

/* What is given up is the owner's alone to end. */
START_TEST(a_copy_gives_memory_and_descriptors_back_alone)
{
	size_t open_before = count_open();
	struct spu_server *server = start_server(0);
	pid_t copy;
	int status;

	stop_server(server);
	launch_in_vain(server, 20);
	ck_assert_ptr_nonnull(server->given_up);
	fflush(NULL);
	copy = fork();
	if (copy == 0) {
		spu_server_stop(server);
		_exit(count_open() > open_before);
	}
	ck_assert_int_eq(waitpid(copy, &status, 0), copy);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(kill(server->process.pid, SIGCONT), 0);
	launch_until_all_are_known(server);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

struct intervention {
	const struct spu_server *server;
	int signal;
	atomic_int is_over;	/* the launch */
};

static void *intervene(void *argument)
{
	struct intervention *intervention = argument;
	pid_t child = await_served_child_at_gate(intervention->server, 0, &intervention->is_over);

	if (child)
		kill(child, intervention->signal);
	return NULL;
}

static int launch_held(struct spu_server *server, int signal, int timeout_ms,
		       struct spu_error *error)
{
	struct intervention intervention = {.server = server, .signal = signal};
	struct spu_child child;
	pthread_t thread;
	int r;

	ck_assert_int_eq(pthread_create(&thread, NULL, intervene, &intervention), 0);
	r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
			.server = server, .cwd = scratch(), .timeout_ms = timeout_ms,
			.fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY))), error);
	atomic_store(&intervention.is_over, 1);
	pthread_join(thread, NULL);
	return r;
}

START_TEST(a_child_killed_in_its_set_up_is_told_from_one_that_ran)
{
	struct spu_server *server = start_server(0);
	size_t open_before = count_open();
	struct spu_error error;

	make_gate();
	ck_assert_int_eq(launch_held(server, SIGKILL, 0, &error), -ECANCELED);
	ck_assert_int_eq(error.signal, SIGKILL);
	ck_assert_str_eq(error.text, "spawn server: its child was killed by signal 9 (KILL)");
	ck_assert_uint_eq(count_open(), open_before);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

START_TEST(a_child_that_hangs_or_is_stopped_is_given_up)
{
	struct spu_server *server = start_server(0);
	size_t open_before = count_open();
	struct spu_error error;
	int tries = 0;

	make_gate();
	ck_assert_int_eq(launch_held(server, SIGSTOP, 1000, &error), -ETIMEDOUT);
	/* on a busy machine it may not be at the gate by then, or its own timer be faster */
	do
		ck_assert_int_eq(launch_held(server, 0, 1000, &error), -ETIMEDOUT);
	while (error.step != SPU_STEP_OPEN && tries++ < 20 &&
	       access("/proc/self/syscall", R_OK) == 0);
	if (error.step == SPU_STEP_OPEN)
		ck_assert_str_eq(error.text,
				 "spawn server: open: the launch took longer than 1000 ms");
	ck_assert_int_le(tries, 20);
	assert_all_is_known(server, open_before);
}
END_TEST

/* The time of the launch and the program together */
START_TEST(a_program_that_takes_too_long_is_ended)
{
	struct spu_server *server = start_server(0);
	struct spu_error error;
	int status = -1;

	ck_assert_int_eq(spu_run(SPU_ARGV("sleep", "1000"), SPU_OPTIONS(
			.server = server, .timeout_ms = 3000), &status, &error), -ETIMEDOUT);
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	ck_assert_int_eq(status, SIGTERM);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

static const char *fast_child;

static void *launch_thousands(void *server)
{
	int i;

	for (i = 0; i < rounds(40000, 3200) / 16; i++) {
		struct spu_error error;
		struct spu_child child;

		if (spu_spawn(&child, SPU_ARGV(fast_child), SPU_OPTIONS(.server = server),
			      &error) < 0)
			return strdup(error.text);
		if (spu_wait(&child, -1, NULL) < 0)
			return "a child was lost";
		spu_child_release(&child);
	}
	return NULL;
}

/* Counted now: before Linux 6.2 what statm says comes later, by 64 pages and more. */
static long resident_kib(pid_t pid)
{
	char path[64];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*[^\n] Rss: %ld", &kib) != 1)
		kib = 0;
	if (file)
		fclose(file);
	return kib;
}

START_TEST(thousands_of_launches_leave_nothing_behind)
{
	struct spu_server *server = start_server(0);
	size_t open_before = count_open();
	pthread_t threads[16];
	long kib;
	void *wrong;
	int i;

	fast_child = helper("race_child");
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, NULL), 0);
	kib = resident_kib(server->process.pid);
	ck_assert_int_gt(kib, 0);
	for (i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, launch_thousands, server), 0);
	for (i = 0; i < 16; i++) {
		pthread_join(threads[i], &wrong);
		ck_assert_msg(!wrong, "%s", (char *)wrong);
	}
	ck_assert_uint_eq(count_open(), open_before);
	/* the server itself allocates nothing, but what a sanitizer remembers */
	if (!IS_SANITIZED)
		ck_assert_int_le(resident_kib(server->process.pid), kib + 256);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_set_timeout(tests, 400);
	tcase_add_test(tests, a_server_killed_at_any_moment_leaves_no_child_unknown);
	tcase_add_test(tests, a_caller_killed_at_any_moment_leaves_no_process);
	tcase_add_test(tests, a_short_time_is_kept_and_nobody_comes_unknown);
	tcase_add_test(tests, a_stopped_server_holds_nobody_and_what_it_makes_later_is_ended);
	tcase_add_test(tests, a_stopped_server_can_be_ended);
	tcase_add_test(tests, a_copy_gives_memory_and_descriptors_back_alone);
	tcase_add_test(tests, a_child_killed_in_its_set_up_is_told_from_one_that_ran);
	tcase_add_test(tests, a_child_that_hangs_or_is_stopped_is_given_up);
	tcase_add_test(tests, a_program_that_takes_too_long_is_ended);
	tcase_add_test(tests, thousands_of_launches_leave_nothing_behind);
	return run_suite(suite);
}
