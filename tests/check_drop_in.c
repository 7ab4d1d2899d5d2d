/* SPDX-License-Identifier: MIT */
/*
 * spu_system(), spu_popen() and spu_capture() together, in a process where
 * everything else happens at the same time: threads, forks, cancellations,
 * signals, and libc's own functions beside ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>

#include "support.h"

static void (*disposition_of(int number))(int)
{
	struct sigaction action;

	sigaction(number, NULL, &action);
	return action.sa_handler;
}

static void do_nothing(int number)
{
	(void)number;
}

static atomic_int alarms;

static void count_alarm(int number)
{
	(void)number;
	atomic_fetch_add(&alarms, 1);
}

static void start_alarms(int interval_us)
{
	struct sigaction action = {.sa_handler = count_alarm};	/* no SA_RESTART */
	struct itimerval timer = {{0, interval_us}, {0, interval_us}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * ---- Many calls at once
 */

#define CALLERS 50
/* Captures come last: cancelled, they make ThreadSanitizer report pipe2() against pipe2(). */
#define ENDLESS (THREAD_SANITIZER ? 4 : 6)

static atomic_int faults, stop;
static char first_fault[160];

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fault(const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&faults, 1) > 0)
		return;
	va_start(arguments, format);
	vsnprintf(first_fault, sizeof(first_fault), format, arguments);
	va_end(arguments);
}

static int popen_status(const char *command, const char *mode)
{
	FILE *stream = spu_popen(command, mode);

	return stream ? spu_pclose(stream) : -1;
}

/* Also that what the command says, and nothing else, was captured. */
static int capture_status(const char *command)
{
	struct spu_output out = {0};
	struct spu_error error = {0};
	char script[80], said[40];
	int status = -1;

	snprintf(script, sizeof(script), "echo %s; %s", command, command);
	snprintf(said, sizeof(said), "%s\n", command);
	if (spu_capture(SPU_ARGV("sh", "-c", script), NULL, NULL, 0, &out, NULL, &status,
			&error) < 0)
		fault("capture \"%s\": %s", command, error.text);
	else if (strcmp(out.data, said) != 0)
		fault("captured of \"%s\": \"%s\"", command, out.data);
	free(out.data);
	return status;
}

static int status_by(const char *way, const char *command)
{
	if (strcmp(way, "system") == 0)
		return spu_system(command);
	if (strcmp(way, "capture") == 0)
		return capture_status(command);
	return popen_status(command, way);
}

/* Each with a mask of its own, which must be the same after each call. */
static void *call_often(void *argument)
{
	static const char *const ways[] = {"system", "r", "w", "re", "we", "capture"};
	int rounds = (int)knob("DROP_IN_ROUNDS", IS_SANITIZED ? 5 : 20);
	int number = (int)(intptr_t)argument, i, status;
	sigset_t before, after;
	char command[32];

	sigemptyset(&before);
	sigaddset(&before, number % 2 ? SIGUSR1 : SIGUSR2);
	if (number % 5 == 0)
		sigaddset(&before, SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	for (i = 0; i < rounds; i++) {
		const char *way = ways[(number + i) % 6];

		snprintf(command, sizeof(command), "exit %d", (number + i) % 200 + 1);
		status = status_by(way, command);
		if (status != ((number + i) % 200 + 1) << 8)
			fault("\"%s\" %s: %#x, errno %d", command, way, status,
			      status == -1 ? errno : 0);
		pthread_sigmask(SIG_SETMASK, NULL, &after);
		/* libc fills in no more than the kernel has */
		if (memcmp(&before, &after, 8) != 0)
			fault("another mask after \"%s\"", command);
	}
	return NULL;
}

/* Until it is cancelled: in any of them, popen() and pclose() to be cancelled after them. */
static void *call_for_ever(void *argument)
{
	static const struct {
		const char *way, *command;
	} calls[] = {{"system", "exit 9"}, {"system", "sleep 100"}, {"r", "exit 9"},
			    {"we", "exit 9"}, {NULL, "exit 9"}, {NULL, "sleep 100"}};
	int number = (int)(intptr_t)argument;

	for (;;) {
		const char *command = calls[number].command;
		int status = -1;

		/* no output is stored: what is lost by a cancellation is a leak of this test's */
		if (calls[number].way)
			status = status_by(calls[number].way, command);
		else if (spu_capture(SPU_ARGV("sh", "-c", command), NULL, "in", 2, NULL, NULL,
				     &status, NULL) < 0)
			fault("a capture that is to be cancelled failed");

		if (status != 9 << 8)
			fault("a call that is to be cancelled: %#x, errno %d", status, errno);
		pthread_testcancel();
	}
	return NULL;
}

static void *cancel_often(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop)) {
		pthread_t threads[6];
		int i;

		for (i = 0; i < ENDLESS; i++)
			pthread_create(&threads[i], NULL, call_for_ever, (void *)(intptr_t)i);
		usleep(2000);
		for (i = 0; i < ENDLESS; i++)
			pthread_cancel(threads[i]);
		for (i = 0; i < ENDLESS; i++)
			pthread_join(threads[i], NULL);
	}
	return NULL;
}

/* Its children are independent of what their parent was doing. */
static void *fork_often(void *argument)
{
	int status;

	(void)argument;
	/* whose allocator's locks a fork child inherits as they are */
	while (!THREAD_SANITIZER && !atomic_load(&stop)) {
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGALRM, SIG_DFL);
			alarm(patience(60));
			_exit(spu_system("exit 6") == 6 << 8 &&
			      popen_status("exit 7", "r") == 7 << 8 &&
			      capture_status("exit 8") == 8 << 8 ? 0 : 1);
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (status != 0)
			fault("a fork child: %#x", status);
		usleep(5000);
	}
	return NULL;
}

