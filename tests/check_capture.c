/* SPDX-License-Identifier: MIT */
/*
 * spu_capture(): what goes in and comes out is whole, whatever the child, its
 * own children and the caller's signals do, and nothing is left behind.
 *
 * CAPTURE_MB is how much goes through at once, 8 unless given; CAPTURE_PERCENT
 * how many of the calls that are made side by side.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "support.h"

#define SUITE "capture"

static unsigned char byte_at(size_t i)
{
	return (unsigned char)(i % 251 ^ i / 65521 % 256);
}

static char *make_bytes(size_t size)
{
	char *bytes = malloc(size + 1);
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < size; i++)
		bytes[i] = (char)byte_at(i);
	return bytes;
}

static void assert_bytes(const struct spu_output *output, size_t size)
{
	size_t i;

	ck_assert_uint_eq(output->size, size);
	for (i = 0; i < size; i++)
		if ((unsigned char)output->data[i] != byte_at(i))
			ck_abort_msg("wrong at %zu of %zu", i, size);
	ck_assert_int_eq(output->data[size], '\0');
}

/* Also frees it. */
static void assert_output(struct spu_output *output, const char *text, unsigned flags)
{
	ck_assert_ptr_nonnull(output->data);
	ck_assert_str_eq(output->data, text);
	ck_assert_uint_eq(output->size, strlen(text));
	ck_assert_uint_eq(output->flags, flags);
	free(output->data);
	*output = (struct spu_output){0};
}

#define SH(script) SPU_ARGV("sh", "-c", (script))

/*
 * ---- Bytes
 */

START_TEST(output_errors_and_status)
{
	size_t open_before = count_open();
	struct spu_output out = {0}, err = {0};
	struct spu_error error;
	int status = -1, r;

	r = spu_capture(SH("echo out; echo err >&2; exit 3"), NULL, NULL, 0, &out, &err, &status,
			&error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 3 << 8);
	assert_output(&out, "out\n", 0);
	assert_output(&err, "err\n", 0);
	r = spu_capture(SH("kill -TERM $$"), NULL, NULL, 0, &out, NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, SIGTERM);
	assert_output(&out, "", 0);
	ck_assert_int_eq(spu_capture(SPU_ARGV("true"), NULL, NULL, 0, NULL, NULL, NULL, NULL), 0);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(both_in_one)
{
	struct spu_output both = {0};
	struct spu_error error;
	int r = spu_capture(SH("echo out; echo err >&2; echo out"), NULL, NULL, 0, &both, &both,
			    NULL, &error);

	ASSERT_OK(r, error);
	assert_output(&both, "out\nerr\nout\n", 0);
	/* the other ways to say it, and its opposite */
	r = spu_capture(SH("echo out; echo err >&2; echo out"),
			SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(2, 1))), NULL, 0, &both, NULL, NULL,
			&error);
	ASSERT_OK(r, error);
	assert_output(&both, "out\nerr\nout\n", 0);
	r = spu_capture(SH("echo out; echo err >&2; echo out"),
			SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(1, 2))), NULL, 0, NULL, &both, NULL,
			&error);
	ASSERT_OK(r, error);
	assert_output(&both, "out\nerr\nout\n", 0);
	r = spu_capture(SH("echo out; echo err >&2; echo five >&5"),
			SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(5, 1), SPU_NULL(2))), NULL, 0, &both,
			NULL, NULL, &error);
	ASSERT_OK(r, error);
	assert_output(&both, "out\nfive\n", 0);
}
END_TEST

/* fd by a number that is none of 0 to 2, which may be free here. */
static int lift(int fd)
{
	int lifted = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	ck_assert_int_ge(lifted, 3);
	close(fd);
	return lifted;
}

static void inherit_all_three(void)
{
	const char *in = write_file("in", "from the file\n", 0600);
	struct spu_output out = {0};
	struct spu_error error;
	int ends[2], r;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ends[0] = lift(ends[0]);
	ends[1] = lift(ends[1]);
	r = lift(open(in, O_RDONLY | O_CLOEXEC));
	ck_assert_int_eq(dup2(r, 0), 0);
	ck_assert_int_eq(dup2(ends[1], 2), 2);
	r = spu_capture(SH("cat; echo err >&2"), NULL, NULL, 0, &out, NULL, NULL, &error);
	ASSERT_OK(r, error);
	assert_output(&out, "from the file\n", 0);
	/* and 1, where errors are captured */
	ck_assert_int_eq(dup2(ends[1], 1), 1);
	r = spu_capture(SH("echo captured >&2; echo out"), NULL, NULL, 0, NULL, &out, NULL, &error);
	ASSERT_OK(r, error);
	assert_output(&out, "captured\n", 0);
	close(1);
	close(2);
	close(ends[1]);
	ck_assert_str_eq(read_all(ends[0]), "err\nout\n");
}

START_TEST(what_is_not_captured_is_inherited)
{
	in_own_process(inherit_all_three);
}
END_TEST

START_TEST(input_arrives)
{
	struct spu_output out = {0};
	struct spu_error error;
	int r = spu_capture(SPU_ARGV("cat"), NULL, "a\0b\n", 4, &out, NULL, NULL, &error);

	ASSERT_OK(r, error);
	ck_assert_uint_eq(out.size, 4);
	ck_assert_mem_eq(out.data, "a\0b\n", 5);
	free(out.data);
	/* none is the end of file, not the caller's input */
	r = spu_capture(SPU_ARGV("cat"), NULL, "", 0, &out, NULL, NULL, &error);
	ASSERT_OK(r, error);
	assert_output(&out, "", 0);
	r = spu_capture(SPU_ARGV("cat"), NULL, NULL, 1, &out, NULL, NULL, &error);
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "input"));
}
END_TEST

