/* SPDX-License-Identifier: MIT */
/* A pseudo-terminal of the child's own: what is on it, who holds it, when it goes. */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>

#include "held.h"

#define SUITE "pty"

#define ON_ALL(ret) SPU_PTY(0, ret), SPU_SAME(1, 0), SPU_SAME(2, 0)

/* What is shown until that text, or until nobody has the terminal open any more. */
static const char *read_shown(int terminal, const char *until)
{
	static __thread char shown[1 << 16];
	size_t size = 0;
	ssize_t got;

	shown[0] = '\0';
	while (!(until && strstr(shown, until)) && size < sizeof(shown) - 1) {
		got = read(terminal, shown + size, sizeof(shown) - 1 - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
		shown[size] = '\0';
	}
	return shown;
}

static void type(int terminal, const char *text)
{
	ck_assert_int_eq(write(terminal, text, strlen(text)), (ssize_t)strlen(text));
}

static int launch(struct spu_child *child, const char *script, const struct spu_options *options)
{
	struct spu_error error;
	int r = spu_spawn(child, SPU_ARGV("sh", "-c", script), options, &error);

	ASSERT_OK(r, error);
	return r;
}

/* The wait status. */
static int wait_for(struct spu_child *child)
{
	int status;

	ck_assert_int_eq(spu_wait(child, -1, &status), 0);
	spu_child_release(child);
	return status;
}

/* What the child says of itself, with nobody at the terminal. */
static struct state_report *report_on(const struct spu_options *options, int *terminal)
{
	const char *path = report_file();
	struct spu_child child;
	struct spu_error error;

	*terminal = -1;
	ASSERT_OK(spu_spawn(&child, SPU_ARGV(report_state(), path), options, &error), error);
	ck_assert_int_eq(wait_for(&child), 0);
	return read_report(path);
}

START_TEST(the_child_leads_a_session_on_a_terminal_of_its_own)
{
	static const unsigned policies[] = {SPU_LEAKS_CLOSE, SPU_LEAKS_ALLOW, SPU_LEAKS_DEFAULT};
	struct state_report *report;
	size_t open_before = count_open();
	int terminal;

	report = report_on(SPU_OPTIONS(.leaks = policies[_i], .fds = SPU_FDS(ON_ALL(&terminal))),
			   &terminal);
	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_int_eq(report->pgid, report->pid);
	ck_assert_int_eq(report->foreground, report->pid);
	ck_assert_int_ge(terminal, 3);
	ck_assert_int_eq(fcntl(terminal, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(terminal, F_GETFL) & O_ACCMODE, O_RDWR);
	ck_assert_uint_eq(report_find(report, 0)->inode, report_find(report, 1)->inode);
	ck_assert_uint_eq(report_find(report, 0)->inode, report_find(report, 2)->inode);
	ck_assert_int_eq(report_find(report, 0)->flags & O_ACCMODE, O_RDWR);
	ASSERT_CLOSED(report, terminal);
	close(terminal);
	assert_unchanged(open_before);
}
END_TEST

/* Not even what a launch holds besides, in a process that inherits all else. */
START_TEST(the_child_holds_nothing_of_the_callers_side)
{
	struct spu_child child;
	int terminal;

	launch(&child, "/bin/ls -l /proc/self/fd | grep -c ptmx; /bin/ls /proc/self/fd | wc -l",
	       SPU_OPTIONS(.fds = SPU_FDS(ON_ALL(&terminal))));
	/* 0 to 2, and the directory; a shell's own ls may hold more */
	ck_assert_str_eq(read_shown(terminal, NULL), "0\r\n4\r\n");
	ck_assert_int_eq(wait_for(&child), 0);
	close(terminal);
}
END_TEST

START_TEST(what_is_typed_arrives_and_is_echoed)
{
	struct spu_child child;
	int terminal;

	launch(&child, "printf 'name? ' >/dev/tty; read name </dev/tty; echo \"hello $name\"",
	       SPU_OPTIONS(.fds = SPU_FDS(ON_ALL(&terminal))));
	ck_assert_str_eq(read_shown(terminal, "? "), "name? ");
	type(terminal, "world\n");
	ck_assert_str_eq(read_shown(terminal, NULL), "world\r\nhello world\r\n");
	ck_assert_int_eq(wait_for(&child), 0);
	close(terminal);
}
END_TEST

START_TEST(the_program_begins_with_those_modes_and_that_size)
{
	const struct winsize size = {.ws_row = 33, .ws_col = 77, .ws_xpixel = 5, .ws_ypixel = 6};
	struct termios modes;
	struct winsize now;
	struct spu_child child;
	int terminal;

	launch(&child, "", SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &terminal))));
	ck_assert_int_eq(wait_for(&child), 0);
	ck_assert_int_eq(tcgetattr(terminal, &modes), 0);
	ck_assert_int_eq(ioctl(terminal, TIOCGWINSZ, &now), 0);
	ck_assert_int_eq(now.ws_row, 0);
	close(terminal);
	modes.c_oflag &= ~(tcflag_t)ONLCR;
	modes.c_lflag &= ~(tcflag_t)ECHO;
	modes.c_cc[VEOF] = 'q';
	launch(&child, "stty size; cat", SPU_OPTIONS(
		.fds = SPU_FDS(SPU_PTY_WITH(0, &terminal, &modes, &size), SPU_SAME(1, 0))));
	ck_assert_str_eq(read_shown(terminal, "\n"), "33 77\n");
	ck_assert_int_eq(ioctl(terminal, TIOCGWINSZ, &now), 0);
	ck_assert_int_eq(memcmp(&now, &size, sizeof(size)), 0);
	type(terminal, "line\nq");
	ck_assert_str_eq(read_shown(terminal, NULL), "line\n");
	ck_assert_int_eq(wait_for(&child), 0);
	close(terminal);
}
END_TEST

