/* SPDX-License-Identifier: MIT */
/* What is refused before anything is made, and in which words. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

#include "lib/plan/check.h"
#include "support.h"

static char *const *const argv = (char *const[]){"true", NULL};

/* Checks the options alone, then sees that a launch and its siblings say the same. */
#define ASSERT_REFUSED(err, index, text, ...) \
	assert_refused(argv, SPU_OPTIONS(__VA_ARGS__), err, index, text, __LINE__)

static void assert_refused(char *const *program, const struct spu_options *options, int err,
			   int index, const char *text, int line)
{
	struct spu_options checked;
	struct spu_error error, other;
	struct spu_child child;
	char *explained;
	int r = spu__check_options(program, options, &checked, &error);

	ck_assert_msg(r == -err, "line %d: %d, not %d", line, r, -err);
	ck_assert_int_eq(error.err, err);
	ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
	ck_assert_msg(error.index == index, "line %d: index %d", line, error.index);
	ck_assert_msg(strncmp(error.text, text, strlen(text)) == 0, "line %d: \"%s\" is not \"%s\"",
		      line, error.text, text);
	/* It says why; what errno means says less */
	ck_assert_msg(!strstr(error.text, strerror(err)), "line %d: %s", line, error.text);
	ck_assert_int_eq(spu_spawn(&child, program, options, &other), -err);
	ck_assert_str_eq(other.text, error.text);
	ck_assert_int_eq(spu_run(program, options, NULL, &other), -err);
	ck_assert_str_eq(other.text, error.text);
	ck_assert_int_eq(spu_explain(program, options, &explained, &other), -err);
	ck_assert_str_eq(other.text, error.text);
	ck_assert_int_eq(spu_exec(program, options, &other), -err);
	ck_assert_str_eq(other.text, error.text);
	ck_assert_int_eq(spu_spawn(&child, program, options, NULL), -err);
}

START_TEST(no_program_is_refused)
{
	assert_refused(NULL, NULL, EINVAL, -1, "argv names no program", __LINE__);
	assert_refused((char *const[]){NULL}, NULL, EINVAL, -1, "argv names no program", __LINE__);
	assert_refused((char *const[]){NULL}, SPU_OPTIONS(.file = "true"), EINVAL, -1,
		       "argv names no program", __LINE__);
}
END_TEST

START_TEST(a_wrong_value_is_named)
{
	ASSERT_REFUSED(EINVAL, -1, "flags: unknown bits", .flags = 1u << 31);
	ASSERT_REFUSED(EINVAL, -1, "flags: unknown bits", .flags = SPU_SETSID | 1u << 10);
	ASSERT_REFUSED(EINVAL, -1, "method: unknown", .method = 3);
	ASSERT_REFUSED(EINVAL, -1, "method: unknown", .method = (unsigned)-1);
	ASSERT_REFUSED(EINVAL, -1, "leaks: unknown policy", .leaks = 4);
	ASSERT_REFUSED(EINVAL, -1, "reserved is not 0", .reserved = 1);
	ASSERT_REFUSED(EINVAL, -1, "umask: not 0 to 0777", .umask = SPU_SET(01000));
	ASSERT_REFUSED(EINVAL, -1, "umask: not 0 to 0777", .umask = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "pgroup: not a process group", .pgroup = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "pgroup: not a process group", .pgroup = SPU_SET(1L + INT_MAX));
	ASSERT_REFUSED(EINVAL, -1, "ctty: not a descriptor", .flags = SPU_SETSID,
		       .ctty = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "foreground: not a descriptor", .foreground = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "foreground: not a descriptor", .foreground = SPU_SET(1L << 40));
	ASSERT_REFUSED(EINVAL, -1, "timeout_ms: negative", .timeout_ms = -1);
	ASSERT_REFUSED(EINVAL, -1, "grace_ms: negative", .grace_ms = -1);
	ASSERT_REFUSED(EINVAL, -1, "stop_signal: no signal", .stop_signal = -1);
	ASSERT_REFUSED(EINVAL, -1, "stop_signal: no signal", .stop_signal = 65);
}
END_TEST

START_TEST(what_excludes_each_other_is_named)
{
	ASSERT_REFUSED(EINVAL, -1, "pgroup: with SPU_SETSID", .flags = SPU_SETSID,
		       .pgroup = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "ctty: needs SPU_SETSID", .ctty = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "default_signals and ignore_signals name the same signal",
		       .default_signals = SPU_SIGNAL(1) | SPU_SIGNAL(64),
		       .ignore_signals = SPU_SIGNAL(64));
	ASSERT_REFUSED(EINVAL, -1, "SIGKILL and SIGSTOP can't be changed",
		       .ignore_signals = SPU_SIGNAL(SIGKILL));
	ASSERT_REFUSED(EINVAL, -1, "SIGKILL and SIGSTOP can't be changed",
		       .default_signals = SPU_SIGNAL(SIGSTOP));
}
END_TEST