static size_t megabytes(void)
{
	return (size_t)knob("CAPTURE_MB", 8) << 20;
}

START_TEST(much_goes_through)
{
	static const char *const works[] = {"echo", "check"};
	const char *work = works[_i];
	size_t size = megabytes() + 4711;
	struct spu_output out = {0};
	struct spu_error error;
	char *input = make_bytes(size), said[32];
	int status, r;

	r = spu_capture(SPU_ARGV(helper("report_bytes"), work), NULL, input, size, &out, NULL,
			&status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	free(input);
	if (_i == 0) {
		assert_bytes(&out, size);
		ck_assert_uint_eq(out.flags, 0);
		free(out.data);
		return;
	}
	snprintf(said, sizeof(said), "%zu\n", size);
	assert_output(&out, said, 0);
}
END_TEST

START_TEST(much_comes_from_both)
{
	size_t size = megabytes() + 815;
	struct spu_output out = {0}, err = {0};
	struct spu_error error;
	char wanted[2][32];
	int status, r;

	snprintf(wanted[0], sizeof(wanted[0]), "%zu", size);
	snprintf(wanted[1], sizeof(wanted[1]), "%zu", size / 3);
	r = spu_capture(SPU_ARGV(helper("report_bytes"), "make", wanted[0], wanted[1]), NULL, NULL,
			0, &out, &err, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	assert_bytes(&out, size);
	assert_bytes(&err, size / 3);
	free(out.data);
	free(err.data);
}
END_TEST

/* Around what pages, pipes and buffers that grow hold. */
static const size_t sizes[] = {0, 1, 2, 4095, 4096, 4097, 16383, 16384, 16385, 32767, 32768, 32769,
			       49151, 49152, 49153, 65535, 65536, 65537, 200001};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Of all sizes, with no limit and with all limits. */
START_TEST(limits_are_exact)
{
	size_t size = sizes[_i], i;
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "%zu", size);
	for (i = 0; i < SIZES; i++) {
		struct spu_output out = {.limit = sizes[i]}, err = {0};
		struct spu_error error;
		int status, r = spu_capture(SPU_ARGV(helper("report_bytes"), "make", wanted, "5"),
					    NULL, NULL, 0, &out, &err, &status, &error);
		size_t kept = sizes[i] && sizes[i] < size ? sizes[i] : size;

		ASSERT_OK(r, error);
		/* neither SIGPIPE nor an error */
		ck_assert_int_eq(status, 0);
		assert_bytes(&out, kept);
		ck_assert_uint_eq(out.flags, kept < size ? SPU_OUTPUT_TRUNCATED : 0);
		ck_assert_uint_eq(out.limit, sizes[i]);
		assert_bytes(&err, 5);
		ck_assert_uint_eq(err.flags, 0);
		free(out.data);
		free(err.data);
	}
}
END_TEST

/*
 * The child goes on as if nothing were, and what is thrown away takes no memory: not
 * half of it. A kernel's count of pages is no exact one.
 */
START_TEST(beyond_the_limit_nothing_is_kept)
{
	struct spu_output out = {.limit = 1000};
	struct spu_error error;
	char wanted[32];
	struct rusage before, after;
	int status, r;

	getrusage(RUSAGE_SELF, &before);
	snprintf(wanted, sizeof(wanted), "%zu", 4 * megabytes());
	r = spu_capture(SPU_ARGV(helper("report_bytes"), "make", wanted, "0"), NULL, NULL, 0, &out,
			NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	assert_bytes(&out, 1000);
	free(out.data);
	getrusage(RUSAGE_SELF, &after);
	if (!IS_SANITIZED)
		ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss,
				 (long)(2 * megabytes() >> 10));
}
END_TEST

/*
 * ---- SIGPIPE
 */

static atomic_int caught;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&caught, 1);
}

static int is_pending(int number)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, number);
}

