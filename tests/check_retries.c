/* SPDX-License-Identifier: MIT */
/* What a launch that takes two attempts doesn't do twice. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>

#include "filters.h"
#include "gate.h"
#include "launches.h"

#define SUITE "retries"

enum reason {
	BUSY,		/* the program is open for writing */
	STOPPED,	/* ^Z is pending */
	REFUSED,	/* what a shared table needs isn't to be had */
	REASONS
};

static enum reason reason;
static char made[PATH_MAX + 16], linked[PATH_MAX + 16], emptied[PATH_MAX + 16];
static char fifo[PATH_MAX + 16];
static int busy;	/* the descriptor that makes the program so */

/*
 * Comes up while the first attempt is under way, and lets a later one succeed: but not
 * what has opened everything before there was something between.
 */
static void *intervene(void *between)
{
	struct stat st;
	int fd;

	/* opened in the order of their numbers: this is the last */
	while (stat(emptied, &st) < 0 || st.st_size > 0)
		usleep(1000);
	if (between)
		((void (*)(void))between)();
	fd = open(emptied, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "between", 7) != 7 || close(fd) < 0)
		abort();
	if (reason == STOPPED) {
		kill(await_child_at_gate(getpid()), SIGTSTP);
		open_gate();
	} else if (!between) {
		close(busy);
	}
	return NULL;
}

/* One writer, one opening, one line. */
static void write_once(void)
{
	int fd;

	if (fork() > 0)
		return;
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	_exit(fd < 0 || write(fd, "once", 4) != 4);
}

static void prepare(void)
{
	char command[3 * PATH_MAX];

	snprintf(made, sizeof(made), "%s", in_scratch("made"));
	snprintf(linked, sizeof(linked), "%s", in_scratch("linked"));
	snprintf(emptied, sizeof(emptied), "%s", in_scratch("emptied"));
	snprintf(fifo, sizeof(fifo), "%s", in_scratch("fifo"));
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	make_gate();
	snprintf(command, sizeof(command), "cp /bin/cat '%s'", in_scratch("cat"));
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(exit_of(SPU_ARGV("true"), NULL), 0);	/* the table is shared now */
	signal(SIGTSTP, SIG_DFL);
	alarm(patience(60));
}

/*
 * Once more where the program was busy for all of the time that a launch waits:
 * others need the processor, too.
 */
static int launch(struct spu_child *child, const struct spu_fd *fds, void (*between)(void),
		  struct spu_error *error)
{
	pthread_t thread;
	int tries = 0, r;

	do {
		unlink(made);
		write_file("emptied", "old", 0600);
		if (fds[0].path == fifo)
			write_once();
		if (reason == BUSY)
			busy = open(in_scratch("cat"), O_WRONLY | O_CLOEXEC);
		if (reason != REFUSED)
			pthread_create(&thread, NULL, intervene, (void *)between);
		r = spu_spawn(child, SPU_ARGV(in_scratch("cat")),
			      SPU_OPTIONS(.cwd = scratch(), .fds = fds), error);
		if (reason != REFUSED)
			pthread_join(thread, NULL);
		if (between)
			close(busy);
	} while (r == -ETXTBSY && ++tries < 50);
	return r;
}

