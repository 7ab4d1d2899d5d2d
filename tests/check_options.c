/* SPDX-License-Identifier: MIT */
/* What is refused before anything is made, and in which words. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>

#include "lib/plan/check.h"
#include "support.h"

static char *const *const argv = (char *const[]){"true", NULL};

/* A value that no int can have; where no long is wider than that, one that is negative. */
#define NO_INT(value) ((long)(LONG_MAX > INT_MAX ? (value) : -1))

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
	int r;

	memset(&error, 0xff, sizeof(error));
	r = spu__check_options(program, options, &checked, &error);
	ck_assert_msg(r == -err, "line %d: %d, not %d", line, r, -err);
	ck_assert_int_eq(error.err, err);
	ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
	ck_assert_msg(error.index == index, "line %d: index %d", line, error.index);
	ck_assert_int_eq(error.signal, 0);
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
	ck_assert_int_eq(spu_explain_exec(program, options, &explained, &other), -err);
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
	ASSERT_REFUSED(EINVAL, -1, "reserved is not 0", .reserved_word = 1);
	ASSERT_REFUSED(EINVAL, -1, "umask: not 0 to 0777", .umask = SPU_SET(01000));
	ASSERT_REFUSED(EINVAL, -1, "umask: not 0 to 0777", .umask = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "pgroup: not a process group", .pgroup = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "pgroup: not a process group",
		       .pgroup = SPU_SET(NO_INT(1LL + INT_MAX)));
	ASSERT_REFUSED(EINVAL, -1, "ctty: not a descriptor", .flags = SPU_SETSID,
		       .ctty = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "foreground: not a descriptor", .foreground = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "foreground: not a descriptor",
		       .foreground = SPU_SET(NO_INT(1LL << 40)));
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
	ASSERT_REFUSED(EINVAL, -1, "gid: not a group id", .gid = SPU_SET(NO_INT(1LL << 32)),
		       .groups = groups);
	ASSERT_REFUSED(EINVAL, -1, "uid, gid: groups are not given", .uid = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "uid, gid: groups are not given", .gid = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "groups: not with SPU_KEEP_GROUPS", .groups = groups,
		       .flags = SPU_KEEP_GROUPS);
	ASSERT_REFUSED(EINVAL, -1, "group_count: without groups", .group_count = 1);
	ASSERT_REFUSED(EINVAL, -1, "cpu_count: without cpus", .cpu_count = 1);
	ASSERT_REFUSED(EINVAL, -1, "cgroup: no name", .cgroup = "");
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
	ASSERT_REFUSED(EINVAL, -1, "scheduler: unknown policy", .scheduler = SPU_SET(4));
	ASSERT_REFUSED(EINVAL, -1, "scheduler: unknown policy", .scheduler = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "scheduler: SCHED_DEADLINE takes more than a priority",
		       .scheduler = SPU_SET(6 | SCHED_RESET_ON_FORK));
	ASSERT_REFUSED(EINVAL, -1, "scheduler: SCHED_FIFO and SCHED_RR need a sched_priority",
		       .scheduler = SPU_SET(SCHED_RR));
	ASSERT_REFUSED(EINVAL, -1, "sched_priority: only SCHED_FIFO and SCHED_RR have one",
		       .scheduler = SPU_SET(SCHED_BATCH), .sched_priority = SPU_SET(1));
	ASSERT_REFUSED(EINVAL, -1, "sched_priority: not 0 to 99", .sched_priority = SPU_SET(100));
	ASSERT_REFUSED(EINVAL, -1, "ioprio: not a class and a level of 0 to 7",
		       .ioprio = SPU_SET(SPU_IOPRIO(4, 0)));
	ASSERT_REFUSED(EINVAL, -1, "ioprio: not a class and a level of 0 to 7",
		       .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_BEST_EFFORT, 8)));
	ASSERT_REFUSED(EINVAL, -1, "ioprio: not a class and a level of 0 to 7",
		       .ioprio = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "landlock_rules: without landlock_access",
		       .landlock_rules = SPU_RULES(SPU_BENEATH("/", 0)));
	ASSERT_REFUSED(EINVAL, 1, "landlock_rules: access that isn't in landlock_access",
		       .landlock_access = 3,
		       .landlock_rules = SPU_RULES(SPU_BENEATH("/", 1), SPU_BENEATH("/", 4)));
	ASSERT_REFUSED(EINVAL, 0, "landlock_rules: no path", .landlock_access = 3,
		       .landlock_rules = SPU_RULES(SPU_BENEATH(NULL, 1)));
	ASSERT_REFUSED(EINVAL, 0, "landlock_rules: unknown kind", .landlock_access = 3,
		       .landlock_rules = SPU_RULES({2, 0, 1, "/"}));
	ASSERT_REFUSED(EINVAL, 0, "landlock_rules: reserved is not 0", .landlock_access = 3,
		       .landlock_rules = SPU_RULES({1, 1, 1, "/"}));
	ASSERT_REFUSED(EINVAL, -1, "seccomp_count: without seccomp", .seccomp_count = 1);
	ASSERT_REFUSED(EINVAL, -1, "seccomp_count: not 1 to 4096", .seccomp = cpus);
	ASSERT_REFUSED(EINVAL, -1, "seccomp_count: not 1 to 4096", .seccomp = cpus,
		       .seccomp_count = 4097);
	ASSERT_REFUSED(EINVAL, -1, "inheritable_caps: not a set of",
		       .inheritable_caps = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "ambient_caps: not a set of", .ambient_caps = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "bounding_set: not a set of", .bounding_set = SPU_SET(-1));
	ASSERT_REFUSED(EINVAL, -1, "securebits: not a set of", .securebits = SPU_SET(256));
	ASSERT_REFUSED(EINVAL, -1, "ambient_caps: one that isn't in inheritable_caps",
		       .inheritable_caps = SPU_SET(SPU_CAP(1)),
		       .ambient_caps = SPU_SET(SPU_CAP(1) | SPU_CAP(2)));
	ASSERT_REFUSED(EINVAL, -1, "ioprio: the class none has no level",
		       .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_NONE, 3)));
	ASSERT_REFUSED(EINVAL, -1, "ioprio: the class idle has no level",
		       .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_IDLE, 3)));
	ASSERT_REFUSED(EINVAL, -1, "pdeathsig: no signal", .pdeathsig = SPU_SET(0));
	ASSERT_REFUSED(EINVAL, -1, "pdeathsig: no signal", .pdeathsig = SPU_SET(65));
	ASSERT_REFUSED(EINVAL, -1, "pdeathsig: a detached child's parent",
		       .pdeathsig = SPU_SET(SIGTERM), .flags = SPU_DETACH);
	ASSERT_REFUSED(EINVAL, 1, "limit cpu: the soft one is above the hard one",
		       .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 5, 5),
					    SPU_LIMIT(RLIMIT_CPU, 2, 1)));
	ASSERT_REFUSED(EINVAL, 0, "limit nofile: unknown kind",
		       .limits = SPU_LIMITS({2, RLIMIT_NOFILE, 1, 1}));
	ASSERT_REFUSED(EINVAL, 0, "limit 99: the soft one is above",
		       .limits = SPU_LIMITS(SPU_LIMIT(99, 2, 1)));
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
	ASSERT_REFUSED(EINVAL, -1, "pid_variable: \"\" is not a name", .pid_variable = "");
	ASSERT_REFUSED(EINVAL, -1, "pid_variable: A=1 is not a name", .pid_variable = "A=1");
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
		       .fds = SPU_FDS({.kind = SPU_FD_OPEN, .fd = 4, .flags = O_CREAT,
				       .mode = 010000, .path = "/x"}));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: nowhere to store the caller's end",
		       .fds = SPU_FDS(SPU_PIPE_IN(4, NULL)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: nowhere to store the caller's end",
		       .fds = SPU_FDS(SPU_PIPE_OUT(4, NULL)));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: nowhere to store the caller's end",
		       .fds = SPU_FDS(SPU_PTY(4, NULL)));
	ASSERT_REFUSED(EINVAL, 1, "descriptor 4: unknown kind",
		       .fds = SPU_FDS(SPU_NULL(1), {.kind = 10, .fd = 4, .ret_fd = &number}));
	ASSERT_REFUSED(EINVAL, 0, "descriptor 4: unknown kind",
		       .fds = SPU_FDS({.kind = -1, .fd = 4, .ret_fd = &number}));
}
END_TEST