START_TEST(wrong_rights_and_resources_are_named)
{
	static const gid_t groups[] = {1};
	static const int cpus[] = {0, 8191, 8192}, negative[] = {-1};

	ASSERT_REFUSED(EINVAL, -1, "uid: not a user id", .uid = SPU_SET(-1), .groups = groups);
	ASSERT_REFUSED(EINVAL, -1, "uid: not a user id", .uid = SPU_SET(UINT_MAX),
		       .groups = groups);
	ASSERT_REFUSED(EINVAL, -1, "gid: not a group id", .gid = SPU_SET(1L << 32),
		       .groups = groups);
	ASSERT_REFUSED(EINVAL, -1, "uid, gid: groups are not given", .uid = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "uid, gid: groups are not given", .gid = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "groups: not with SPU_KEEP_GROUPS", .groups = groups,
		       .flags = SPU_KEEP_GROUPS);
	ASSERT_REFUSED(EINVAL, -1, "group_count: without groups", .group_count = 1);
	ASSERT_REFUSED(EINVAL, -1, "cpu_count: without cpus", .cpu_count = 1);
	ASSERT_REFUSED(EINVAL, -1, "oom_score_adj: not -1000 to 1000",
		       .oom_score_adj = SPU_SET(1001));
	ASSERT_REFUSED(EINVAL, -1, "oom_score_adj: not -1000 to 1000",
		       .oom_score_adj = SPU_SET(-1001));
	ASSERT_REFUSED(EINVAL, -1, "cpus: none", .cpus = cpus);
	ASSERT_REFUSED(EINVAL, 2, "cpus: no processor has number 8192", .cpus = cpus,
		       .cpu_count = 3);
	ASSERT_REFUSED(EINVAL, 0, "cpus: no processor has number -1", .cpus = negative,
		       .cpu_count = 1);
	ASSERT_REFUSED(EINVAL, -1, "nice: not -40 to 40", .nice = SPU_SET(41));
	ASSERT_REFUSED(EINVAL, -1, "nice: not -40 to 40", .nice = SPU_SET(-41));
	ASSERT_REFUSED(EINVAL, -1, "pdeathsig: no signal", .pdeathsig = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "pdeathsig: no signal", .pdeathsig = SPU_SET(65));
	ASSERT_REFUSED(EINVAL, -1, "pdeathsig: a detached child's parent",
		       .pdeathsig = SPU_SET(SIGTERM), .flags = SPU_DETACH);
	ASSERT_REFUSED(EINVAL, 1, "limit 0: the soft one is above the hard one",
		       .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 5, 5),
					    SPU_LIMIT(RLIMIT_CPU, 2, 1)));
	ASSERT_REFUSED(EINVAL, 0, "limit 7: unknown kind",
		       .limits = SPU_LIMITS({2, RLIMIT_NOFILE, 1, 1}));
}
END_TEST

START_TEST(a_wrong_variable_is_named)
{
	ASSERT_REFUSED(EINVAL, 1, "env_set: B is not NAME=VALUE",
		       .env_set = SPU_LIST("A=1", "B"));
	ASSERT_REFUSED(EINVAL, 0, "env_set: =x is not NAME=VALUE", .env_set = SPU_LIST("=x"));
	ASSERT_REFUSED(EINVAL, 0, "env_set: \"\" is not NAME=VALUE", .env_set = SPU_LIST(""));
	ASSERT_REFUSED(EINVAL, 2, "env_unset: C=1 is not a name",
		       .env_unset = SPU_LIST("A", "B", "C=1"));
	ASSERT_REFUSED(EINVAL, 0, "env_unset: \"\" is not a name", .env_unset = SPU_LIST(""));
}
END_TEST

START_TEST(a_wrong_descriptor_is_named)
{
	int number;

	ASSERT_REFUSED(EINVAL, 1, "descriptor -3: negative",
		       .fds = SPU_FDS(SPU_NULL(0), SPU_KEEP(-3)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 1: its source is negative",
		       .fds = SPU_FDS(SPU_MAP(1, -1)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 2: its source is negative",
		       .fds = SPU_FDS(SPU_SAME(2, -1)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: no path",
		       .fds = SPU_FDS(SPU_OPEN(4, NULL, O_RDONLY)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: mode out of range",
		       .fds = SPU_FDS({SPU_FD_OPEN, 4, 0, O_CREAT, 010000, "/x", NULL}));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: nowhere to store the caller's end",
		       .fds = SPU_FDS(SPU_PIPE_IN(4, NULL)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: nowhere to store the caller's end",
		       .fds = SPU_FDS(SPU_PIPE_OUT(4, NULL)));
	ASSERT_REFUSED(EINVAL, 1, "descriptor 4: unknown kind",
		       .fds = SPU_FDS(SPU_NULL(1), {9, 4, 0, 0, 0, NULL, &number}));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: unknown kind",
		       .fds = SPU_FDS({-1, 4, 0, 0, 0, NULL, &number}));
}
END_TEST

START_TEST(defaults_are_filled_in)
{
	struct spu_options checked;
	struct spu_error error = {.err = 4711};

	ck_assert_int_eq(spu__check_options(argv, NULL, &checked, &error), 0);
	ck_assert_uint_eq(checked.method, SPU_METHOD_VFORK);
	ck_assert_uint_eq(checked.leaks, SPU_LEAKS_CLOSE);
	ck_assert_uint_eq(checked.size, sizeof(checked));
	ck_assert_int_eq(
		spu__check_options(argv,
				   SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
					       .leaks = SPU_LEAKS_FAIL, .umask = SPU_SET(0777),
					       .pgroup = SPU_SET(INT_MAX)),
				   &checked, &error),
		0);
	ck_assert_uint_eq(checked.method, SPU_METHOD_POSIX_SPAWN);
	ck_assert_uint_eq(checked.leaks, SPU_LEAKS_FAIL);
	ck_assert_int_eq(checked.umask.value, 0777);
	ck_assert_int_eq(error.err, 4711);
}
END_TEST

START_TEST(every_signal_can_be_named)
{
	struct spu_options checked;

	ck_assert_int_eq(
		spu__check_options(
			argv,
			SPU_OPTIONS(.default_signals = 0x5555555555555555u &
						       ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP)),
				    .ignore_signals = 0xaaaaaaaaaaaaaaaau &
						      ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP)),
				    .block_signals = ~(uint64_t)0, .stop_signal = 64),
			&checked, NULL),
		0);
}
END_TEST

