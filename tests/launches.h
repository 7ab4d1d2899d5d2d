/* SPDX-License-Identifier: MIT */
/*
 * For the suites about launches: by both methods, what the child is like, and
 * how a failure is told. Each defines SUITE, its name.
 */
#ifndef LAUNCHES_H
#define LAUNCHES_H

#include <sched.h>
#include <sys/mount.h>

#include "support.h"

/* Runs a test by each method that there is: _i is the method. By a server there is one. */
#define add_for_both(tests, name) \
	tcase_add_loop_test(tests, name, \
			    is_by_libc() ? SPU_METHOD_POSIX_SPAWN : SPU_METHOD_VFORK, \
			    (IS_BY_SERVER ? SPU_METHOD_VFORK : SPU_METHOD_POSIX_SPAWN) + 1)

/* A suite's tests, each with a directory of its own. */
static inline TCase *add_case(Suite *suite)
{
	TCase *tests = tcase_create("tests");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_checked_fixture(tests, settle, NULL);
	suite_add_tcase(suite, tests);
	return tests;
}

#define NEED_ROOT() \
	do { \
		if (geteuid() != 0) \
			SKIP(SUITE, "needs root"); \
	} while (0)

/* Here they are not, for example, in a chroot whose root isn't a mount. */
static inline int make_own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static inline int own_mounts_are_made(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!make_own_mounts());
	return waitpid(pid, &status, 0) == pid && status == 0;
}

#define NEED_OWN_MOUNTS() \
	do { \
		NEED_ROOT(); \
		if (!own_mounts_are_made()) \
			SKIP(SUITE, "no mounts of its own may be made here"); \
	} while (0)

/* glibc's posix_spawn hands its own two signals on ignored. */
#define LIBC_SIGNALS (SPU_SIGNAL(32) | SPU_SIGNAL(33))

/* Sanitizers' runtimes catch some signals in the helper itself. */
#define COMPARED (~(LIBC_SIGNALS | SPU_SIGNAL(SIGSEGV) | SPU_SIGNAL(SIGBUS) | SPU_SIGNAL(SIGFPE)))

static inline struct state_report *report_of(char *const argv[], const char *path,
					     const struct spu_options *options)
{
	struct spu_error error;
	int status, r = spu_run(argv, options, &status, &error);

	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	return read_report(path);
}

static inline size_t count_strings(char **list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static inline int exit_of(char *const argv[], const struct spu_options *options)
{
	struct spu_error error;
	int status, r = spu_run(argv, options, &status, &error);

	ASSERT_OK(r, error);
	return spu_exit_code(status);
}

/*
 * The launch must fail so, leave nothing, and write nothing but the error. libc's
 * posix_spawn doesn't say at which step.
 */
#define ASSERT_FAILS(argv, options, err, step, index, text) \
	assert_fails(argv, options, err, step, index, text, __LINE__)
static inline void assert_fails(char *const argv[], const struct spu_options *options, int err,
				unsigned step, int index, const char *text, int line)
{
	size_t open_before = count_open();
	struct spu_child child = {.pid = 4711, .pidfd = 4711};
	struct spu_error error = {.err = 4711};
	int r = spu_spawn(&child, argv, options, &error);

	if (r == 0 && posix_spawn_lies())
		leave_out(LIES_HERE);
	ck_assert_msg(r == -err, "line %d: result %d, not %d", line, r, -err);
	ck_assert_msg(error.err == err, "line %d: err %d", line, error.err);
	if (error.step == SPU_STEP_POSIX_SPAWN && step != SPU_STEP_OPTIONS && is_by_libc()) {
		step = SPU_STEP_POSIX_SPAWN;
		index = -1;
		text = "posix_spawn ";
	}
	ck_assert_msg(error.step == step, "line %d: step %u, not %u (%s)", line, error.step, step,
		      error.text);
	ck_assert_msg(error.index == index, "line %d: index %d (%s)", line, error.index,
		      error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "line %d: \"%s\" has no \"%s\"", line,
		      error.text, text);
	ck_assert_ptr_null(strchr(error.text, '\n'));
	ck_assert_int_eq(child.pid, 4711);
	ck_assert_int_eq(child.pidfd, 4711);
	assert_unchanged(open_before);
}

static inline void on_signal(int number)
{
	(void)number;
}

#endif