/* Every member of every kind that hasn't got it */
START_TEST(what_a_descriptors_kind_does_not_have_is_refused)
{
	static int end;
	static const struct spu_fd kinds[] = {
		SPU_KEEP(4), SPU_MAP(4, 1), SPU_SAME(4, 1), SPU_OPEN(4, "/x", O_CREAT),
		SPU_NULL(4), SPU_CLOSE(4), SPU_PIPE_IN(4, &end), SPU_PIPE_OUT(4, &end),
		SPU_PTY(4, &end),
	};
	static const struct termios modes;
	static const struct winsize size;
	static const struct spu_fd junk[] = {
		{.from = 7}, {.flags = O_APPEND}, {.mode = 0600}, {.path = "x"}, {.ret_fd = &end},
		{.termios = &modes}, {.winsize = &size},
	};
	/* a bit for each of junk, by the kind's number */
	static const unsigned has[] = {0, 0, 1, 1, 2 | 4 | 8, 0, 0, 16, 16, 16 | 32 | 64};
	struct spu_options options = SPU_OPTIONS_INIT, checked;
	struct spu_error error;
	struct spu_fd fds[2] = {{0}};
	size_t i, j;

	options.fds = fds;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		fds[0] = kinds[i];
		ck_assert_int_eq(spu__check_options(argv, &options, &checked, &error), 0);
		for (j = 0; j < sizeof(junk) / sizeof(junk[0]); j++) {
			if (has[kinds[i].kind] & 1u << j)
				continue;
			fds[0] = kinds[i];
			fds[0].from |= junk[j].from;
			fds[0].flags |= junk[j].flags;
			fds[0].mode |= junk[j].mode;
			fds[0].path = fds[0].path ? fds[0].path : junk[j].path;
			fds[0].ret_fd = fds[0].ret_fd ? fds[0].ret_fd : junk[j].ret_fd;
			fds[0].termios = junk[j].termios;
			fds[0].winsize = junk[j].winsize;
			assert_refused(argv, &options, EINVAL, 0, "descriptor 4: its kind has no ",
				       __LINE__);
		}
		for (j = 0; j < sizeof(fds[0].reserved_words) / sizeof(uintptr_t); j++) {
			fds[0] = kinds[i];
			fds[0].reserved_words[j] = 1;
			assert_refused(argv, &options, EINVAL, 0,
				       "descriptor 4: reserved is not 0", __LINE__);
		}
	}
}
END_TEST

