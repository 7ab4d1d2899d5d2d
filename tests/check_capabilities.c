/* SPDX-License-Identifier: MIT */
/* Capabilities, as the program has them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kernel.h"
#include "launches.h"

#define SUITE "capabilities"

#define CHOWN 0
#define SETPCAP 8
#define NET_BIND_SERVICE 10
#define NET_RAW 13

/* Its sets, as /proc has them: inheritable, permitted, effective, bounding, ambient. */
static const char *caps_with(struct spu_options options)
{
	static const struct spu_fd fds[] = {SPU_OPEN(1, "told", O_WRONLY | O_TRUNC), {0}};
	struct spu_error error;
	int status, r;

	write_file("told", "", 0666);
	chmod(in_scratch("told"), 0666);
	chmod(scratch(), 0755);
	options.size = sizeof(options);
	options.cwd = scratch();
	options.fds = fds;
	r = spu_run(SPU_ARGV("/usr/bin/awk", "/^Cap/ { printf \"%s \", $2 }",
			     "/proc/self/status"), &options, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	return read_all(open(in_scratch("told"), O_RDONLY | O_CLOEXEC));
}

#define ASSERT_CAPS(text, ...) \
	ck_assert_str_eq(caps_with((struct spu_options){__VA_ARGS__}), text)

static const gid_t no_groups[1];

#define NOBODY .uid = SPU_SET(65534), .gid = SPU_SET(65534), .groups = no_groups

/* Of the caller's bounding set, as much as it has here */
static uint64_t own_bounding;

static char *expect(uint64_t inheritable, uint64_t permitted, uint64_t bounding, uint64_t ambient)
{
	static char text[128];

	snprintf(text, sizeof(text), "%016lx %016lx %016lx %016lx %016lx ", (long)inheritable,
		 (long)permitted, (long)permitted, (long)bounding, (long)ambient);
	return text;
}

static int has(int capability)
{
	return own_bounding >> capability & 1;
}

static void need_capabilities(void)
{
	int number;

	for (number = 0; number < 63; number++)
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
			own_bounding |= UINT64_C(1) << number;
}

#define NEED_CAPABILITIES() \
	do { \
		NEED_ROOT(); \
		need_capabilities(); \
		if (!has(CHOWN) || !has(SETPCAP) || !has(NET_BIND_SERVICE) || !has(NET_RAW)) \
			SKIP(SUITE, "root has not all of them here"); \
	} while (0)

START_TEST(an_ordinary_user_has_what_is_ambient)
{
	const uint64_t net = SPU_CAP(NET_BIND_SERVICE);

	NEED_CAPABILITIES();
	ASSERT_CAPS(expect(net, net, own_bounding, net), NOBODY, .ambient_caps = SPU_SET((long)net));
	/* what comes with other ids, and a program that may get no more from a file */
	ASSERT_CAPS(expect(net, net, 0, net), NOBODY, .ambient_caps = SPU_SET((long)net),
		    .bounding_set = SPU_SET(0));
	ASSERT_CAPS(expect(net, net, own_bounding, net), NOBODY, .flags = SPU_NO_NEW_PRIVS,
		    .ambient_caps = SPU_SET((long)net));
	ASSERT_CAPS(expect(0, 0, own_bounding, 0), NOBODY);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	ck_assert_int_eq(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
}
END_TEST

START_TEST(it_may_do_what_they_are_for)
{
	NEED_CAPABILITIES();
	/* the owner of a file isn't it, and may give it away */
	write_file("file", "", 0644);
	chmod(scratch(), 0755);
	ck_assert_int_ne(exit_of(SPU_ARGV("chown", "1", in_scratch("file")),
				 SPU_OPTIONS(NOBODY, .fds = SPU_FDS(SPU_NULL(2)))), 0);
	ck_assert_int_eq(exit_of(SPU_ARGV("chown", "1", in_scratch("file")),
				 SPU_OPTIONS(NOBODY, .ambient_caps = SPU_SET(SPU_CAP(CHOWN)))), 0);
}
END_TEST

/* Its files are opened by whom it is, not with the rights that it was made with. */
START_TEST(no_right_is_left_where_files_are_opened)
{
	NEED_CAPABILITIES();
	chmod(scratch(), 0755);
	write_file("secret", "", 0600);
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(NOBODY, .ambient_caps = SPU_SET(SPU_CAP(NET_RAW)),
				 .securebits = SPU_SET(0),
				 .fds = SPU_FDS(SPU_OPEN(0, in_scratch("secret"), O_RDONLY))),
		     EACCES, SPU_STEP_OPEN, 0, "secret: Permission denied");
}
END_TEST

START_TEST(root_has_what_the_bounding_set_leaves)
{
	const uint64_t two = SPU_CAP(CHOWN) | SPU_CAP(SETPCAP);

	NEED_CAPABILITIES();
	ASSERT_CAPS(expect(0, two, two, 0), .bounding_set = SPU_SET((long)two));
	ASSERT_CAPS(expect(0, 0, 0, 0), .bounding_set = SPU_SET(0));
	ASSERT_CAPS(expect(two, own_bounding, own_bounding, 0),
		    .inheritable_caps = SPU_SET((long)two));
	/* SECBIT_NOROOT: root is a user as any */
	ASSERT_CAPS(expect(two, two, own_bounding, two), .securebits = SPU_SET(1),
		    .ambient_caps = SPU_SET((long)two));
	ASSERT_CAPS(expect(0, 0, own_bounding, 0), .securebits = SPU_SET(3));
	ck_assert_int_eq(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), 0);
	/* nobody would put it back here */
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}
END_TEST

