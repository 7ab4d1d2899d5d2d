/* SPDX-License-Identifier: MIT */
/* FIFOs, which are opened in the caller. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "held.h"

#define SUITE "fifos"

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

/* Nor does a stream that another thread opens meanwhile wait */
static void *open_another_stream(void *argument)
{
	FILE *stream = spu_popen("exit 3", "r");

	(void)argument;
	if (!stream || spu_pclose(stream) != 3 << 8)
		abort();
	return interrupt(NULL);
}

START_TEST(waiting_for_a_streams_fifo_is_ended_by_a_signal)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct spu_error error;
	FILE *stream = NULL;
	pthread_t sender;
	size_t open_before;
	int r;

	ck_assert_int_eq(mkfifo(in_scratch("fifo"), 0600), 0);
	sigaction(SIGUSR1, &action, NULL);
	open_before = count_open();
	interrupted = pthread_self();
	atomic_store(&handled, 0);
	atomic_store(&interrupting, 1);
	pthread_create(&sender, NULL, open_another_stream, NULL);
	r = spu_popen_with(&stream, "cat", "r", SPU_OPTIONS(
		.fds = SPU_FDS(SPU_NULL(5), SPU_OPEN(0, in_scratch("fifo"), O_RDONLY))), &error);
	atomic_store(&interrupting, 0);
	pthread_join(sender, NULL);
	ck_assert_int_eq(r, -EINTR);
	ck_assert_uint_eq(error.step, SPU_STEP_PREPARE);
	ck_assert_int_eq(error.index, 1);
	ck_assert_int_gt(atomic_load(&handled), 0);
	ck_assert_ptr_null(stream);
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

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, a_fifo_is_waited_for_and_read);
	add_for_both(tests, waiting_for_a_fifo_is_ended_by_a_signal);
	tcase_add_test(tests, waiting_for_a_streams_fifo_is_ended_by_a_signal);
	tcase_add_test(tests, cancelling_a_launch_leaks_nothing);
	return run_suite(suite);
}
