/* SPDX-License-Identifier: MIT */
/* Children that are nobody's. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "launches.h"

#define SUITE "detached"

static struct state_report *wait_for_report(const char *path)
{
	struct stat st;
	const char *text;
	int tries;

	for (tries = 0; tries < 30000; tries++, usleep(1000)) {
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

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_detached_child_is_nobodys);
	tcase_add_test(tests, a_detached_child_that_fails_is_reported);
	tcase_add_test(tests, a_detached_child_that_fails_leaves_a_subreaper_no_zombie);
	return run_suite(suite);
}
