/* SPDX-License-Identifier: MIT */
/* Children that are nobody's. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "filters.h"
#include "gate.h"
#include "launches.h"
#include "traced.h"

#define SUITE "detached"
#define KERNEL_WALL 0x40000000	/* waitpid: children with any exit signal */

static struct state_report *wait_for_report(const char *path)
{
	struct stat st;
	const char *text;
	int tries;

	for (tries = 0; tries < patience(30000); tries++, usleep(1000)) {
		if (stat(path, &st) < 0 || st.st_size < 5)
			continue;
		text = read_all(open(path, O_RDONLY | O_CLOEXEC));
		if (strlen(text) > 5 && strcmp(text + strlen(text) - 5, "\nend\n") == 0)
			return read_report(path);
	}
	ck_abort_msg("no report in 30 s");
	return NULL;
}

START_TEST(a_detached_child_is_nobodys)
{
	size_t open_before = count_open();
	int pass;

	for (pass = 0; pass < 3; pass++) {
		const char *path = report_file();
		struct state_report *report;
		struct spu_child child;
		struct spu_error error;
		int r;

		r = spu_spawn(&child, SPU_ARGV(report_state(), path),
			      SPU_OPTIONS(.flags = SPU_DETACH | (pass == 2 ? SPU_SETSID : 0),
					  .cwd = "/", .fds = SPU_FDS(SPU_NULL(0)),
					  .pid_file = in_scratch("pid")),
			      &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(child.pidfd, -1);
		report = wait_for_report(path);
		ck_assert_int_eq(report->pid, child.pid);
		ck_assert_int_eq(atoi(read_all(open(in_scratch("pid"), O_RDONLY | O_CLOEXEC))),
				 child.pid);
		ck_assert_int_ne(report->ppid, getpid());
		ck_assert_str_eq(report->cwd, "/");
		ck_assert_uint_eq(report->mask, 0);
		ck_assert_int_eq(report->sid, pass == 2 ? child.pid : getsid(0));
		ck_assert_int_eq(spu_wait(&child, -1, NULL), -ECHILD);
		ck_assert_int_eq(spu_wait(&child, 0, NULL), -ECHILD);
		spu_child_release(&child);
		assert_unchanged(open_before);
	}
}
END_TEST

START_TEST(a_detached_child_that_fails_is_reported)
{
	int pass;

	for (pass = 0; pass < 2; pass++) {
		ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT,
			     SPU_STEP_EXEC, 0, "exec /nowhere");
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH, .cwd = "/nowhere"),
			     ENOENT, SPU_STEP_CWD, -1, "chdir /nowhere");
	}
}
END_TEST

/* Where the caller is the one to whom orphans go, a failed launch must not leave it one. */
static void fail_detached_as_subreaper(void)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT, SPU_STEP_EXEC,
		     0, "/nowhere");
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT, SPU_STEP_EXEC,
		     0, "/nowhere");
}

START_TEST(a_detached_child_that_fails_leaves_a_subreaper_no_zombie)
{
	in_own_process(fail_detached_as_subreaper);
}
END_TEST

/*
 * ---- The process between us and the child is killed
 */

/* Something else would have been told, or been written, or would never come back. */
static void launch_in_vain(const struct spu_fd *fds, unsigned step)
{
	struct spu_child child = {.pid = 4711};
	struct spu_error error = {.err = 0};
	int r = spu_spawn(&child, SPU_ARGV("/bin/sleep", "1000"),
			  SPU_OPTIONS(.flags = SPU_DETACH, .cwd = scratch(), .fds = fds), &error);

	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_uint_eq(error.step, step);
	ck_assert_int_eq(error.signal, SIGKILL);
	ck_assert_ptr_nonnull(strstr(error.text, ": the child was killed by signal 9 (KILL)"));
	ck_assert_int_eq(child.pid, 4711);
	assert_no_child();
}

/* When that happens. */
enum moment { BEFORE_IT_RUNS, AT_ITS_EXEC, AFTER_ITS_EXEC, MOMENTS };

static struct {
	enum moment moment;
	pid_t launcher, between, child;
	int launcher_status, child_status;	/* -1: not known to have ended */
	volatile int *starves;	/* shared with the hog */
	pid_t hog;
} traced;