/* To a child that reads nothing, and one that reads a little. */
static void give_too_much(void)
{
	static const char *const scripts[] = {"exit 5", "exec <&-; sleep 0.05; exit 5",
					      "head -c 10 >/dev/null; exit 5"};
	size_t size = 1 << 20, i;
	char *input = make_bytes(size);

	for (i = 0; i < 3; i++) {
		struct spu_error error;
		sigset_t before, after;
		int status, r;

		pthread_sigmask(SIG_SETMASK, NULL, &before);
		r = spu_capture(SH(scripts[i]), NULL, input, size, NULL, NULL, &status, &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(status, 5 << 8);
		pthread_sigmask(SIG_SETMASK, NULL, &after);
		ck_assert_mem_eq(&before, &after, 8);
	}
	free(input);
}

START_TEST(no_sigpipe_reaches_the_caller)
{
	struct sigaction action = {.sa_handler = count_signal};
	sigset_t set;

	sigaction(SIGPIPE, &action, NULL);
	give_too_much();
	ck_assert_int_eq(caught, 0);
	ck_assert_int_eq(is_pending(SIGPIPE), 0);
	/* its own, blocked: none comes, and one that waits stays */
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	give_too_much();
	ck_assert_int_eq(is_pending(SIGPIPE), 0);
	raise(SIGPIPE);
	give_too_much();
	ck_assert_int_eq(is_pending(SIGPIPE), 1);
	ck_assert_int_eq(caught, 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	ck_assert_int_eq(caught, 1);
	/* one that was sent to the process meanwhile is somebody else's */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGPIPE);
	give_too_much();
	ck_assert_int_eq(is_pending(SIGPIPE), 1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	ck_assert_int_eq(caught, 2);
	signal(SIGPIPE, SIG_IGN);
	give_too_much();
	ck_assert_int_eq(is_pending(SIGPIPE), 0);
	signal(SIGPIPE, SIG_DFL);
	give_too_much();
}
END_TEST

/*
 * ---- Who else holds the pipes
 */

static void kill_named(const struct spu_output *output)
{
	pid_t pid = (pid_t)atol(output->data);

	ck_assert_int_gt(pid, 1);
	kill(pid, SIGKILL);
}

START_TEST(a_grandchild_that_holds_a_pipe_is_not_waited_for)
{
	size_t open_before = count_open();
	struct spu_output out = {0}, err = {0};
	char *input = make_bytes(1 << 20);
	struct spu_error error;
	int status, r;

	r = spu_capture(SH("sleep 1000 & echo $!; echo err >&2; exit 3"), NULL, NULL, 0, &out, &err,
			&status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 3 << 8);
	kill_named(&out);
	ck_assert_uint_eq(out.flags, SPU_OUTPUT_HELD);
	free(out.data);
	assert_output(&err, "err\n", SPU_OUTPUT_HELD);
	/* each pipe for itself */
	r = spu_capture(SPU_ARGV(helper("report_bytes"), "hold", "2"), NULL, NULL, 0, &out, &err,
			&status, &error);
	ASSERT_OK(r, error);
	kill_named(&out);
	ck_assert_uint_eq(out.flags, 0);
	free(out.data);
	assert_output(&err, "", SPU_OUTPUT_HELD);
	/* nor one that could read the rest */
	r = spu_capture(SPU_ARGV(helper("report_bytes"), "hold", "0"), NULL, input, 1 << 20, &out,
			NULL, &status, &error);
	ASSERT_OK(r, error);
	kill_named(&out);
	ck_assert_uint_eq(out.flags, 0);
	free(out.data);
	free(input);
	assert_unchanged(open_before);
}
END_TEST

/* It writes faster than anybody reads: there is no end of it. */
START_TEST(a_grandchild_that_writes_for_ever_is_not_read_for_ever)
{
	size_t open_before = count_open();
	struct spu_output out = {0};
	struct spu_error error;
	int status, r, i;

	for (i = 0; i < 10; i++) {
		out.limit = i % 2 ? 100000 : 0;
		r = spu_capture(SH("yes & yes & sleep 0.02; exit 6"), NULL, NULL, 0, &out, NULL,
				&status, &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(status, 6 << 8);
		ck_assert_uint_eq(out.flags & SPU_OUTPUT_HELD, SPU_OUTPUT_HELD);
		free(out.data);
	}
	assert_unchanged(open_before);
}
END_TEST

/* What a child wrote right before its end is there, and nobody is said to hold the pipe. */
START_TEST(the_last_words_are_whole)
{
	int i;

	for (i = 0; i < 200; i++) {
		size_t size = sizes[(size_t)i % SIZES];
		struct spu_output out = {0}, err = {0};
		struct spu_error error;
		char wanted[32];
		int r;

		snprintf(wanted, sizeof(wanted), "%zu", size);
		r = spu_capture(SPU_ARGV(helper("report_bytes"), "make", "7", wanted), NULL, NULL,
				0, &out, &err, NULL, &error);
		ASSERT_OK(r, error);
		assert_bytes(&out, 7);
		assert_bytes(&err, size);
		ck_assert_uint_eq(out.flags | err.flags, 0);
		free(out.data);
		free(err.data);
	}
}
END_TEST

START_TEST(a_child_that_closes_its_output_is_waited_for)
{
	struct spu_output out = {0}, err = {0};
	struct spu_error error;
	int status, r;

	r = spu_capture(SPU_ARGV(helper("report_bytes"), "close", "0.2"), NULL, "x", 1, &out, &err,
			&status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 4 << 8);
	assert_output(&out, "", 0);
	assert_output(&err, "", 0);
}
END_TEST

/*
 * ---- In time
 */

/*
 * Runs out of time, which is doubled until the child has said in time that it
 * is ready. Nobody may be left who holds 3.
 */
static int run_out_of_time(char *const argv[], struct spu_options options,
			   struct spu_output *ret_out)
{
	struct spu_error error;
	int ends[2], status = -1, r;
	char c;

	for (options.timeout_ms = 200;; options.timeout_ms *= 2) {
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
		options.fds = (const struct spu_fd[]){SPU_MAP(3, ends[1]), {0}};
		*ret_out = (struct spu_output){0};
		r = spu_capture(argv, &options, NULL, 0, ret_out, NULL, &status, &error);
		ck_assert_int_eq(r, -ETIMEDOUT);
		ck_assert_ptr_nonnull(strstr(error.text, " took longer than "));
		close(ends[1]);
		while (read(ends[0], &c, 1) > 0)
			;
		close(ends[0]);
		if (error.step != SPU_STEP_WAIT)	/* it wasn't even launched */
			continue;
		if (strncmp(ret_out->data, "ready\n", 6) == 0)
			return status;
		free(ret_out->data);
	}
}

START_TEST(the_group_is_ended_when_its_time_is_over)
{
	static const struct {
		const char *script;
		int signal, status;
		unsigned flags;
	} cases[] = {
		{"sleep 1000 & echo ready; sleep 1000", 0, SIGTERM, 0},
		{"sleep 1000 & echo ready; sleep 1000", SIGUSR1, SIGUSR1, 0},
		{"sleep 1000 & echo ready; sleep 1000", 0, SIGTERM, SPU_SETSID},
		{"trap '' TERM; sleep 1000 & echo ready; sleep 1000", 0, SIGKILL, 0},
		{"(trap '' TERM; echo ready; exec sleep 1000) & wait", 0, SIGTERM, 0},
		{"echo ready; kill -STOP $$", 0, SIGTERM, 0},
		{"echo ready; exec >&- 2>&-; sleep 1000", 0, SIGTERM, 0},
	};
	const struct spu_options options = {
		.size = sizeof(options), .grace_ms = cases[_i].status == SIGKILL ? 20 : 60000,
		.stop_signal = cases[_i].signal, .flags = cases[_i].flags};
	size_t open_before = count_open();
	struct spu_output out;

	ck_assert_int_eq(run_out_of_time(SH(cases[_i].script), options, &out), cases[_i].status);
	ck_assert_str_eq(out.data, "ready\n");
	free(out.data);
	assert_unchanged(open_before);
}
END_TEST

/* It has much to say when it is told to end: the pipe is still read from. */
START_TEST(a_child_may_speak_in_its_grace)
{
	const struct spu_options options = {.size = sizeof(options), .grace_ms = 60000};
	char script[PATH_MAX + 128];
	struct spu_output out;

	snprintf(script, sizeof(script),
		 "trap '%s make 300000 0; exit 9' TERM; echo ready; while :; do sleep 0.01; done",
		 helper("report_bytes"));
	ck_assert_int_eq(run_out_of_time(SH(script), options, &out), 9 << 8);
	ck_assert_uint_eq(out.size, 300006);
	free(out.data);
}
END_TEST

START_TEST(a_child_that_has_left_its_group_is_ended)
{
	static const char *const how[] = {"group", "alone"};
	const struct spu_options options = {.size = sizeof(options), .grace_ms = 60000};
	struct spu_output out;
	char group[32];

	snprintf(group, sizeof(group), "%d", (int)getpgrp());
	ck_assert_int_eq(run_out_of_time(SPU_ARGV(helper("report_evade"), how[_i], group), options,
					 &out),
			 SIGTERM);
	free(out.data);
}
END_TEST

/* Its input is never read, so the caller could wait for ever to be rid of it. */
START_TEST(time_passes_while_input_waits)
{
	char *input = make_bytes(1 << 20);
	struct spu_error error;
	int status;

	ck_assert_int_eq(spu_capture(SPU_ARGV("sleep", "1000"), SPU_OPTIONS(.timeout_ms = 1000), input,
				     1 << 20, NULL, NULL, &status, &error),
			 -ETIMEDOUT);
	ck_assert_int_eq(status, SIGTERM);
	free(input);
	assert_no_child();
}
END_TEST

START_TEST(in_time_nothing_is_ended)
{
	struct spu_output out = {0};
	struct spu_error error;
	int status, r;

	r = spu_capture(SH("sleep 1000 & echo $!"), SPU_OPTIONS(.timeout_ms = 60000), NULL, 0, &out,
			NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(kill((pid_t)atol(out.data), 0), 0);
	kill_named(&out);
	free(out.data);
}
END_TEST

/*
 * ---- What is still to come when the child has ended, and what is too much
 */

START_TEST(what_a_grandchild_still_says_is_waited_for)
{
	struct spu_output out = {.hold_ms = 250000}, err = {.hold_ms = 250000};
	struct spu_error error;
	int status, r;

	/* till it has let go of both, in whatever order */
	r = spu_capture(SH("(exec 2>&-; sleep 0.2; echo late) & echo early; echo error >&2"), NULL,
			NULL, 0, &out, &err, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	assert_output(&out, "early\nlate\n", 0);
	assert_output(&err, "error\n", 0);
	/* more than a pipe holds */
	out.hold_ms = 250000;
	r = spu_capture(SH("(sleep 0.1; head -c 300000 /dev/zero) &"), NULL, NULL, 0, &out, NULL,
			&status, &error);
	ASSERT_OK(r, error);
	ck_assert_uint_eq(out.size, 300000);
	ck_assert_uint_eq(out.flags, 0);
	free(out.data);
}
END_TEST

START_TEST(a_grandchild_is_waited_for_so_long_and_no_longer)
{
	struct spu_output out = {.hold_ms = 30};
	struct spu_error error;
	int status, r, i;

	for (i = 0; i < 2; i++) {
		/* the whole time bounds it, too */
		r = spu_capture(SH("sleep 1000 & echo $!"), SPU_OPTIONS(.timeout_ms = i ? 1500 : 0),
				NULL, 0, &out, NULL, &status, &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(status, 0);
		ck_assert_uint_eq(out.flags, SPU_OUTPUT_HELD);
		ck_assert_int_eq(kill((pid_t)atol(out.data), SIGKILL), 0);
		free(out.data);
		out = (struct spu_output){.hold_ms = 250000};
	}
}
END_TEST

START_TEST(who_writes_too_much_is_ended)
{
	struct spu_output out = {.limit = 5, .flags = SPU_OUTPUT_STOP}, err = {.limit = 3};
	struct spu_error error;
	int status, r;

	r = spu_capture(SPU_ARGV("yes"), NULL, NULL, 0, &out, NULL, &status, &error);
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	ck_assert_str_eq(error.text, "yes wrote more than its limit");
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_output(&out, "y\ny\ny", SPU_OUTPUT_TRUNCATED | SPU_OUTPUT_STOP);
	/* with all that it has started, and by whatever it takes */
	out = (struct spu_output){.limit = 5, .flags = SPU_OUTPUT_STOP};
	r = spu_capture(SH("trap '' TERM; yes & yes & wait"), SPU_OPTIONS(.grace_ms = 20), NULL, 0,
			&out, NULL, &status, &error);
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* who was killed with it may take a moment to be gone */
	out.flags &= ~SPU_OUTPUT_HELD;
	assert_output(&out, "y\ny\ny", SPU_OUTPUT_TRUNCATED | SPU_OUTPUT_STOP);
	/* of what isn't to stop it there may be any */
	out = (struct spu_output){.limit = 5, .flags = SPU_OUTPUT_STOP};
	r = spu_capture(SH("echo 1234567 >&2; echo 1234"), NULL, NULL, 0, &out, &err, &status,
			&error);
	ASSERT_OK(r, error);
	assert_output(&out, "1234\n", SPU_OUTPUT_STOP);
	assert_output(&err, "123", SPU_OUTPUT_TRUNCATED);
}
END_TEST

/*
 * Nobody may be left who holds 3: too much may come while the child runs, with its
 * end, or from what it leaves behind.
 */
START_TEST(what_is_left_when_too_much_was_written_is_ended)
{
	static const char *const scripts[] = {
		"sleep 1000 >&- & echo 1234567",
		"sleep 1000 & echo 1234567",
		"(sleep 0.3; echo 1234567; exec sleep 1000) & exit 0",
	};
	struct spu_output out = {.limit = 5, .flags = SPU_OUTPUT_STOP, .hold_ms = 60000};
	struct spu_error error;
	int ends[2], status, r;
	char c;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	r = spu_capture(SH(scripts[_i]), SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(3, ends[1]))), NULL, 0,
			&out, NULL, &status, &error);
	ck_assert_int_eq(r, -ENOBUFS);
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &c, 1), 0);
	close(ends[0]);
	ck_assert_str_eq(out.data, "12345");
	free(out.data);
}
END_TEST

/* However soon it ends by itself, and once more with the same struct. */
START_TEST(too_much_is_too_much_at_the_end_too)
{
	struct spu_output out = {.limit = 4, .flags = SPU_OUTPUT_STOP};
	struct spu_error error;
	int status, i;

	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(spu_capture(SPU_ARGV("echo", "1234"), NULL, NULL, 0, &out, NULL,
					     &status, &error), -ENOBUFS);
		ck_assert_str_eq(error.text, "echo wrote more than its limit");
		ck_assert_str_eq(out.data, "1234");
		free(out.data);
	}
}
END_TEST

/* wait4 can't look without reaping, and then nobody has asked for what was used */
static int is_waitid_refused(void)
{
	return waitid(P_ALL, 0, NULL, WEXITED | WNOHANG) < 0 && errno != ECHILD;
}

START_TEST(what_was_used_is_told)
{
	struct spu_exit exit = SPU_EXIT_INIT;
	struct spu_output out = {0};
	struct spu_error error;
	int status = 4711, r;

	r = spu_capture(SH("echo x; exit 5"), SPU_OPTIONS(.ret_exit = &exit), NULL, 0, &out, NULL,
			&status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(WEXITSTATUS(status), 5);
	ck_assert_int_eq(exit.status, status);
	ck_assert(exit.usage.ru_maxrss > 0 || is_waitid_refused());
	assert_output(&out, "x\n", 0);
	exit = (struct spu_exit)SPU_EXIT_INIT;
	r = spu_run(SH("exit 6"), SPU_OPTIONS(.ret_exit = &exit, .timeout_ms = 250000), NULL,
		    &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(WEXITSTATUS(exit.status), 6);
	ck_assert(exit.usage.ru_maxrss > 0 || is_waitid_refused());
	r = spu_system_with("kill -9 $$", SPU_OPTIONS(.ret_exit = &exit), &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(WTERMSIG(exit.status), SIGKILL);
	/* one that doesn't end by itself */
	ck_assert_int_eq(spu_run(SPU_ARGV("sleep", "1000"),
				 SPU_OPTIONS(.ret_exit = &exit, .timeout_ms = 1500), &status, NULL),
			 -ETIMEDOUT);
	ck_assert_int_eq(WTERMSIG(exit.status), SIGTERM);
	ck_assert_int_eq(exit.status, status);
	exit.size = 3;
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.ret_exit = &exit), NULL, &error),
			 -EINVAL);
	ck_assert_str_eq(error.text,
			 "ret_exit: no version's struct has that size: use SPU_EXIT_INIT");
}
END_TEST

/*
 * ---- What fails
 */

START_TEST(what_makes_no_sense_is_refused)
{
	size_t open_before = count_open();
	struct spu_output out = {.data = (char *)1}, err = {.reserved_words = {0, 7, 0}};
	const struct {
		const struct spu_fd *fds;
		unsigned flags;
		int index;
		const char *text;
	} cases[] = {
		{SPU_FDS(SPU_NULL(0)), 0, 0, "descriptor 0: given, and input too"},
		{SPU_FDS(SPU_KEEP(3), SPU_MAP(1, 2)), 0, 1, "descriptor 1: given, and captured"},
		{SPU_FDS(SPU_KEEP(1)), 0, 0, "descriptor 1: given, and captured"},
		{SPU_FDS(SPU_PIPE_OUT(3, &(int){0})), 0, -1, "pipe"},
		{SPU_FDS(SPU_CLOSE(-1)), 0, 0, "descriptor -1: negative"},
		{NULL, SPU_DETACH, -1, "detached"},
		{NULL, 1u << 31, -1, "flags"},
	};
	struct spu_error error;
	int status = 4711;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(spu_capture(SPU_ARGV("true"),
					     SPU_OPTIONS(.fds = cases[i].fds,
							 .flags = cases[i].flags),
					     "", 0, &out, NULL, &status, &error),
				 -EINVAL);
		ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
		ck_assert_int_eq(error.index, cases[i].index);
		ck_assert_msg(strstr(error.text, cases[i].text), "%s", error.text);
	}
	ck_assert_int_eq(spu_capture(SPU_ARGV("true"), NULL, "", 0, &out, &err, &status, &error),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "ret_err"));
	err = (struct spu_output){.hold_ms = -1};
	ck_assert_int_eq(spu_capture(SPU_ARGV("true"), NULL, "", 0, &out, &err, &status, &error),
			 -EINVAL);
	ck_assert_str_eq(error.text, "ret_err: hold_ms is negative");
	err = (struct spu_output){.flags = SPU_OUTPUT_STOP};
	ck_assert_int_eq(spu_capture(SPU_ARGV("true"), NULL, "", 0, &out, &err, &status, &error),
			 -EINVAL);
	ck_assert_str_eq(error.text, "ret_err: SPU_OUTPUT_STOP without limit");
	ck_assert_int_eq(spu_capture(SPU_ARGV("/nowhere"), NULL, "", 0, &out, NULL, &status, &error),
			 -ENOENT);
	ck_assert_uint_eq(error.step, step_of_exec());
	ck_assert_ptr_eq(out.data, (char *)1);
	ck_assert_int_eq(status, 4711);
	assert_unchanged(open_before);
}
END_TEST