START_TEST(interrupt_quit_and_hangup_reach_the_child)
{
	static const struct {
		const char *typed;
		int signal;
	} ways[] = {{"\3", SIGINT}, {"\34", SIGQUIT}, {NULL, SIGHUP}};
	const struct rlimit no_core = {0, 0};
	struct spu_child child;
	struct spu_error error;
	int terminal, status, r;

	setrlimit(RLIMIT_CORE, &no_core);
	/* no shell, which may ignore SIGQUIT */
	r = spu_spawn(&child, SPU_ARGV("sleep", "1000"), SPU_OPTIONS(
		.default_signals = SPU_SIGNAL(SIGINT) | SPU_SIGNAL(SIGQUIT) | SPU_SIGNAL(SIGHUP),
		.fds = SPU_FDS(ON_ALL(&terminal))), &error);
	ASSERT_OK(r, error);
	if (ways[_i].typed)
		type(terminal, ways[_i].typed);
	else
		close(terminal);
	status = wait_for(&child);
	ck_assert_int_eq(WTERMSIG(status), ways[_i].signal);
	if (ways[_i].typed)
		close(terminal);
}
END_TEST

/* The group that spu_kill() and spu_stop() speak of is the session's leader's. */
START_TEST(its_group_is_ended_with_it)
{
	struct spu_child child;
	int terminal, status;

	launch(&child, "sleep 1000 & echo ready; wait", SPU_OPTIONS(.fds = SPU_FDS(ON_ALL(&terminal))));
	read_shown(terminal, "ready");
	ck_assert_int_eq(spu_stop(&child, SIGTERM, 60000, SPU_GROUP, &status), 0);
	ck_assert_int_eq(WTERMSIG(status), SIGTERM);
	spu_child_release(&child);
	/* the end: nobody has it open */
	read_shown(terminal, NULL);
	ck_assert_int_eq(errno, EIO);
	close(terminal);
}
END_TEST

