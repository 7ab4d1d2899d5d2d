/* SPDX-License-Identifier: MIT */
/*
 * spu_popen() and spu_pclose(): which child doesn't hold which stream, who may
 * close one, and that none gets lost between threads. What every popen does is
 * check_conformance.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "helpers/bulk_data.h"
#include "held_up.h"

static FILE *open_stream(const char *command, const char *mode)
{
	FILE *stream = spu_popen(command, mode);

	ck_assert_msg(stream != NULL, "%s: %s", command, strerror(errno));
	return stream;
}

/* A line of what the command says. */
static const char *line_of(const char *command)
{
	static char line[256];
	FILE *stream = open_stream(command, "r");

	if (!fgets(line, sizeof(line), stream))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	ck_assert_int_eq(spu_pclose(stream), 0);
	return line;
}

/* Says which of these numbers its shell has. */
static const char *held_of(int first, int second)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "for n in %d %d; do [ ! -e /proc/$$/fd/$n ] || printf \"$n \"; done; echo", first,
		 second);
	return line_of(command);
}

/* Whatever the runner has closed: what is opened from here on is 3 or above. */
static void fill_standard_numbers(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 3)
		ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(what_is_no_command_or_mode)
{
	static const char *const modes[] = {NULL, "", "e", "rw", "wr", "r+", "rb", "w ", "R"};
	size_t i, open_before = count_open();

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		errno = 0;
		ck_assert_ptr_null(spu_popen("exit 0", modes[i]));
		ck_assert_int_eq(errno, EINVAL);
	}
	errno = 0;
	ck_assert_ptr_null(spu_popen(NULL, "r"));
	ck_assert_int_eq(errno, EINVAL);
	assert_unchanged(open_before);
}
END_TEST

/* Its pidfd isn't kept: a program that has as many as it may open can go on as with libc. */
START_TEST(a_stream_costs_one_descriptor)
{
	size_t open_before = count_open();
	FILE *stream = open_stream("read x", "w");

	ck_assert_uint_eq(count_open(), open_before + 1);
	ck_assert_int_eq(spu_pclose(stream), 1 << 8);
	assert_unchanged(open_before);
}
END_TEST

static void try_closed(void)
{
	FILE *stream;

	close(0), close(1), close(2);
	stream = spu_popen("exit 3", "r");
	if (!stream || fileno(stream) < 3 || spu_pclose(stream) != 3 << 8)
		_exit(1);
	if (fcntl(0, F_GETFD) >= 0 || fcntl(1, F_GETFD) >= 0 || fcntl(2, F_GETFD) >= 0)
		_exit(2);
}

START_TEST(standard_numbers_stay_free)
{
	in_own_process(try_closed);
}
END_TEST

START_TEST(a_child_has_what_is_inherited_but_no_stream)
{
	FILE *streams[3];
	int i;

	if (access("/proc/self/fd", R_OK) != 0)
		SKIP("check_popen", "no /proc");
	fill_standard_numbers();
	ck_assert_int_eq(dup2(0, 9), 9);
	for (i = 0; i < 3; i++)
		streams[i] = open_stream("read x", i == 1 ? "we" : "w");
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(held_of(fileno(streams[i]), 9), "9 ");
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(spu_pclose(streams[i]), 1 << 8);
	close(9);
}
END_TEST

/*
 * ---- Whoever closes it
 */