/* With any number of descriptors free it works, or says that there are too few. */
static void capture_with_few_descriptors(void)
{
	size_t open_before = count_open(), worked = 0;
	struct rlimit limit;
	int lowest = open("/dev/null", O_RDONLY), number;

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &limit);
	/* the numbers up to 2 may be free, and are no use */
	for (number = lowest; number < (lowest < 3 ? 3 : lowest) + 24; number++) {
		struct spu_output out = {0}, err = {0};
		struct spu_error error;
		int status, r;

		limit.rlim_cur = (rlim_t)number;
		setrlimit(RLIMIT_NOFILE, &limit);
		r = spu_capture(SPU_ARGV("cat"), NULL, "in", 2, &out, &err, &status, &error);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		ck_assert_msg(r == 0 || r == -EMFILE, "%d: %s", r, error.text);
		if (r == 0) {
			assert_output(&out, "in", 0);
			assert_output(&err, "", 0);
			worked++;
		} else {
			ck_assert_int_eq(error.index, -1);
			ck_assert_ptr_null(out.data);
		}
		assert_unchanged(open_before);
	}
	ck_assert_uint_gt(worked, 2);
}

static void capture_with_few_and_without_0_to_2(void)
{
	close(0), close(1), close(2);
	capture_with_few_descriptors();
}

