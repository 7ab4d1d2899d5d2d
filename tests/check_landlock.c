/* SPDX-License-Identifier: MIT */
/* What a program may do in the file system, and what it may not. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "arch/arch.h"
#include "held.h"
#include "launches.h"

#define SUITE "landlock"

#define EXECUTE 0x1u
#define WRITE_FILE 0x2u
#define READ_FILE 0x4u
#define READ_DIR 0x8u
#define REMOVE_FILE 0x20u
#define MAKE_REG 0x100u
#define TRUNCATE 0x4000u

static long version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

#define NEED_LANDLOCK() \
	do { \
		if (version() < 1) \
			SKIP(SUITE, "no Landlock in this kernel: %m"); \
		chmod(scratch(), 0755); \
	} while (0)

/* By a shell; what it prints of refusals goes nowhere. */
static int shell(const char *script, struct spu_options options)
{
	static const struct spu_fd fds[] = {SPU_NULL(0), SPU_NULL(2), {0}};

	options.size = sizeof(options);
	options.cwd = scratch();
	if (!options.fds)
		options.fds = fds;
	return exit_of(SPU_ARGV("/bin/sh", "-c", script), &options);
}

#define SHELL(script, ...) shell(script, (struct spu_options){ \
	.flags = SPU_NO_NEW_PRIVS, __VA_ARGS__})

START_TEST(what_is_taken_is_had_where_a_rule_gives_it)
{
	const uint64_t writing = WRITE_FILE | MAKE_REG;

	NEED_LANDLOCK();
	ck_assert_int_eq(mkdir(in_scratch("yes"), 0777), 0);
	ck_assert_int_eq(mkdir(in_scratch("no"), 0777), 0);
	ck_assert_int_eq(SHELL("echo >yes/file && echo >no/file", .landlock_access = 0), 0);
	ck_assert_int_eq(SHELL("echo >yes/file && ! echo >no/file && ! echo >no/new && "
			       "test -e no/file && rm no/file",
			       .landlock_access = writing,
			       .landlock_rules = SPU_RULES(
					SPU_BENEATH(in_scratch("yes"), writing),
					SPU_BENEATH("/dev/null", WRITE_FILE))), 0);
	ck_assert_int_eq(SHELL("! echo >yes/file", .landlock_access = writing), 0);
	ck_assert_int_eq(SHELL("! echo >yes/file", .landlock_access = writing,
			       .timeout_ms = 86400000), 0);
	/* a file alone, and a right that it can't have */
	ck_assert_int_eq(SHELL("echo >yes/file && ! echo >yes/new", .landlock_access = writing,
			       .landlock_rules = SPU_RULES(
					SPU_BENEATH(in_scratch("yes/file"), writing))), 0);
	/* the caller is as free as before */
	close(open(in_scratch("no/by_caller"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	ck_assert_int_eq(access(in_scratch("no/by_caller"), F_OK), 0);
}
END_TEST

/* Under an ordinary user, and with root's rights: neither gets out of it. */
START_TEST(nobody_gets_out)
{
	const char *attack = "! cat secret && ! cat ../../$PWD/secret && ! ln secret other && "
			     "! sh -c 'exec 3<secret' && ! cp /proc/1/root/$PWD/secret . && "
			     "cat <&4";
	struct spu_options options = {
		.flags = SPU_NO_NEW_PRIVS,
		.landlock_access = READ_FILE | MAKE_REG,
		.landlock_rules = SPU_RULES(SPU_BENEATH("/usr", READ_FILE),
			SPU_BENEATH("/etc", READ_FILE), SPU_BENEATH("/lib", READ_FILE),
			SPU_BENEATH("/dev", READ_FILE)),
		/* what was opened for it, it has */
		.fds = SPU_FDS(SPU_NULL(1), SPU_NULL(2), SPU_OPEN(4, "secret", O_RDONLY))};

	NEED_LANDLOCK();
	write_file("secret", "secret", 0644);
	if (_i) {
		NEED_ROOT();
		options.uid = options.gid = SPU_SET(65534);
		options.flags |= SPU_KEEP_GROUPS;
	}
	ck_assert_int_eq(shell(attack, options), 0);
}
END_TEST

/* The path is the caller's, and so is the right to it. */
START_TEST(rules_are_about_the_callers_files)
{
	NEED_LANDLOCK();
	ck_assert_int_eq(mkdir(in_scratch("yes"), 0777), 0);
	ck_assert_int_eq(chdir(scratch()), 0);
	ck_assert_int_eq(SHELL("echo >yes/file && ! echo >file",
			       .landlock_access = MAKE_REG,
			       .landlock_rules = SPU_RULES(SPU_BENEATH("yes", MAKE_REG))), 0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.landlock_access = MAKE_REG,
			.landlock_rules = SPU_RULES(SPU_BENEATH("/", 0), SPU_BENEATH("nowhere", 0))),
		     ENOENT, SPU_STEP_LANDLOCK, 1, "landlock rule nowhere: No such file or directory");
}
END_TEST

START_TEST(a_program_has_no_descriptor_more)
{
	struct identity zero;
	struct state_report *report;
	struct spu_fd fds[9] = {{0}};
	int i, other = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	NEED_LANDLOCK();
	zero = identity_of(other);
	for (i = 0; i < 8; i++)
		fds[i] = (struct spu_fd)SPU_MAP(3 + i, other);
	report = run_report(SPU_OPTIONS(.fds = fds, .landlock_access = REMOVE_FILE,
					.flags = SPU_NO_NEW_PRIVS));
	ck_assert_uint_eq(report->fd_count, count_standard() + 8);
	for (i = 0; i < 8; i++)
		ASSERT_HOLDS(report, 3 + i, zero);
}
END_TEST

static void enter_without_rights(void)
{
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.landlock_access = MAKE_REG), EPERM,
		     SPU_STEP_LANDLOCK, -1, "landlock: it needs no_new_privs, or CAP_SYS_ADMIN");
}

START_TEST(what_can_not_be_says_so)
{
	char text[80];

	if (version() < 1) {
		ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.landlock_access = 1), NULL,
					 NULL), -errno);
		SKIP(SUITE, "no Landlock in this kernel: %m");
	}
	snprintf(text, sizeof(text), "Landlock is of version %ld, which lacks 0x10000000", version());
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.landlock_access = 0x10000001), ENOTSUP,
		     SPU_STEP_LANDLOCK, -1, text);
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.landlock_access = EXECUTE, .flags = SPU_NO_NEW_PRIVS), EACCES,
		     SPU_STEP_EXEC, 0,
		     "exec /bin/true: the Landlock rules may forbid it: Permission denied");
	if (!prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))
		in_own_process(enter_without_rights);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, what_is_taken_is_had_where_a_rule_gives_it);
	tcase_add_loop_test(tests, nobody_gets_out, 0, 2);
	tcase_add_test(tests, rules_are_about_the_callers_files);
	tcase_add_test(tests, a_program_has_no_descriptor_more);
	tcase_add_test(tests, what_can_not_be_says_so);
	return run_suite(suite);
}