START_TEST(a_stream_is_as_libcs_in_all_that_can_be_asked)
{
	static const struct {
		const char *command, *mode;
	} streams[] = {{"echo hello; exit 3", "re"}, {"cat >/dev/null; exit 3", "we"}};
	int i;

	for (i = 0; i < 2; i++) {
		FILE *ours = open_stream(streams[i].command, streams[i].mode);
		FILE *theirs = popen(streams[i].command, streams[i].mode);

		ck_assert_ptr_nonnull(theirs);
		ck_assert_int_eq(fwide(ours, 0), fwide(theirs, 0));
		ck_assert_int_eq(fseek(ours, 0, SEEK_CUR), fseek(theirs, 0, SEEK_CUR));
		errno = 0;
		ck_assert_int_eq(ftell(ours), -1);
		ck_assert_int_eq(errno, ESPIPE);
		ck_assert_int_eq(__freading(ours), __freading(theirs));
		ck_assert_int_eq(__freadable(ours), __freadable(theirs));
		ck_assert_int_eq(__fwritable(ours), __fwritable(theirs));
		ck_assert_int_eq(fflush(ours), fflush(theirs));
		ck_assert_int_eq(getc(ours), getc(theirs));
		ck_assert_int_eq(putc('x', ours), putc('x', theirs));
		ck_assert_uint_eq(__fbufsize(ours), __fbufsize(theirs));
		ck_assert_int_eq(ferror(ours), ferror(theirs));
		ck_assert_int_eq(feof(ours), feof(theirs));
		ck_assert_int_eq(spu_pclose(ours), pclose(theirs));
	}
}
END_TEST

START_TEST(whoever_closes_it_waits_for_the_shell)
{
	int (*const closers[])(FILE *stream) = {fclose, pclose, spu_pclose};
	size_t open_before = count_open(), i;

	/* on musl a stream can't do that by itself: fclose() and its pclose() know nothing of it */
	for (i = IS_GLIBC ? 0 : 2; i < sizeof(closers) / sizeof(closers[0]); i++) {
		ck_assert_int_eq(closers[i](open_stream("exec >&-; sleep 0.05; exit 3", "r")), 3 << 8);
		ck_assert_int_eq(closers[i](open_stream("read x; exit 4", "we")), 4 << 8);
		assert_unchanged(open_before);
	}
}
END_TEST

START_TEST(a_stream_of_libc_is_closed_as_libc_closes_it)
{
	size_t open_before = count_open();

	ck_assert_int_eq(spu_pclose(popen("exit 7", "r")), 7 << 8);
	ck_assert_int_eq(spu_pclose(popen("read x; exit 8", "w")), 8 << 8);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(its_number_may_be_another_files_meanwhile)
{
	size_t open_before = count_open();
	FILE *stream = open_stream("read x; exit 3", "w");
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), saved;

	ck_assert_int_eq(dup2(null, fileno(stream)), fileno(stream));
	ck_assert_int_eq(spu_pclose(stream), 3 << 8);
	close(null);
	stream = open_stream("read x; exit 4", "w");
	saved = dup(fileno(stream));
	close(fileno(stream));
	ck_assert_int_eq(dup2(saved, fileno(stream)), fileno(stream));
	close(saved);
	ck_assert_int_eq(spu_pclose(stream), 4 << 8);
	assert_unchanged(open_before);
	stream = open_stream("read x; exit 5", "w");
	close(fileno(stream));
	/* which may get the number */
	ck_assert_int_eq(spu_pclose(open_stream("exit 6", "r")), 6 << 8);
	errno = 0;
	if (IS_GLIBC) {
		ck_assert_int_eq(spu_pclose(stream), -1);
		ck_assert_int_eq(errno, EBADF);
		ck_assert_int_gt(wait(NULL), 0);
	} else {
		ck_assert_int_eq(spu_pclose(stream), 5 << 8);
	}
	assert_unchanged(open_before);
}
END_TEST

/* The number comes back, and is nobody's to close. */
START_TEST(a_number_that_was_closed_is_not_closed_in_children)
{
	FILE *stream;
	int number;

	if (access("/proc/self/fd", R_OK) != 0)
		SKIP("check_popen", "no /proc");
	fill_standard_numbers();
	stream = open_stream("exit 3", "r");
	number = fileno(stream);
	ck_assert_int_eq(fclose(stream), IS_GLIBC ? 3 << 8 : 0);
	ck_assert_int_eq(dup2(0, number), number);
	ck_assert_int_eq(atoi(held_of(number, number)), number);
	close(number);
}
END_TEST

static FILE *inherited;

static void use_in_fork_child(void)
{
	FILE *second;
	char line[8] = "";

	/* a shell of this child's doesn't hold it either */
	second = open_stream("echo ready; cat", "r");
	if (!fgets(line, sizeof(line), second))
		_exit(1);
	errno = 0;
	if (spu_pclose(inherited) != -1 || errno != ECHILD)
		_exit(2);
	if (spu_pclose(open_stream("exit 4", "r")) != 4 << 8)
		_exit(3);
	/* until its parent has seen what comes of that */
	if (getc(second) != EOF || spu_pclose(second) != 0)
		_exit(4);
}