START_TEST(few_descriptors)
{
	in_own_process(capture_with_few_descriptors);
	in_own_process(capture_with_few_and_without_0_to_2);
}
END_TEST

static void capture_with_little_memory(void)
{
	size_t open_before = count_open();
	struct spu_output out = {0};
	struct spu_error error;
	struct rlimit limit;
	int status = 4711, r;

	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = (rlim_t)1 << 29;
	setrlimit(RLIMIT_AS, &limit);
	r = spu_capture(SPU_ARGV("yes"), SPU_OPTIONS(.pgroup = SPU_SET(0)), NULL, 0, &out, NULL,
			&status, &error);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_AS, &limit);
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_ptr_null(out.data);
	ck_assert_int_eq(status, 4711);
	assert_unchanged(open_before);
}

START_TEST(no_more_memory)
{
	if (IS_SANITIZED)
		SKIP(SUITE, "sanitizers need more of it");
	in_own_process(capture_with_little_memory);
}
END_TEST

static void capture_with_sigchld_ignored(void)
{
	struct spu_output out = {0};
	struct spu_error error;
	int status = 4711;

	signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(spu_capture(SH("echo out"), NULL, NULL, 0, &out, NULL, &status, &error),
			 -ECHILD);
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	ck_assert_int_eq(status, 4711);
	assert_output(&out, "out\n", 0);
}