static void call_from_all_threads(void (*disposition)(int))
{
	struct sigaction action = {.sa_handler = disposition};
	size_t open_before = count_open();
	pthread_t callers[CALLERS], canceller, forker;
	intptr_t i;

	sigaction(SIGINT, &action, NULL);
	start_alarms(1000);
	/* AddressSanitizer gets into trouble with both */
	stop = ADDRESS_SANITIZER;
	ck_assert_int_eq(pthread_create(&canceller, NULL, cancel_often, NULL), 0);
	ck_assert_int_eq(pthread_create(&forker, NULL, fork_often, NULL), 0);
	for (i = 0; i < CALLERS; i++)
		ck_assert_int_eq(pthread_create(&callers[i], NULL, call_often, (void *)i), 0);
	for (i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	stop = 1;
	pthread_join(canceller, NULL);
	pthread_join(forker, NULL);
	ck_assert_msg(faults == 0, "%d faults, the first: %s", faults, first_fault);
	ck_assert_ptr_eq(disposition_of(SIGINT), disposition);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_DFL);
	ck_assert_int_gt(alarms, 0);
	ck_assert_uint_eq(count_open(), open_before);
	assert_no_child();
}

START_TEST(fifty_threads_with_signals_cancellations_and_forks)
{
	call_from_all_threads(do_nothing);
}
END_TEST

START_TEST(the_same_with_interrupts_ignored)
{
	call_from_all_threads(SIG_IGN);
}
END_TEST

/*
 * ---- libc's system() beside ours. Each counts its own calls only.
 */

struct running {
	int (*call)(const char *command);
	pthread_t thread;
	int end;
	char command[64];
};

static void *run_command(void *argument)
{
	struct running *running = argument;

	return (void *)(intptr_t)running->call(running->command);
}

/* Above the numbers of one digit, which are all that a shell can name. */
static void make_pipe(int ret[2])
{
	int ends[2], i;

	ck_assert_int_eq(pipe(ends), 0);
	for (i = 0; i < 2; i++) {
		ret[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 20);
		close(ends[i]);
	}
}

/* Begins a command that goes on until it is finished; it runs when this returns. */
static void start(struct running *running, int (*call)(const char *command))
{
	int told[2], held[2];
	char byte;

	make_pipe(told);
	make_pipe(held);
	ck_assert_int_eq(dup2(told[1], 9), 9);
	ck_assert_int_eq(dup2(held[0], 8), 8);
	running->call = call;
	strcpy(running->command, "echo >&9; read x <&8; exit 3");
	ck_assert_int_eq(pthread_create(&running->thread, NULL, run_command, running), 0);
	ck_assert_int_eq(read(told[0], &byte, 1), 1);
	close(told[0]), close(told[1]), close(held[0]);
	close(9), close(8);
	running->end = held[1];
}

static void finish(struct running *running)
{
	void *status;

	close(running->end);
	pthread_join(running->thread, &status);
	ck_assert_int_eq((int)(intptr_t)status, 3 << 8);
}

START_TEST(one_within_the_other_leaves_all_as_it_was)
{
	int (*const calls[2])(const char *) = {system, spu_system};
	struct running outer, inner;
	int i;

	if (THREAD_SANITIZER)
		SKIP("check_drop_in", "ThreadSanitizer doesn't see what libc's system() sets");
	for (i = 0; i < 2; i++) {
		signal(SIGINT, do_nothing);
		start(&outer, calls[i]);
		start(&inner, calls[!i]);
		finish(&inner);
		ck_assert_ptr_eq(disposition_of(SIGINT), SIG_IGN);
		finish(&outer);
		ck_assert_ptr_eq(disposition_of(SIGINT), do_nothing);
	}
}
END_TEST

/* libc's puts back what it found while ours still runs; ours leaves that alone. */
START_TEST(libcs_ends_first_and_the_end_is_right)
{
	struct running libcs, ours;

	if (THREAD_SANITIZER)
		SKIP("check_drop_in", "ThreadSanitizer doesn't see what libc's system() sets");
	signal(SIGINT, do_nothing);
	start(&libcs, system);
	start(&ours, spu_system);
	finish(&libcs);
	ck_assert_ptr_eq(disposition_of(SIGINT), do_nothing);
	finish(&ours);
	ck_assert_ptr_eq(disposition_of(SIGINT), do_nothing);
}
END_TEST

/* What can't be kept right from our side: libc's has saved "ignored" as what was before. */
START_TEST(libcs_began_second_and_ends_last_and_interrupts_stay_ignored)
{
	struct running libcs, ours;

	if (THREAD_SANITIZER)
		SKIP("check_drop_in", "ThreadSanitizer doesn't see what libc's system() sets");
	signal(SIGINT, do_nothing);
	start(&ours, spu_system);
	start(&libcs, system);
	finish(&ours);
	ck_assert_ptr_eq(disposition_of(SIGINT), do_nothing);
	finish(&libcs);
	ck_assert_ptr_eq(disposition_of(SIGINT), SIG_IGN);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, 200);
	tcase_add_checked_fixture(tests, settle, NULL);
	tcase_add_test(tests, test);
	suite_add_tcase(suite, tests);
}

/* One case each, so that CK_RUN_CASE picks a test. */
#define ADD(test) add(suite, #test, test)

int main(void)
{
	Suite *suite = suite_create("drop_in");

	signal(SIGQUIT, SIG_DFL);
	ADD(fifty_threads_with_signals_cancellations_and_forks);
	ADD(the_same_with_interrupts_ignored);
	ADD(one_within_the_other_leaves_all_as_it_was);
	ADD(libcs_ends_first_and_the_end_is_right);
	ADD(libcs_began_second_and_ends_last_and_interrupts_stay_ignored);
	return run_suite(suite);
}