START_TEST(a_fork_child_has_its_parents_streams_as_libcs_has_them)
{
	size_t open_before = count_open();
	int gate[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 20);
	pid_t child;
	int status;

	/* what the shell of the fork child reads, until the parent lets it go */
	ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
	dup2(gate[0], 0);
	inherited = open_stream("read x; exit 6", "w");
	child = fork();
	if (child == 0) {
		close(gate[1]);
		use_in_fork_child();
		_exit(0);
	}
	close(gate[0]);
	/* ends when nobody holds it, in the child or in the child's shell */
	ck_assert_int_eq(spu_pclose(inherited), 6 << 8);
	close(gate[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	dup2(saved >= 0 ? saved : null, 0);
	close(saved), close(null);
	assert_unchanged(open_before);
}
END_TEST

/* Which has its parent's memory. */
START_TEST(a_vfork_child_may_close_files)
{
	FILE *stream = open_stream("read x; exit 3", "w"), *file = fopen("/dev/null", "re");
	pid_t child;

	ck_assert_ptr_nonnull(file);
	child = vfork();
	if (child == 0) {
		fclose(file);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(spu_pclose(stream), 3 << 8);
	assert_no_child();
}
END_TEST

/* More than a pipe takes, and to a shell that doesn't read yet: fclose() has to wait. */
static void *close_slowly(void *stream)
{
	return (void *)(intptr_t)spu_pclose(stream);
}

START_TEST(a_stream_that_is_being_closed_is_not_held)
{
	static char buffer[1 << 20];
	char command[64];
	int gate[2], waiting = 0, size, fd;
	FILE *stream;
	pthread_t closer;
	void *status;

	fill_standard_numbers();
	ck_assert_int_eq(pipe(gate), 0);
	snprintf(command, sizeof(command), "read x <&%d; exec cat >/dev/null", gate[0]);
	stream = open_stream(command, "w");
	fd = fileno(stream);
	size = fcntl(fd, F_GETPIPE_SZ);
	ck_assert_int_eq(setvbuf(stream, buffer, _IOFBF, sizeof(buffer)), 0);
	while (waiting++ < 2 * size)
		ck_assert_int_ne(putc('x', stream), EOF);
	ck_assert_int_eq(pthread_create(&closer, NULL, close_slowly, stream), 0);
	do
		ck_assert_int_eq(ioctl(fd, FIONREAD, &waiting), 0);
	while (waiting < size);
	ck_assert_str_eq(held_of(fd, fd), "");
	ck_assert_int_eq(write(gate[1], "\n", 1), 1);
	pthread_join(closer, &status);
	ck_assert_int_eq((int)(intptr_t)status, 0);
	close(gate[0]);
	close(gate[1]);
}
END_TEST

/*
 * ---- Cancellation: not here
 */

static atomic_int status_of_cancelled;

static void *close_while_cancelled(void *argument)
{
	FILE *stream;

	(void)argument;
	pthread_cancel(pthread_self());
	stream = spu_popen("sleep 0.1; exit 3", "w");
	atomic_store(&status_of_cancelled, stream ? spu_pclose(stream) : -1);
	pthread_testcancel();
	return NULL;
}

START_TEST(a_cancelled_thread_loses_no_child)
{
	size_t open_before = count_open();
	pthread_t thread;
	void *result;

	ck_assert_int_eq(pthread_create(&thread, NULL, close_while_cancelled, NULL), 0);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	ck_assert_int_eq(status_of_cancelled, 3 << 8);
	assert_unchanged(open_before);
}
END_TEST

/*
 * ---- Threads
 */

#define AT_ONCE 8

struct racer {
	pthread_barrier_t *start;
	FILE *stream;
	const char *mode;
};

static void *open_at_once(void *argument)
{
	struct racer *racer = argument;

	pthread_barrier_wait(racer->start);
	racer->stream = spu_popen("read x; exit 7", racer->mode);
	return NULL;
}

/* If a child held another's stream, pclose of that would wait for a stream that is closed later. */
START_TEST(no_child_holds_a_stream_that_was_opened_at_the_same_moment)
{
	long round, rounds = knob("POPEN_ROUNDS", 60);
	pthread_t threads[AT_ONCE];
	struct racer racers[AT_ONCE];
	pthread_barrier_t start;
	int i;

	pthread_barrier_init(&start, NULL, AT_ONCE);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < AT_ONCE; i++) {
			racers[i] = (struct racer){&start, NULL, i % 3 ? "w" : "we"};
			ck_assert_int_eq(pthread_create(&threads[i], NULL, open_at_once,
							&racers[i]), 0);
		}
		for (i = 0; i < AT_ONCE; i++)
			pthread_join(threads[i], NULL);
		for (i = 0; i < AT_ONCE; i++) {
			ck_assert_ptr_nonnull(racers[i].stream);
			ck_assert_int_eq(spu_pclose(racers[i].stream), 7 << 8);
		}
	}
	pthread_barrier_destroy(&start);
	assert_no_child();
}
END_TEST

static atomic_int stop, launched;

static void *launch_meanwhile(void *argument)
{
	int status;

	(void)argument;
	while (!atomic_load(&stop)) {
		ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, &status, NULL), 0);
		ck_assert_int_eq(spu_system("exit 3"), 3 << 8);
		atomic_fetch_add(&launched, 1);
	}
	return NULL;
}