START_TEST(where_the_status_is_lost_the_output_is_not)
{
	in_own_process(capture_with_sigchld_ignored);
}
END_TEST

/* As root without CAP_KILL, as a user whose child is a setuid program. */
static void capture_what_may_not_be_ended(void)
{
	size_t open_before = count_open();
	struct spu_output out = {0};
	uint32_t who[2] = {0x20080522, 0}, capabilities[6];
	struct spu_error error;
	int status = 4711;

	ck_assert_int_eq(syscall(SYS_capget, who, capabilities), 0);
	capabilities[0] &= ~(1u << 5);
	ck_assert_int_eq(syscall(SYS_capset, who, capabilities), 0);
	ck_assert_int_eq(spu_capture(SH("while sleep 0.05; do echo here || exit; done"),
				     SPU_OPTIONS(.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS,
						 .timeout_ms = 1000), NULL, 0, &out, NULL,
				     &status, &error), -EPERM);
	ck_assert_uint_eq(error.step, SPU_STEP_WAIT);
	ck_assert_ptr_nonnull(strstr(error.text, " can't be signalled: "));
	/* what it has said so far is the caller's */
	ck_assert_ptr_nonnull(out.data);
	ck_assert_uint_eq(out.flags, SPU_OUTPUT_HELD);
	free(out.data);
	ck_assert_int_eq(status, 4711);
	/* it runs on, until it finds nobody who reads */
	ck_assert_int_eq(waitpid(error.pid, &status, 0), error.pid);
	assert_unchanged(open_before);
}

START_TEST(a_child_that_may_not_be_ended_runs_on)
{
	if (geteuid() != 0)
		SKIP(SUITE, "needs root");
	in_own_process(capture_what_may_not_be_ended);
}
END_TEST