static const char *wait_for(struct spu_child *child, int out)
{
	const char *said = read_all(out);
	int status;

	ck_assert_int_eq(spu_wait(child, -1, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(child);
	return said;
}

static void launch_in_two_attempts(void)
{
	struct spu_child child;
	struct spu_error error;
	int out, r;

	prepare();
	if (reason == REFUSED)
		filter_call(SYS_close_range, ANSWER(ENOSYS));
	r = launch(&child, SPU_FDS(SPU_OPEN(0, fifo, O_RDONLY), SPU_PIPE_OUT(1, &out),
				   SPU_OPEN(5, made, O_WRONLY | O_CREAT | O_EXCL),
				   SPU_OPEN(6, emptied, O_WRONLY | O_TRUNC),
				   SPU_OPEN(7, reason == STOPPED ? GATE : "/dev/null", O_RDONLY)),
		   NULL, &error);
	ASSERT_OK(r, error);
	ck_assert_str_eq(wait_for(&child, out), "once");
	ck_assert_int_eq(access(made, F_OK), 0);
	ck_assert_str_eq(read_all(open(emptied, O_RDONLY)), reason == REFUSED ? "" : "between");
}

START_TEST(what_is_opened_made_or_emptied_is_not_again)
{
	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	reason = (enum reason)_i;
	in_own_process(launch_in_two_attempts);
}
END_TEST

/* The first attempt's session has had it; its end lets it go. */
static void launch_on_a_terminal_in_two_attempts(void)
{
	struct spu_child child;
	struct spu_error error;
	int terminal, out, r;

	prepare();
	r = launch(&child, SPU_FDS(SPU_PTY(0, &terminal), SPU_PIPE_OUT(1, &out),
				   SPU_OPEN(6, emptied, O_WRONLY | O_TRUNC),
				   SPU_OPEN(7, reason == STOPPED ? GATE : "/dev/null", O_RDONLY)),
		   NULL, &error);
	ASSERT_OK(r, error);
	ck_assert_str_eq(read_all(open(emptied, O_RDONLY)), "between");
	ck_assert_int_eq(tcgetsid(terminal), child.pid);
	ck_assert_int_eq(tcgetpgrp(terminal), child.pid);
	ck_assert_int_eq(write(terminal, "line\n\4", 6), 6);
	ck_assert_str_eq(wait_for(&child, out), "line\n");
	close(terminal);
}

START_TEST(a_terminal_is_made_once)
{
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	if (access("/dev/ptmx", R_OK | W_OK) < 0)
		SKIP(SUITE, "no pseudo-terminals here");
	reason = _i ? STOPPED : BUSY;
	in_own_process(launch_on_a_terminal_in_two_attempts);
}
END_TEST

/* At once: an attempt that finds nothing there makes it. */
static void put_a_link_there(void)
{
	if (symlink("victim", linked) < 0 || rename(linked, made) < 0)
		abort();
}

static void meet_a_link(void)
{
	struct spu_child child;
	struct spu_error error;
	int r;

	prepare();
	write_file("victim", "untouched", 0600);
	r = launch(&child, SPU_FDS(SPU_NULL(0),
				   SPU_OPEN(1, made, O_WRONLY | O_CREAT | O_EXCL | O_TRUNC),
				   SPU_OPEN(6, emptied, O_WRONLY | O_TRUNC)),
		   put_a_link_there, &error);
	ck_assert_int_eq(r, -ELOOP);
	ck_assert_uint_eq(error.step, SPU_STEP_OPEN);
	ck_assert_int_eq(error.index, 1);
	ck_assert_str_eq(read_all(open(in_scratch("victim"), O_RDONLY)), "untouched");
}

/* What was made is opened again as it is, but it must be that. */
START_TEST(a_link_in_the_place_of_what_was_made_is_not_followed)
{
	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	reason = BUSY;
	in_own_process(meet_a_link);
}
END_TEST

static void fail_behind_what_was_made(void)
{
	prepare();
	/* the number is taken, says a filter; a table that isn't shared might have one */
	filter_argument(SYS_openat, 2, O_PATH | O_NOATIME, O_PATH | O_NOATIME, ANSWER(EMFILE));
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(
		.fds = SPU_FDS(SPU_OPEN(5, made, O_WRONLY | O_CREAT | O_EXCL),
			       SPU_OPEN(6, "/", O_PATH | O_NOATIME))),
		EMFILE, SPU_STEP_OPEN, 1, "open 6</: ");
	ck_assert_int_eq(access(made, F_OK), 0);
}

START_TEST(the_entry_that_fails_is_named_and_not_what_was_made_before)
{
	reason = REASONS;
	in_own_process(fail_behind_what_was_made);
}
END_TEST

/* libc doesn't say what the first attempt came to: there is no second one. */
START_TEST(posix_spawn_is_not_tried_again_with_what_it_has_made)
{
	struct spu_child child;
	struct spu_error error;

	SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	reason = BUSY;
	prepare();
	busy = open(in_scratch("cat"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV(in_scratch("cat")), SPU_OPTIONS(
		.method = SPU_METHOD_POSIX_SPAWN,
		.fds = SPU_FDS(SPU_OPEN(1, made, O_WRONLY | O_CREAT | O_EXCL))), &error), -ETXTBSY);
	close(busy);
	ck_assert_int_eq(access(made, F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	/* a server's child tries again where it is, and nothing is asked of this process */
	tcase_add_loop_test(tests, what_is_opened_made_or_emptied_is_not_again, 0,
			    IS_BY_SERVER ? BUSY + 1 : REASONS);
	tcase_add_loop_test(tests, a_terminal_is_made_once, 0, IS_BY_SERVER ? BUSY + 1 : 2);
	if (IS_BY_SERVER)
		return run_suite(suite);
	tcase_add_test(tests, a_link_in_the_place_of_what_was_made_is_not_followed);
	tcase_add_test(tests, the_entry_that_fails_is_named_and_not_what_was_made_before);
	tcase_add_test(tests, posix_spawn_is_not_tried_again_with_what_it_has_made);
	return run_suite(suite);
}