static void beside_launches(void (*work)(void))
{
	pthread_t threads[2];
	int i;

	atomic_store(&stop, 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, launch_meanwhile, NULL), 0);
	work();
	atomic_store(&stop, 1);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_gt(atomic_load(&launched), 0);
}

#define OPEN_AT_ONCE 100

static void open_and_close_often(void)
{
	long pairs = knob("POPEN_PAIRS", IS_SANITIZED ? 200 : 600), i;
	FILE *streams[OPEN_AT_ONCE] = {NULL};
	char command[48];

	for (i = 0; i < pairs + OPEN_AT_ONCE; i++) {
		long slot = i % OPEN_AT_ONCE;

		if (i >= OPEN_AT_ONCE)
			ck_assert_int_eq(spu_pclose(streams[slot]),
					 (int)((i - OPEN_AT_ONCE) % 200 + 1) << 8);
		if (i >= pairs)
			continue;
		snprintf(command, sizeof(command), "%s exit %ld", i % 2 ? "read x;" : "trap '' PIPE; echo x;",
			 i % 200 + 1);
		streams[slot] = open_stream(command, i % 2 ? "w" : "r");
	}
}

START_TEST(a_hundred_at_once_beside_launches)
{
	size_t open_before = count_open();

	beside_launches(open_and_close_often);
	assert_unchanged(open_before);
}
END_TEST

static void carry(void)
{
	static unsigned char expected[BULK_CHUNK], got[BULK_CHUNK];
	long size = knob("POPEN_MEGABYTES", IS_SANITIZED ? 8 : 64) << 20, done;
	char command[PATH_MAX + 32];
	struct bulk in = BULK_INIT, out = BULK_INIT;
	FILE *reader, *writer;

	snprintf(command, sizeof(command), "exec %s write %ld", helper("bulk_data"), size);
	reader = open_stream(command, "r");
	snprintf(command, sizeof(command), "exec %s check %ld", helper("bulk_data"), size);
	writer = open_stream(command, "w");
	for (done = 0; done < size; done += BULK_CHUNK) {
		fill_bulk(&in, expected);
		ck_assert_uint_eq(fread(got, 1, BULK_CHUNK, reader), BULK_CHUNK);
		ck_assert_int_eq(memcmp(got, expected, BULK_CHUNK), 0);
		fill_bulk(&out, expected);
		ck_assert_uint_eq(fwrite(expected, 1, BULK_CHUNK, writer), BULK_CHUNK);
	}
	ck_assert_int_eq(getc(reader), EOF);
	ck_assert_int_eq(spu_pclose(reader), 0);
	ck_assert_int_eq(spu_pclose(writer), 0);
}