/* What somebody traces is a zombie for him alone until he waits for it or goes. */
START_TEST(what_sigkill_does_not_end_is_let_go)
{
	size_t open_before = count_open();
	struct spu_output out = {0};
	struct spu_error error;
	int status = 4711, tracer, r;

	r = spu_capture(SPU_ARGV(helper("report_evade"), "traced"), SPU_OPTIONS(
				.timeout_ms = 1000, .stop_signal = SIGKILL, .grace_ms = 1),
			NULL, 0, &out, NULL, &status, &error);
	tracer = out.data ? atoi(out.data) : 0;
	free(out.data);
	if (tracer == 0) {
		ck_assert_int_eq(r, -ETIMEDOUT);
		SKIP(SUITE, "no process may be traced here, or it took a second");
	}
	ck_assert_int_eq(r, -EBUSY);
	ck_assert_ptr_nonnull(strstr(error.text, "doesn't end by SIGKILL"));
	ck_assert_int_eq(status, 4711);
	kill(tracer, SIGKILL);
	ck_assert_int_eq(waitpid(error.pid, &status, 0), error.pid);
	ck_assert_int_eq(status, SIGKILL);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_handler_that_reaps_everything_takes_no_status)
{
	static const struct spu_options cases[] = {
		SPU_OPTIONS_INIT,
		{.size = sizeof(cases[0]), .timeout_ms = 60000},
		{.size = sizeof(cases[0]), .flags = SPU_NO_PIDFD | SPU_KEEP_MASK},
	};
	struct sigaction action = {.sa_handler = reap_all, .sa_flags = SA_RESTART};
	struct spu_output out = {0};
	struct spu_error error;
	sigset_t mask;
	int i, status, r;

	sigaction(SIGCHLD, &action, NULL);
	for (i = 0; i < 15; i++) {
		status = -1;
		r = spu_capture(SH("sleep 0.01; echo out; exit 3"), &cases[i % 3], NULL, 0, &out, NULL,
				&status, &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(status, 3 << 8);
		assert_output(&out, "out\n", 0);
	}
	ck_assert_int_eq(spu_capture(SPU_ARGV("/nowhere"), NULL, NULL, 0, &out, NULL, NULL, NULL),
			 -ENOENT);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	ck_assert(!sigismember(&mask, SIGCHLD));
}
END_TEST

static void capture_without_0_to_2(void)
{
	struct spu_output out = {0}, err = {0};
	int status = -1, r;

	close(0), close(1), close(2);
	r = spu_capture(SH("cat; echo err >&2"), NULL, "in", 2, &out, &err, &status, NULL);
	if (r != 0 || status != 0 || strcmp(out.data, "in") != 0 || strcmp(err.data, "err\n") != 0)
		_exit(1);
	free(out.data);
	free(err.data);
	/* not captured is closed there, as here */
	r = spu_capture(SH("[ ! -e /proc/self/fd/1 ] && echo err >&2"), NULL, NULL, 0, NULL, &err,
			&status, NULL);
	if (r != 0 || status != 0 || strcmp(err.data, "err\n") != 0)
		_exit(2);
	free(err.data);
}

START_TEST(without_0_to_2)
{
	in_own_process(capture_without_0_to_2);
}
END_TEST

START_TEST(by_posix_spawn)
{
	struct spu_output out = {0}, err = {0};
	struct spu_error error;
	int status, r;

	r = spu_capture(SH("cat; echo err >&2; exit 3"),
			SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN, .leaks = SPU_LEAKS_ALLOW), "in",
			2, &out, &err, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 3 << 8);
	assert_output(&out, "in", 0);
	assert_output(&err, "err\n", 0);
}
END_TEST

/*
 * ---- Many at once
 */

static atomic_int stop, faults;
static char first_fault[320];

static void fault(const char *what, long number)
{
	if (atomic_fetch_add(&faults, 1) == 0)
		snprintf(first_fault, sizeof(first_fault), "%s: %ld", what, number);
}

/* Found once: helper() is for one thread. */
static char bytes_path[PATH_MAX];

/* Something of each kind; the same bytes go in and come out. */
static void capture_once(unsigned turn)
{
	static const size_t lengths[] = {0, 1, 5000, 70000, 300000};
	size_t size = lengths[turn % 5];
	struct spu_output out = {.limit = turn % 7 == 3 ? 1000 : 0}, err = {0};
	struct spu_error error = {0};
	char *input = malloc(size + 1);
	sigset_t before, after;
	int status = -1, r;
	size_t i;

	for (i = 0; i < size; i++)
		input[i] = (char)byte_at(i);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	if (turn % 4 == 1) {	/* doesn't read all that it is given */
		r = spu_capture(SPU_ARGV("true"), NULL, input, size, &out, NULL, &status, &error);
		size = 0;
	} else {
		r = spu_capture(SPU_ARGV(bytes_path, "echo"),
				SPU_OPTIONS(.timeout_ms = turn % 3 ? 0 : 60000), input, size, &out,
				turn % 2 ? &err : NULL, &status, &error);
	}
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	if (memcmp(&before, &after, 8) != 0)
		fault("another mask", 0);
	if (out.limit && size > out.limit)
		size = out.limit;
	if (r != 0)
		fault(error.text, r);
	else if (status != 0)
		fault("status", status);
	else if (out.size != size || memcmp(out.data, input, size) != 0)
		fault("bytes", (long)out.size);
	free(out.data);
	free(err.data);
	free(input);
}

#define CALLERS 50

/* Of so many. */
static int share(int count)
{
	return count * (int)knob("CAPTURE_PERCENT", IS_SANITIZED ? 25 : 100) / 100;
}

static void *capture_often(void *argument)
{
	unsigned turn = (unsigned)(intptr_t)argument;
	int i;

	for (i = 0; i < share(40); i++)
		capture_once(turn++);
	return NULL;
}

static void *capture_for_ever(void *argument)
{
	unsigned turn = (unsigned)(intptr_t)argument;

	for (;;) {
		struct spu_output out = {0}, err = {0};
		static char input[200000];
		int state;

		if (spu_capture(turn % 2 ? SPU_ARGV("sleep", "1000") : SPU_ARGV("cat"),
				SPU_OPTIONS(.flags = turn % 4 == 1 ? SPU_SETSID : 0), input,
				sizeof(input), &out, &err, NULL, NULL) < 0)
			fault("a call that is to be cancelled", 0);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
		free(out.data);
		free(err.data);
		pthread_setcancelstate(state, NULL);
		turn += 2;
	}
	return NULL;
}