/*
 * ---- Sizes: a program may be older or newer than the library
 */

struct newer {
	struct spu_options options;
	char more[64];
};

START_TEST(an_older_struct_is_filled_up_with_zero)
{
	struct spu_options options, checked;
	struct spu_error error;
	int r;

	memset(&options, 0xff, sizeof(options));
	options.size = offsetof(struct spu_options, file);
	options.flags = SPU_SETSID;
	options.method = SPU_METHOD_VFORK;
	options.leaks = SPU_LEAKS_ALLOW;
	options.reserved = 0;
	r = spu__check_options(argv, &options, &checked, &error);
	ASSERT_OK(r, error);
	ck_assert_uint_eq(checked.flags, SPU_SETSID);
	ck_assert_uint_eq(checked.leaks, SPU_LEAKS_ALLOW);
	ck_assert_ptr_null(checked.file);
	ck_assert_ptr_null(checked.fds);
	ck_assert_int_eq(checked.umask.set, 0);
	ck_assert_int_eq(checked.timeout_ms, 0);
	options.size = sizeof(options.size);
	ck_assert_int_eq(spu__check_options(argv, &options, &checked, NULL), 0);
	ck_assert_uint_eq(checked.flags, 0);
}
END_TEST

START_TEST(a_newer_struct_is_taken_if_nothing_new_is_used)
{
	struct newer newer;
	struct spu_options checked;
	struct spu_error error;
	size_t i;

	memset(&newer, 0, sizeof(newer));
	newer.options.size = sizeof(newer);
	newer.options.stop_signal = SIGINT;
	ck_assert_int_eq(spu__check_options(argv, &newer.options, &checked, NULL), 0);
	ck_assert_int_eq(checked.stop_signal, SIGINT);
	for (i = 0; i < sizeof(newer.more); i++) {
		newer.more[i] = 1;
		ck_assert_int_eq(spu__check_options(argv, &newer.options, &checked, &error),
				 -E2BIG);
		ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
		ck_assert_ptr_nonnull(strstr(error.text, "options has members that version"));
		newer.more[i] = 0;
	}
	newer.options.size = sizeof(struct spu_options) + 1;
	newer.more[1] = 1;
	ck_assert_int_eq(spu__check_options(argv, &newer.options, &checked, NULL), 0);
}
END_TEST

START_TEST(a_size_that_cannot_be_is_refused)
{
	struct spu_options options = SPU_OPTIONS_INIT, checked;
	struct spu_error error;

	options.size = 0;
	ck_assert_int_eq(spu__check_options(argv, &options, &checked, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "options.size is 0"));
	/* memory that nobody initialized: it isn't read up to there */
	options.size = (size_t)-1;
	ck_assert_int_eq(spu__check_options(argv, &options, &checked, &error), -E2BIG);
	options.size = 1u << 20;
	ck_assert_int_eq(spu__check_options(argv, &options, &checked, &error), -E2BIG);
	ck_assert_ptr_nonnull(strstr(error.text, "options.size is 1048576"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tests = tcase_create("options");

	tcase_add_test(tests, no_program_is_refused);
	tcase_add_test(tests, a_wrong_value_is_named);
	tcase_add_test(tests, what_excludes_each_other_is_named);
	tcase_add_test(tests, wrong_rights_and_resources_are_named);
	tcase_add_test(tests, a_wrong_variable_is_named);
	tcase_add_test(tests, a_wrong_descriptor_is_named);
	tcase_add_test(tests, defaults_are_filled_in);
	tcase_add_test(tests, every_signal_can_be_named);
	tcase_add_test(tests, an_older_struct_is_filled_up_with_zero);
	tcase_add_test(tests, a_newer_struct_is_taken_if_nothing_new_is_used);
	tcase_add_test(tests, a_size_that_cannot_be_is_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