START_TEST(much_data_both_ways_beside_launches)
{
	beside_launches(carry);
}
END_TEST

static FILE *open_with(const char *command, const char *mode, const struct spu_options *options)
{
	struct spu_error error;
	FILE *stream = NULL;
	int r = spu_popen_with(&stream, command, mode, options, &error);

	ASSERT_OK(r, error);
	return stream;
}

static void assert_says(const char *expected, const char *command,
			const struct spu_options *options)
{
	FILE *stream = open_with(command, "re", options);
	char line[PATH_MAX] = "";

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), stream));
	line[strcspn(line, "\n")] = '\0';
	ck_assert_str_eq(line, expected);
	ck_assert_int_eq(spu_pclose(stream), 0);
}

/* What a launch has, a stream's command has */
START_TEST(options_hold_for_a_streams_command)
{
	/* by the shell itself: it gives its children a mask of their own */
	static const char blocked[] = "while read key value; do [ $key != SigBlk: ] || "
				      "echo $value; done </proc/$$/status";
	struct spu_server *server;
	sigset_t set, before;
	int pipe_end = -1;
	char byte = 0;
	FILE *stream;

	if (access("/proc/self/status", R_OK) < 0)
		SKIP("check_popen", "no /proc");
	/* a server begins where its caller is */
	ck_assert_int_eq(chdir("/"), 0);
	server = start_server(0);
	fill_standard_numbers();
	assert_says("/usr", "pwd", SPU_OPTIONS(.cwd = "/usr"));
	assert_says("0027", "umask", SPU_OPTIONS(.umask = SPU_SET(027)));
	assert_says("one", "echo $WORD", SPU_OPTIONS(.env_set = SPU_LIST("WORD=one")));
	assert_says("/usr", "pwd", SPU_OPTIONS(.cwd = "/usr", .server = server));
	spu_server_stop(server);
	assert_says("-c -- nothing", "nothing", SPU_OPTIONS(.file = "/bin/echo"));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	assert_says("0000000000000200", blocked, SPU_OPTIONS(.flags = SPU_KEEP_MASK));
	assert_says("0000000000000000", blocked, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	stream = open_with("cat; echo x >&5", "w",
			   SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(1), SPU_PIPE_OUT(5, &pipe_end))));
	ck_assert_int_eq(spu_pclose(stream), 0);
	ck_assert_int_eq(read(pipe_end, &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	close(pipe_end);
}
END_TEST

/* Of the caller's only what is given; what stands at a stream's number is what is given there */
START_TEST(a_streams_command_has_what_it_is_given_alone)
{
	FILE *other;
	char expected[40], command[100];
	int number;

	if (access("/proc/self/fd", R_OK) < 0)
		SKIP("check_popen", "no /proc");
	fill_standard_numbers();
	other = open_stream("cat >/dev/null", "w");
	number = fileno(other);
	ck_assert_int_eq(dup2(1, 40), 40);
	snprintf(command, sizeof(command),
		 "for n in %d 40 41; do [ ! -e /proc/$$/fd/$n ] || printf \"$n \"; done; echo .", number);
	assert_says(".", command, NULL);
	assert_says("40 41 .", command,
		    SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW, .fds = SPU_FDS(SPU_NULL(41))));
	snprintf(expected, sizeof(expected), "%d 40 .", number);
	assert_says(expected, command,
		    SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW, .fds = SPU_FDS(SPU_NULL(number))));
	ck_assert_int_eq(spu_pclose(other), 0);
	close(40);
}
END_TEST

START_TEST(a_stream_is_no_leak_of_another_ones_command)
{
	struct spu_error error;
	FILE *other, *stream;
	int number;

	close_strays();
	other = open_stream("cat >/dev/null", "w");
	ck_assert_int_eq(fcntl(fileno(other), F_GETFD), 0);
	assert_says("one", "echo one", SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL));
	number = fcntl(fileno(other), F_DUPFD, 100);
	ck_assert_int_eq(spu_popen_with(&stream, ":", "r", SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL),
					&error), -EBADFD);
	ck_assert_uint_eq(error.step, SPU_STEP_AUDIT);
	ck_assert_int_eq(error.index, number);
	close(number);
	ck_assert_int_eq(spu_pclose(other), 0);
	assert_no_child();
}
END_TEST

