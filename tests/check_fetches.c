/* SPDX-License-Identifier: MIT */
/* Descriptors with high numbers, which a child fetches from its parent. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "launches.h"
#include "traced.h"

#define SUITE "fetches"

enum { HIGH = 600 };

static int fetches(void)
{
	char *text;
	int found;

	ck_assert_int_eq(spu_explain(SPU_ARGV("/bin/true"),
				     SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(5, HIGH))), &text, NULL), 0);
	found = strstr(text, "pidfd_getfd(") != NULL;
	free(text);
	return found;
}

static void launch(void)
{
	ck_assert_int_eq(exit_of(SPU_ARGV("/bin/true"),
				 SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(5, HIGH)))), 0);
}

/* Twice: the first launch of a process doesn't fetch; and the second may be refused. */
static int may_fetch(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (dup3(fd, HIGH, O_CLOEXEC) != HIGH)
		return 0;
	close(fd);
	launch();
	launch();
	return fetches();
}

/* In a process of its own, which has no right beside its own user's. */
static int without_rights(int (*function)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0)
			ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
		ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
		status = function();
		fflush(NULL);
		_exit(status);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* As beside a launch with other ids, for whose time the flag is cleared. */
static int be_refused_for_a_moment(void)
{
	int launches;

	if (!may_fetch())
		return 77;
	prctl(PR_SET_DUMPABLE, 0);
	launch();
	ck_assert(!fetches());
	launch();
	prctl(PR_SET_DUMPABLE, 1);
	for (launches = 0; launches < 100 && !fetches(); launches++)
		launch();
	ck_assert(fetches());
	launch();
	ck_assert(fetches());
	return 0;
}

START_TEST(what_was_refused_for_a_moment_is_tried_again)
{
	int status = without_rights(be_refused_for_a_moment);

	if (status == 77)
		SKIP(SUITE, "no descriptor is fetched here");
	ck_assert_int_eq(status, 0);
}
END_TEST

/*
 * ---- The last step of all, which is for no entry alone
 */

/* Behind an entry that isn't of the list. */
static const struct spu_fd entries[] = {SPU_OPEN(77, "/another/list", O_RDONLY),
					SPU_MAP(5, HIGH), {0}};

static int be_killed_at_the_end(void)
{
	struct spu_error error;
	int fd, r;

	/* the child's number for its parent is 3 then, and nothing else is closed there */
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && fd < 3)
		;
	if (!may_fetch() || ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
		return 77;
	raise(SIGSTOP);
	r = spu_run(SPU_ARGV("/bin/true"), SPU_OPTIONS(.fds = entries + 1), NULL, &error);
	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_uint_eq(error.step, SPU_STEP_MOVE);
	ck_assert_int_eq(error.index, 0);
	ck_assert_int_eq(error.signal, SIGKILL);
	ck_assert_str_eq(error.text,
			 "map 5 from 600: the child was killed by signal 9 (KILL)");
	return 0;
}

static int closes_3(pid_t pid)
{
	struct __ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_close &&
	       info.entry.args[0] == 3;
}

/* Kills the child there; returns the launcher's wait status. */
static int trace(pid_t launcher)
{
	int status, signal;
	pid_t pid;

	ptrace(PTRACE_SETOPTIONS, launcher, 0,
	       PTRACE_O_TRACEVFORK | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, launcher, 0, 0);
	while ((pid = waitpid(-1, &status, 0x40000000)) > 0) {
		if (pid == launcher && !WIFSTOPPED(status))
			return status;
		if (!WIFSTOPPED(status))
			continue;
		signal = WSTOPSIG(status);
		if (pid != launcher && signal == (SIGTRAP | 0x80) && closes_3(pid))
			kill(pid, SIGKILL);
		if (signal == SIGSTOP || (signal & ~0x80) == SIGTRAP)
			signal = 0;
		ptrace(pid == launcher ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, signal);
	}
	return -1;
}

START_TEST(a_child_killed_while_it_fetches_names_the_entry)
{
	pid_t launcher;
	int status;

	if (IS_SANITIZED)
		SKIP(SUITE, "sanitizers may not be traced");
	SKIP_UNDER_VALGRIND(SUITE, "valgrind may not be traced");
	if (!calls_are_told())
		SKIP(SUITE, NO_CALLS_TOLD);
	fflush(NULL);
	launcher = fork();
	if (launcher == 0) {
		status = be_killed_at_the_end();
		fflush(NULL);
		_exit(status);
	}
	ck_assert_int_eq(waitpid(launcher, &status, 0), launcher);
	if (WIFSTOPPED(status))
		status = trace(launcher);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP(SUITE, "no descriptor is fetched, or no process may be traced here");
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, what_was_refused_for_a_moment_is_tried_again);
	tcase_add_test(tests, a_child_killed_while_it_fetches_names_the_entry);
	return run_suite(suite);
}