/* That of a second entry, say: openpty(3) has made it. */
START_TEST(another_terminal_may_be_the_controlling_one)
{
	struct spu_child child;
	int first, second = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	ck_assert_int_eq(unlockpt(second), 0);
	launch(&child, "echo controlling >/dev/tty; echo other >&7", SPU_OPTIONS(
		.flags = SPU_SETSID, .ctty = SPU_SET(0), .foreground = SPU_SET(0),
		.fds = SPU_FDS(SPU_OPEN(0, ptsname(second), O_RDWR), SPU_PTY(7, &first))));
	ck_assert_str_eq(read_shown(first, NULL), "other\r\n");
	ck_assert_str_eq(read_shown(second, NULL), "controlling\r\n");
	ck_assert_int_eq(wait_for(&child), 0);
	close(first);
	close(second);
}
END_TEST

static int in_vain = 4711;

START_TEST(a_launch_that_fails_leaves_nothing)
{
	static const struct spu_fd fds[] = {SPU_PTY(0, &in_vain), SPU_OPEN(5, "/nowhere/at/all", 0), {0}};
	size_t open_before;

	ck_assert_int_eq(exit_of(SPU_ARGV("true"), NULL), 0);
	open_before = count_open();
	ASSERT_FAILS(SPU_ARGV("/no/such"), SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &in_vain))), ENOENT,
		     SPU_STEP_EXEC, 0, "exec /no/such: No such file or directory");
	assert_unchanged(open_before);
	ASSERT_REFUSED(SPU_OPTIONS(.fds = fds), ENOENT, SPU_STEP_OPEN, 1, "open 5</nowhere/at/all");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(5, &in_vain)), .cwd = "/nowhere"), ENOENT,
		       SPU_STEP_CWD, -1, "chdir /nowhere");
	ASSERT_REFUSED(SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(6),
				   .fds = SPU_FDS(SPU_PTY(5, &in_vain), SPU_NULL(6))),
		       ENOTTY, SPU_STEP_CTTY, -1, "ctty 6");
	assert_unchanged(open_before);
	ck_assert_int_eq(in_vain, 4711);
}
END_TEST

START_TEST(what_makes_no_sense_with_it_is_refused_by_name)
{
	const char *why = "fds: nobody is at the other end of a pipe or pseudo-terminal while this "
			  "call waits";
	const struct spu_fd fds[] = {SPU_PTY(0, &in_vain), {0}};
	struct spu_output out = {0};
	struct spu_error error;

	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &in_vain), SPU_PTY(1, &in_vain))), EINVAL,
		       SPU_STEP_OPTIONS, 1, "descriptor 1: a second pseudo-terminal");
	ASSERT_REFUSED(SPU_OPTIONS(.pgroup = SPU_SET(0), .fds = fds), EINVAL, SPU_STEP_OPTIONS, -1,
		       "pgroup: with a pseudo-terminal the child leads a group already");
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, NULL))), EINVAL, SPU_STEP_OPTIONS, 0,
		       "descriptor 0: nowhere to store the caller's end");
	ASSERT_REFUSED(SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN, .fds = fds), ENOTSUP,
		       SPU_STEP_OPTIONS, -1, "ctty 0: not with method posix_spawn");
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.fds = fds), NULL, &error), -EINVAL);
	ck_assert_str_eq(error.text, why);
	ck_assert_int_eq(spu_system_with("true", SPU_OPTIONS(.fds = fds), NULL, &error), -EINVAL);
	ck_assert_str_eq(error.text, why);
	ck_assert_int_eq(spu_capture(SPU_ARGV("true"), SPU_OPTIONS(.fds = fds), NULL, 0, &out, NULL,
				     NULL, &error), -EINVAL);
	ck_assert_str_eq(error.text, why);
	ck_assert_int_eq(spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.fds = fds), &error), -EINVAL);
	ck_assert_str_eq(error.text, "fds: spu_exec leaves nobody for the other end of a pipe or "
				     "pseudo-terminal");
	ck_assert_int_eq(in_vain, 4711);
}
END_TEST