/* It is the child's own, whether the caller has one there or not. */
START_TEST(standard_error_may_go_where_the_stream_reads)
{
	struct spu_error error;
	char line[16] = "";
	FILE *stream;
	int r;

	close(STDOUT_FILENO);
	r = spu_popen_with(&stream, "echo said >&2", "r",
			   SPU_OPTIONS(.fds = SPU_FDS(SPU_SAME(2, 1))), &error);
	ASSERT_OK(r, error);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), stream));
	ck_assert_str_eq(line, "said\n");
	ck_assert_int_eq(spu_pclose(stream), 0);
}
END_TEST

/* It doesn't launch without /proc, nor for each user; and it is waited for by waitid. */
static const char *why_no_server(struct spu_server *server)
{
	static struct spu_error error;
	siginfo_t info;

	if (spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error) < 0)
		return error.text;
	if (waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG) < 0 && errno != ECHILD)
		return "waitid is refused";
	return NULL;
}

static struct spu_server *stopped_server;
static atomic_int is_opening, has_handled, result_of_opening;

static void note_signal(int number)
{
	(void)number;
	atomic_store(&has_handled, 1);
}

static void *open_by_stopped_server(void *argument)
{
	FILE *stream = NULL;

	(void)argument;
	atomic_store(&is_opening, 1);
	atomic_store(&result_of_opening,
		     spu_popen_with(&stream, "exit 4", "r", SPU_OPTIONS(.server = stopped_server),
				    NULL));
	return stream;
}

/* Until the server goes on, handlers run, and others open streams. */
START_TEST(a_stream_that_waits_for_its_server_holds_nobody_up)
{
	struct sigaction action = {.sa_handler = note_signal};
	pthread_t thread;
	void *stream;

	stopped_server = start_server(0);
	if (why_no_server(stopped_server))
		SKIP("check_popen", "no server: %s", why_no_server(stopped_server));
	stop_server(stopped_server);
	sigaction(SIGUSR1, &action, NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, open_by_stopped_server, NULL), 0);
	while (!atomic_load(&is_opening))
		usleep(1000);
	usleep(100000);		/* most likely it waits by now */
	ck_assert_int_eq(spu_pclose(open_stream("exit 3", "r")), 3 << 8);
	pthread_kill(thread, SIGUSR1);
	while (!atomic_load(&has_handled))
		usleep(1000);
	ck_assert_int_eq(kill(stopped_server->process.pid, SIGCONT), 0);
	pthread_join(thread, &stream);
	ck_assert_int_eq(atomic_load(&result_of_opening), 0);
	ck_assert_int_eq(spu_pclose(stream), 4 << 8);
	spu_server_stop(stopped_server);
}
END_TEST