/* A struct that is filled member by member, or not at all */
START_TEST(a_number_without_its_set_is_refused)
{
	struct spu_options options;
	struct spu_value *const values[] = {
		&options.uid, &options.gid, &options.nice, &options.pdeathsig, &options.umask,
		&options.pgroup, &options.ctty, &options.foreground, &options.oom_score_adj,
		&options.scheduler, &options.sched_priority, &options.ioprio, &options.program_fd,
		&options.inheritable_caps, &options.ambient_caps, &options.bounding_set,
		&options.securebits,
	};
	static const char *const names[] = {"uid", "gid", "nice", "pdeathsig", "umask", "pgroup",
					    "ctty", "foreground", "oom_score_adj", "scheduler",
					    "sched_priority", "ioprio", "program_fd",
					    "inheritable_caps", "ambient_caps", "bounding_set",
					    "securebits"};
	char text[80];
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		options = (struct spu_options)SPU_OPTIONS_INIT;
		values[i]->value = 9;
		snprintf(text, sizeof(text), "%s: a value, but set is 0", names[i]);
		assert_refused(argv, &options, EINVAL, -1, text, __LINE__);
		values[i]->set = 7;
		snprintf(text, sizeof(text), "%s: set is neither 0 nor 1", names[i]);
		assert_refused(argv, &options, EINVAL, -1, text, __LINE__);
	}
}
END_TEST

/* Whoever launches and doesn't wait ends no program. */
START_TEST(what_a_call_can_not_carry_out_is_refused)
{
	static struct spu_exit usage = SPU_EXIT_INIT;
	static const struct spu_options cases[] = {
		{.size = sizeof(cases[0]), .grace_ms = 60000},
		{.size = sizeof(cases[0]), .stop_signal = SIGINT},
		{.size = sizeof(cases[0]), .ret_exit = &usage},
	};
	static const char *const texts[] = {
		"grace_ms: this call doesn't wait for the child's end",
		"stop_signal: this call doesn't wait for the child's end",
		"ret_exit: this call doesn't wait for the child's end",
	};
	struct spu_output output = {0};
	struct spu_error error;
	struct spu_child child;
	char *explained;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(spu_spawn(&child, argv, &cases[i], &error), -EINVAL);
		ck_assert_str_eq(error.text, texts[i]);
		ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
		ck_assert_int_eq(spu_explain(argv, &cases[i], &explained, &error), -EINVAL);
		ck_assert_str_eq(error.text, texts[i]);
		ck_assert_int_eq(spu_exec(argv, &cases[i], &error), -EINVAL);
		ck_assert_str_eq(error.text, texts[i]);
		ck_assert_int_eq(spu_run(argv, &cases[i], NULL, NULL), 0);
		ck_assert_int_eq(spu_system_with("true", &cases[i], NULL, NULL), 0);
		ck_assert_int_eq(spu_capture(argv, &cases[i], NULL, 0, &output, NULL, NULL, NULL),
				 0);
		free(output.data);
	}
	ck_assert_int_eq(spu_exec(argv, SPU_OPTIONS(.timeout_ms = 60000), &error), -EINVAL);
	ck_assert_str_eq(error.text, "timeout_ms: spu_exec makes no child to give up");
}
END_TEST

START_TEST(defaults_are_filled_in)
{
	struct spu_options checked;
	struct spu_error error = {.err = 4711};

	ck_assert_int_eq(spu__check_options(argv, NULL, &checked, &error), 0);
	ck_assert_uint_eq(checked.method,
			  is_by_libc() ? SPU_METHOD_POSIX_SPAWN : SPU_METHOD_VFORK);
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
	/* sizeof of a pointer: what is asked for must not be dropped */
	for (options.size = 1; options.size < sizeof(options); options.size++)
		assert_refused(argv, &options, EINVAL, -1, "options.size is ", __LINE__);
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
	tcase_add_test(tests, what_a_descriptors_kind_does_not_have_is_refused);
	tcase_add_test(tests, a_number_without_its_set_is_refused);
	tcase_add_test(tests, what_a_call_can_not_carry_out_is_refused);
	tcase_add_test(tests, defaults_are_filled_in);
	tcase_add_test(tests, every_signal_can_be_named);
	tcase_add_test(tests, a_newer_struct_is_taken_if_nothing_new_is_used);
	tcase_add_test(tests, a_size_that_cannot_be_is_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