/* Each number of free descriptors from none to enough: it is launched, or says so. */
static void launch_at_the_limit(void)
{
	struct rlimit limit = {64, 64};
	struct spu_child child;
	struct spu_error error;
	int left, fd, terminal, r, launched = 0;

	ck_assert_int_eq(exit_of(SPU_ARGV("true"), NULL), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (open("/dev/null", O_RDWR | O_CLOEXEC) >= 0)
		;
	for (left = 0; left <= 4; left++) {
		for (fd = 64 - left; fd < 64; fd++)
			close(fd);
		terminal = 4711;
		r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(ON_ALL(&terminal))),
			      &error);
		if (r == 0) {
			launched++;
			ck_assert_int_eq(wait_for(&child), 0);
			close(terminal);
		} else {
			ck_assert_int_eq(r, -EMFILE);
			ck_assert_uint_eq(error.step, SPU_STEP_PREPARE);
			ck_assert_ptr_eq(strstr(error.text, "pty for 0: "), error.text);
			ck_assert_int_eq(terminal, 4711);
		}
		for (fd = 64 - left; fd < 64; fd++)
			ck_assert_msg(!is_open(fd), "%d left, %d is open", left, fd);
		assert_no_child();
	}
	ck_assert_int_eq(launched, 3);
}

START_TEST(at_the_limit_of_descriptors_it_is_launched_or_says_so)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	SKIP_BY_SERVER(SUITE, "a server's launch needs more descriptors");
	in_own_process(launch_at_the_limit);
}
END_TEST

/* Whoever leads a session without a terminal gets the first that it opens without care. */
static void launch_from_a_session_without_terminal(void)
{
	int terminal;

	ck_assert_int_eq(setsid(), getpid());
	report_on(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &terminal))), &terminal);
	ck_assert_int_eq(open("/dev/tty", O_RDWR | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, ENXIO);
}

START_TEST(the_caller_gets_no_controlling_terminal)
{
	in_own_process(launch_from_a_session_without_terminal);
}
END_TEST

static void launch_without_standard_ones(void)
{
	struct state_report *report;
	int terminal, fd;

	for (fd = 0; fd <= 2; fd++)
		close(fd);
	report = report_on(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(1, &terminal))), &terminal);
	ck_assert_int_ge(terminal, 3);
	ck_assert_int_eq(report->foreground, report->pid);
	ck_assert_uint_eq(report->fd_count, 1);
	ck_assert_ptr_nonnull(report_find(report, 1));
}

START_TEST(it_is_no_standard_descriptor_of_the_callers)
{
	in_own_process(launch_without_standard_ones);
}
END_TEST

/* Among what is fetched and swapped it has its place as any source. */
START_TEST(it_goes_with_all_other_entries)
{
	struct state_report *report;
	int terminal, in, i;

	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	open_at(700, 1);
	for (i = 0; i < 2; i++) {
		report = report_on(SPU_OPTIONS(.fds = SPU_FDS(
			SPU_MAP(3, 700), SPU_PTY(600, &terminal), SPU_SAME(1, 600), SPU_NULL(0),
			SPU_PIPE_IN(5, &in), SPU_SAME(9, 600))), &terminal);
		ck_assert_int_eq(report->foreground, report->pid);
		ck_assert_uint_eq(report_find(report, 600)->inode, report_find(report, 1)->inode);
		ck_assert_uint_eq(report_find(report, 600)->inode, report_find(report, 9)->inode);
		ASSERT_HOLDS(report, 3, identity_of(700));
		close(terminal);
		close(in);
	}
}
END_TEST

/* By its name, as pinentry and screen do */
START_TEST(another_users_child_can_open_its_terminal)
{
	static const gid_t no_group[1];
	struct spu_child child;
	int terminal;

	NEED_ROOT();
	launch(&child, "exec 3<>\"$(tty)\" && echo open; stat -c %u \"$(tty)\"", SPU_OPTIONS(
		.uid = SPU_SET(65534), .gid = SPU_SET(65534), .groups = no_group,
		.fds = SPU_FDS(ON_ALL(&terminal))));
	ck_assert_str_eq(read_shown(terminal, NULL), "open\r\n65534\r\n");
	ck_assert_int_eq(wait_for(&child), 0);
	close(terminal);
}
END_TEST

START_TEST(nobodys_child_has_one_too)
{
	int terminal;

	launch(&(struct spu_child)SPU_CHILD_INIT, "sleep 0.1; tty",
	       SPU_OPTIONS(.flags = SPU_DETACH, .fds = SPU_FDS(ON_ALL(&terminal))));
	ck_assert_int_eq(strncmp(read_shown(terminal, NULL), "/dev/pts/", 9), 0);
	close(terminal);
}
END_TEST