START_TEST(a_stream_that_fails_says_why)
{
	static const struct {
		const char *command, *mode;
		struct spu_options options;
		int r;
		const char *text;
	} calls[] = {
		{NULL, "r", SPU_OPTIONS_INIT, -EINVAL, "command is NULL"},
		{":", "x", SPU_OPTIONS_INIT, -EINVAL, "mode is neither"},
		{":", "r", {.size = sizeof(struct spu_options), .flags = SPU_DETACH}, -EINVAL,
		 "a detached child"},
		{":", "r", {.size = sizeof(struct spu_options), .grace_ms = 5}, -EINVAL, "grace_ms"},
		{":", "r", {.size = sizeof(struct spu_options), .cwd = "/no/where"}, -ENOENT,
		 "chdir /no/where"},
		{":", "r", {.size = sizeof(struct spu_options), .file = "/no/shell"}, -ENOENT,
		 "exec /no/shell"},
	};
	size_t i, open_before = count_open();
	FILE *stream = NULL;

	if (posix_spawn_lies())
		SKIP("check_popen", LIES_HERE);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct spu_error error = {.err = 0};

		errno = 99;
		ck_assert_int_eq(spu_popen_with(&stream, calls[i].command, calls[i].mode,
						&calls[i].options, &error), calls[i].r);
		ck_assert_int_eq(errno, 99);
		ck_assert_int_eq(error.err, -calls[i].r);
		ck_assert_msg(strstr(error.text, calls[i].text) != NULL ||
			      (is_by_libc() && error.step == SPU_STEP_POSIX_SPAWN), "%s",
			      error.text);
		ck_assert_ptr_null(stream);
	}
	ck_assert_int_eq(spu_popen_with(&stream, ":", "r", SPU_OPTIONS(
			.fds = SPU_FDS(SPU_NULL(1))), NULL), -EINVAL);
	ck_assert_uint_eq(count_open(), open_before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* Places are the caller's, though the stream's end is among what its command is given. */
START_TEST(an_entry_that_fails_is_told_by_its_place)
{
	struct spu_server *server = start_server(0);
	const struct {
		struct spu_options options;
		unsigned step;
	} calls[] = {
		{{.size = sizeof(struct spu_options), .fds = SPU_FDS(SPU_NULL(0),
			SPU_NULL(5), SPU_NULL(5))}, SPU_STEP_OPTIONS},
		{{.size = sizeof(struct spu_options), .fds = SPU_FDS(SPU_NULL(0), SPU_NULL(5),
			SPU_SAME(6, 7))}, SPU_STEP_OPTIONS},
		{{.size = sizeof(struct spu_options), .fds = SPU_FDS(SPU_NULL(0), SPU_NULL(5),
			SPU_KEEP(150))}, SPU_STEP_MOVE},
		{{.size = sizeof(struct spu_options), .fds = SPU_FDS(SPU_NULL(0), SPU_NULL(5),
			SPU_OPEN(6, "/no/where", O_RDONLY))}, SPU_STEP_OPEN},
		{{.size = sizeof(struct spu_options), .server = server, .fds = SPU_FDS(SPU_NULL(0),
			SPU_NULL(5), SPU_OPEN(6, "/no/where", O_RDONLY))}, SPU_STEP_OPEN},
	};
	struct spu_error error;
	FILE *stream;
	size_t i;

	if (posix_spawn_lies())
		SKIP("check_popen", LIES_HERE);
	if (why_no_server(server))
		SKIP("check_popen", "no server: %s", why_no_server(server));
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ck_assert_int_lt(spu_popen_with(&stream, ":", "r", &calls[i].options, &error), 0);
		if (is_by_libc() && error.step == SPU_STEP_POSIX_SPAWN)
			continue;
		ck_assert_uint_eq(error.step, calls[i].step);
		ck_assert_int_eq(error.index, 2);
	}
	spu_server_stop(server);
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
	Suite *suite = suite_create("popen");

	ADD(what_is_no_command_or_mode);
	ADD(a_stream_costs_one_descriptor);
	ADD(standard_numbers_stay_free);
	ADD(a_child_has_what_is_inherited_but_no_stream);
	ADD(a_stream_is_as_libcs_in_all_that_can_be_asked);
	ADD(whoever_closes_it_waits_for_the_shell);
	ADD(a_stream_of_libc_is_closed_as_libc_closes_it);
	ADD(its_number_may_be_another_files_meanwhile);
	ADD(a_number_that_was_closed_is_not_closed_in_children);
	ADD(a_fork_child_has_its_parents_streams_as_libcs_has_them);
	ADD(a_vfork_child_may_close_files);
	ADD(a_stream_that_is_being_closed_is_not_held);
	ADD(a_cancelled_thread_loses_no_child);
	ADD(options_hold_for_a_streams_command);
	ADD(a_streams_command_has_what_it_is_given_alone);
	ADD(a_stream_is_no_leak_of_another_ones_command);
	ADD(standard_error_may_go_where_the_stream_reads);
	ADD(a_stream_that_waits_for_its_server_holds_nobody_up);
	ADD(a_stream_that_fails_says_why);
	ADD(an_entry_that_fails_is_told_by_its_place);
	ADD(no_child_holds_a_stream_that_was_opened_at_the_same_moment);
	ADD(a_hundred_at_once_beside_launches);
	ADD(much_data_both_ways_beside_launches);
	return run_suite(suite);
}