START_TEST(securebits_come_with_other_ids_too)
{
	const char *script = "import ctypes, sys; sys.exit(ctypes.CDLL(None).prctl(27, 0, 0, 0, 0))";

	NEED_CAPABILITIES();
	if (access("/usr/bin/python3", X_OK) < 0)
		SKIP(SUITE, "there is no python3 to ask for them");
	ck_assert_int_eq(exit_of(SPU_ARGV("/usr/bin/python3", "-c", script),
				 SPU_OPTIONS(NOBODY, .securebits = SPU_SET(0xef))), 0xef);
	ck_assert_int_eq(exit_of(SPU_ARGV("/usr/bin/python3", "-c", script),
				 SPU_OPTIONS(NOBODY, .securebits = SPU_SET(0xc3),
					     .ambient_caps = SPU_SET(SPU_CAP(NET_RAW)))), 0xc3);
}
END_TEST

/* Without the right to them, and as an ordinary user. */
static void ask_for_more(void)
{
	const char *denied = "Operation not permitted";
	struct kernel_cap_head head = {KERNEL_CAP_VERSION_3, 0};
	struct kernel_cap_sets sets[2] = {{1, 1, 0}, {0, 0, 0}};

	if (geteuid() == 0) {
		ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
		ck_assert_int_eq(syscall(SYS_capset, &head, sets), 0);
	}
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.bounding_set = SPU_SET((long)own_bounding & LONG_MAX & ~SPU_CAP(NET_RAW))), EPERM, SPU_STEP_BOUNDING_SET, NET_RAW, "bounding_set: drop net_raw: ");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.securebits = SPU_SET(1)), EPERM,
		     SPU_STEP_SECUREBITS, -1, "securebits: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.inheritable_caps = SPU_SET(SPU_CAP(NET_RAW))),
		     EPERM, SPU_STEP_INHERITABLE_CAPS, -1, denied);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.ambient_caps = SPU_SET(SPU_CAP(NET_RAW))),
		     EPERM, SPU_STEP_INHERITABLE_CAPS, -1, denied);
	/* nothing is to be dropped, and one may ask for less */
	ck_assert_int_eq(exit_of(SPU_ARGV("true"), SPU_OPTIONS(
				 .bounding_set = SPU_SET((long)own_bounding), .ambient_caps = SPU_SET(0), .inheritable_caps = SPU_SET(0))), 0);
	if (prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 1)
		return;
	/* the one that it has it may give on */
	ASSERT_CAPS(expect(1, 1, own_bounding, 1), .ambient_caps = SPU_SET(SPU_CAP(CHOWN)));
}

START_TEST(who_lacks_the_right_is_told_so)
{
	need_capabilities();
	if (!has(NET_RAW))
		SKIP(SUITE, "there is nothing to drop");
	chmod(scratch(), 0777);
	in_own_process(ask_for_more);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, an_ordinary_user_has_what_is_ambient);
	tcase_add_test(tests, it_may_do_what_they_are_for);
	tcase_add_test(tests, no_right_is_left_where_files_are_opened);
	tcase_add_test(tests, root_has_what_the_bounding_set_leaves);
	tcase_add_test(tests, securebits_come_with_other_ids_too);
	tcase_add_test(tests, who_lacks_the_right_is_told_so);
	return run_suite(suite);
}