/* Two processors that this process may run on; 0: there are none. */
static int find_processors(int ret[2])
{
	cpu_set_t set;
	int cpu, found = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			ret[found++] = cpu;
	return found == 2;
}

static int bind_to(pid_t pid, int cpu, int policy, int priority)
{
	struct sched_param param = {.sched_priority = priority};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set) == 0 &&
	       sched_setscheduler(pid, policy, &param) == 0;
}

/*
 * A child that is made on that processor doesn't get it while this one does; the
 * process between has more priority than both. Returns the processor, or -1.
 */
static int start_hog(void)
{
	int cpus[2];

	if (!find_processors(cpus) || !bind_to(0, cpus[0], SCHED_OTHER, 0))
		return -1;
	traced.starves = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)traced.starves, MAP_FAILED);
	*traced.starves = 1;
	traced.hog = fork();
	if (traced.hog == 0) {
		alarm(5);
		if (bind_to(0, cpus[1], SCHED_FIFO, 10))
			while (*traced.starves)
				;
		_exit(0);
	}
	return cpus[1];
}

/* Until the child is killed, or the launcher is back without that. */
static void end_hog(void)
{
	char path[64], text[4096];
	FILE *status;
	int seen = 0, ended;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)traced.child);
	/* a traced one is its tracer's to see first */
	while (waitpid(traced.between, &ended, KERNEL_WALL) == traced.between && WIFSTOPPED(ended))
		;
	while (!seen && traced.child > 0 && !find_child(getpid(), 'Z')) {
		status = fopen(path, "re");
		while (status && !seen && fgets(text, sizeof(text), status))
			seen = strstr(text, "Pnd:\t0000000000000100") != NULL;
		if (status)
			fclose(status);
		usleep(1000);
	}
	*traced.starves = 0;
	waitpid(traced.hog, NULL, 0);
}

/* Of a traced process that stopped for a system call. */
static int enters(pid_t pid, int status, long number)
{
	struct __ptrace_syscall_info info;

	return WSTOPSIG(status) == (SIGTRAP | 0x80) &&
	       ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && (long)info.entry.nr == number;
}

static int is_now(pid_t pid, int status)
{
	unsigned long child = 0;

	switch (traced.moment) {
	case BEFORE_IT_RUNS:
		if (pid != traced.between || status >> 8 != (SIGTRAP | PTRACE_EVENT_VFORK << 8))
			return 0;
		ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
		traced.child = (pid_t)child;
		return 1;
	case AT_ITS_EXEC:
		return pid == traced.child && enters(pid, status, SYS_execve);
	default:
		return pid == traced.between && traced.child &&
		       enters(pid, status, SYS_exit_group);
	}
}

/* One step on the way; returns whether that process goes on. */
static int look_at(pid_t pid, int status, int cpu)
{
	/* in the order in which they appear */
	if (pid != traced.launcher && !traced.between) {
		traced.between = pid;
		if (cpu >= 0)
			bind_to(pid, cpu, SCHED_FIFO | SCHED_RESET_ON_FORK, 50);
	}
	if (pid != traced.launcher && pid != traced.between)
		traced.child = pid;
	if (is_now(pid, status)) {
		kill(traced.between, SIGKILL);
		if (cpu >= 0)
			end_hog();
		return 0;
	}
	return pid != traced.child || traced.moment != BEFORE_IT_RUNS;
}

/* Until the launcher has ended, and what has happened until then is seen. */
static void trace(int cpu)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, traced.launcher_status < 0
						   ? KERNEL_WALL : KERNEL_WALL | WNOHANG)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == traced.launcher)
				traced.launcher_status = status;
			if (pid == traced.child && WIFSIGNALED(status))
				traced.child_status = status;
			/* others come, where something was refused */
			if (pid == traced.child && WIFEXITED(status))
				traced.child = 0;
			if (pid == traced.between && WIFEXITED(status))
				traced.between = 0;
		} else if (look_at(pid, status, cpu)) {
			int number = WSTOPSIG(status);

			/* the first stop of each, and those for us */
			if (number == SIGSTOP || (number & ~0x80) == SIGTRAP)
				number = 0;
			/* the launcher isn't to be held any more */
			ptrace(pid == traced.launcher ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0,
			       number);
		}
	}
}