static void cancel_some(int round)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, capture_for_ever, (void *)(intptr_t)i);
	usleep((useconds_t)(500 + round * 379 % 5000));
	for (i = 0; i < 4; i++)
		pthread_cancel(threads[i]);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(a_cancelled_call_leaves_nothing)
{
	size_t open_before = count_open();
	int round;

	if (IS_SANITIZED)
		SKIP(SUITE, "sanitizers don't know cancellation");
	for (round = 0; round < share(40); round++) {
		cancel_some(round);
		ck_assert_uint_eq(count_open(), open_before);
		assert_no_child();
	}
	ck_assert_int_eq(faults, 0);
}
END_TEST

static void *cancel_often(void *argument)
{
	int round;

	(void)argument;
	for (round = 0; !atomic_load(&stop); round++)
		cancel_some(round);
	return NULL;
}

/* Its children hold for a moment whatever end is open just then, and capture themselves. */
static void *fork_often(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop)) {
		int status = -1;
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGALRM, SIG_DFL);
			alarm(patience(60));
			atomic_store(&faults, 0);
			capture_once(2);
			_exit(faults != 0);
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (status != 0)
			fault("a fork child", status);
		usleep(2000);
	}
	return NULL;
}

/* _i: the handler restarts system calls, or doesn't */
START_TEST(fifty_threads_under_a_timer_with_cancellations_and_forks)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = _i ? SA_RESTART : 0};
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	size_t open_before = count_open();
	pthread_t callers[CALLERS], canceller, forker;
	intptr_t i;

	ck_assert_ptr_nonnull(realpath(helper("report_bytes"), bytes_path));
	/* one SIGPIPE would be the end */
	signal(SIGPIPE, SIG_DFL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	stop = IS_SANITIZED;	/* which don't know cancellation, nor threads and fork */
	ck_assert_int_eq(pthread_create(&canceller, NULL, cancel_often, NULL), 0);
	ck_assert_int_eq(pthread_create(&forker, NULL, fork_often, NULL), 0);
	for (i = 0; i < CALLERS; i++)
		ck_assert_int_eq(pthread_create(&callers[i], NULL, capture_often, (void *)i), 0);
	for (i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	stop = 1;
	pthread_join(canceller, NULL);
	pthread_join(forker, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	ck_assert_msg(faults == 0, "%d faults, the first: %s", faults, first_fault);
	ck_assert_int_gt(caught, 0);
	assert_unchanged(open_before);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, settle, NULL);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	suite_add_tcase(suite, tests);
	return tests;
}

static void add_tests_of_time(Suite *suite)
{
	TCase *tests = add_case(suite, "time");

	tcase_add_loop_test(tests, the_group_is_ended_when_its_time_is_over, 0, 7);
	tcase_add_test(tests, a_child_may_speak_in_its_grace);
	tcase_add_loop_test(tests, a_child_that_has_left_its_group_is_ended, 0, 2);
	tcase_add_test(tests, time_passes_while_input_waits);
	tcase_add_test(tests, in_time_nothing_is_ended);
}

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tests = add_case(suite, "bytes");

	tcase_add_test(tests, output_errors_and_status);
	tcase_add_test(tests, both_in_one);
	tcase_add_test(tests, what_is_not_captured_is_inherited);
	tcase_add_test(tests, input_arrives);
	tcase_add_loop_test(tests, much_goes_through, 0, 2);
	tcase_add_test(tests, much_comes_from_both);
	tcase_add_test(tests, the_last_words_are_whole);
	tcase_add_test(tests, a_child_that_closes_its_output_is_waited_for);
	tests = add_case(suite, "limits");
	tcase_add_loop_test(tests, limits_are_exact, 0, SIZES);
	tcase_add_test(tests, beyond_the_limit_nothing_is_kept);
	tests = add_case(suite, "others");
	tcase_add_test(tests, no_sigpipe_reaches_the_caller);
	tcase_add_test(tests, a_grandchild_that_holds_a_pipe_is_not_waited_for);
	tcase_add_test(tests, a_grandchild_that_writes_for_ever_is_not_read_for_ever);
	if (!IS_BY_SERVER)	/* a time makes it a launch without one: by_server.h */
		add_tests_of_time(suite);
	tests = add_case(suite, "failures");
	tcase_add_test(tests, what_a_grandchild_still_says_is_waited_for);
	tcase_add_test(tests, a_grandchild_is_waited_for_so_long_and_no_longer);
	tcase_add_test(tests, who_writes_too_much_is_ended);
	tcase_add_loop_test(tests, what_is_left_when_too_much_was_written_is_ended, 0, 3);
	tcase_add_test(tests, too_much_is_too_much_at_the_end_too);
	tcase_add_test(tests, what_was_used_is_told);
	tcase_add_test(tests, what_makes_no_sense_is_refused);
	tcase_add_test(tests, few_descriptors);
	tcase_add_test(tests, no_more_memory);
	tcase_add_test(tests, where_the_status_is_lost_the_output_is_not);
	tcase_add_test(tests, a_child_that_may_not_be_ended_runs_on);
	tcase_add_test(tests, what_sigkill_does_not_end_is_let_go);
	tcase_add_test(tests, a_handler_that_reaps_everything_takes_no_status);
	tcase_add_test(tests, without_0_to_2);
	tcase_add_test(tests, by_posix_spawn);
	tests = add_case(suite, "many");
	tcase_add_test(tests, a_cancelled_call_leaves_nothing);
	tcase_add_loop_test(tests, fifty_threads_under_a_timer_with_cancellations_and_forks, 0, 2);
	return run_suite(suite);
}