START_TEST(explaining_makes_one_and_closes_it)
{
	size_t open_before = count_open();
	struct spu_error error;
	char *text;

	ASSERT_OK(spu_explain(SPU_ARGV("/bin/true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &in_vain))),
			      &text, &error), error);
	ck_assert_ptr_nonnull(strstr(text, "setsid()"));
	ck_assert_ptr_nonnull(strstr(text, "ioctl(0, TIOCSCTTY, 0)"));
	free(text);
	ck_assert_uint_eq(count_open(), open_before);
	ck_assert_int_eq(in_vain, 4711);
}
END_TEST

/* Each child's is its own, and goes when its caller closes it, whatever others launch. */
static void *launch_many(void *unused)
{
	struct spu_child child;
	int i, terminal;

	(void)unused;
	for (i = 0; i < 25; i++) {
		launch(&child, "read line; echo \"got $line\"", SPU_OPTIONS(
			.fds = SPU_FDS(ON_ALL(&terminal))));
		type(terminal, "it\n");
		ck_assert_str_eq(read_shown(terminal, NULL), "it\r\ngot it\r\n");
		ck_assert_int_eq(wait_for(&child), 0);
		close(terminal);
	}
	return NULL;
}

START_TEST(threads_launch_on_terminals_at_once)
{
	size_t open_before = count_open();
	pthread_t threads[4];
	int i;

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, launch_many, NULL), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_unchanged(open_before);
}
END_TEST

static void launch_with_one_terminal_to_be_had(void)
{
	struct state_report *report;
	int first, second;

	ck_assert(make_own_mounts());
	if (mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,max=1") < 0 ||
	    mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL) < 0)
		_exit(0);
	report = report_on(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(1, &first))), &first);
	ck_assert_int_eq(report->foreground, report->pid);
	ASSERT_REFUSED(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(1, &second))), ENOSPC, SPU_STEP_PREPARE, 0,
		       "pty for 1: too many of them: No space left on device");
	close(first);
	report_on(SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(1, &second))), &second);
}

START_TEST(too_many_are_named)
{
	NEED_OWN_MOUNTS();
	in_own_process(launch_with_one_terminal_to_be_had);
}
END_TEST

static int has_terminals(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 && close(fd) == 0;
}

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	if (!has_terminals()) {
		printf("skip %s all: no pseudo-terminals here\n", SUITE);
		return 0;
	}
	tcase_add_loop_test(tests, the_child_leads_a_session_on_a_terminal_of_its_own, 0, 3);
	tcase_add_test(tests, the_child_holds_nothing_of_the_callers_side);
	tcase_add_test(tests, what_is_typed_arrives_and_is_echoed);
	tcase_add_test(tests, the_program_begins_with_those_modes_and_that_size);
	tcase_add_loop_test(tests, interrupt_quit_and_hangup_reach_the_child, 0, 3);
	tcase_add_test(tests, its_group_is_ended_with_it);
	tcase_add_test(tests, another_terminal_may_be_the_controlling_one);
	tcase_add_test(tests, a_launch_that_fails_leaves_nothing);
	tcase_add_test(tests, what_makes_no_sense_with_it_is_refused_by_name);
	tcase_add_test(tests, at_the_limit_of_descriptors_it_is_launched_or_says_so);
	tcase_add_test(tests, it_is_no_standard_descriptor_of_the_callers);
	tcase_add_test(tests, the_caller_gets_no_controlling_terminal);
	tcase_add_test(tests, it_goes_with_all_other_entries);
	tcase_add_test(tests, another_users_child_can_open_its_terminal);
	tcase_add_test(tests, nobodys_child_has_one_too);
	tcase_add_test(tests, explaining_makes_one_and_closes_it);
	tcase_add_test(tests, too_many_are_named);
	tcase_add_test(tests, threads_launch_on_terminals_at_once);
	return run_suite(suite);
}