static void be_traced(void)
{
	alarm(patience(60));
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	ck_assert_int_eq(ptrace(PTRACE_TRACEME, 0, 0, 0), 0);
	raise(SIGSTOP);
	launch_in_vain(NULL, traced.moment == BEFORE_IT_RUNS ? SPU_STEP_DETACH : SPU_STEP_EXEC);
}

START_TEST(a_child_whose_launch_is_cut_off_does_not_run_on)
{
	int status, cpu = -1, tries;

	NEED_OWN_CHILD(SUITE);
	if (IS_SANITIZED)
		SKIP(SUITE, "sanitizers may not be traced");
	SKIP_UNDER_VALGRIND(SUITE, "valgrind may not be traced");
	if (!calls_are_told())
		SKIP(SUITE, NO_CALLS_TOLD);
	traced.moment = (enum moment)_i;
	traced.launcher_status = traced.child_status = -1;
	fflush(NULL);
	traced.launcher = fork();
	if (traced.launcher == 0) {
		be_traced();
		fflush(NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(traced.launcher, &status, 0), traced.launcher);
	if (!WIFSTOPPED(status))
		SKIP(SUITE, "no process may be traced here");
	if (traced.moment == BEFORE_IT_RUNS)
		cpu = start_hog();
	ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, traced.launcher, 0,
				PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD |
				PTRACE_O_EXITKILL), 0);
	ptrace(PTRACE_CONT, traced.launcher, 0, 0);
	trace(cpu);
	ck_assert_int_gt(traced.child, 0);
	ck_assert_int_eq(traced.launcher_status, 0);
	/* dying, at least */
	for (tries = 0; traced.child_status < 0 && tries < patience(5000); tries++, usleep(1000))
		waitpid(traced.child, &traced.child_status, KERNEL_WALL | WNOHANG);
	ck_assert_int_ge(traced.child_status, 0);
	ck_assert(WIFSIGNALED(traced.child_status) && WTERMSIG(traced.child_status) == SIGKILL);
}
END_TEST

/* An init, or subreaper, that waits for its own children only: many a container has one. */
static void be_a_reaper_that_does_not_reap(void)
{
	pid_t launcher, between, child;
	int status, tries;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	launcher = fork();
	if (launcher == 0) {
		ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
		launch_in_vain(SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY)), SPU_STEP_OPEN);
		fflush(NULL);
		_exit(0);
	}
	do {
		usleep(1000);
		between = find_child(launcher, 0);
		child = between ? find_child(between, 'S') : 0;
	} while (!child);
	kill(between, SIGKILL);
	for (tries = 0; waitpid(launcher, &status, WNOHANG) == 0; tries++, usleep(1000)) {
		if (tries < patience(30000))
			continue;
		kill(launcher, SIGKILL);
		ck_abort_msg("the launcher waits for its child's reaper");
	}
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(waitpid(child, &status, KERNEL_WALL), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_launch_comes_back_though_nobody_reaps_its_child)
{
	NEED_OWN_CHILD(SUITE);
	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	make_gate();
	in_own_process(be_a_reaper_that_does_not_reap);
}
END_TEST

/* The one between knows itself there by a number that is somebody else's here: 1, init's. */
static void launch_into_another_namespace(void)
{
	struct spu_child child;
	struct spu_error error;

	if (unshare(CLONE_NEWPID) < 0)
		_exit(0);
	filter_call(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH),
				   &error), -ECANCELED);
	ck_assert_int_eq(error.signal, SIGSYS);
}

START_TEST(who_is_killed_in_another_pid_namespace_is_not_mistaken_for_somebody_here)
{
	NEED_OWN_CHILD(SUITE);
	NEED_ROOT();
	NEED_TO_SURVIVE(SUITE);
	in_own_process(launch_into_another_namespace);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_detached_child_is_nobodys);
	tcase_add_test(tests, a_detached_child_that_fails_is_reported);
	tcase_add_test(tests, a_detached_child_that_fails_leaves_a_subreaper_no_zombie);
	tcase_add_loop_test(tests, a_child_whose_launch_is_cut_off_does_not_run_on, 0, MOMENTS);
	tcase_add_test(tests, a_launch_comes_back_though_nobody_reaps_its_child);
	tcase_add_test(tests, who_is_killed_in_another_pid_namespace_is_not_mistaken_for_somebody_here);
	return run_suite(suite);
}
