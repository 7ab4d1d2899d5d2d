/* SPDX-License-Identifier: MIT */
/*
 * Who has the last word about the dumpable flag of a process whose children
 * change their ids.
 *
 * suite: alone (it changes fs.suid_dumpable for a moment)
 */
#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "gate.h"
#include "launches.h"

#define SUITE "dumpable"
#define KEY "/proc/sys/fs/suid_dumpable"

static char before = '0';

static int read_key(void)
{
	int fd = open(KEY, O_RDONLY | O_CLOEXEC);
	char value = 0;

	if (fd < 0 || read(fd, &value, 1) != 1)
		value = 0;
	close(fd);
	return value;
}

static int write_key(char value)
{
	int fd = open(KEY, O_WRONLY | O_CLOEXEC), done = fd >= 0 && write(fd, &value, 1) == 1;

	close(fd);
	return done;
}

/* In the runner's process, so that it is put back whatever becomes of a test. */
static void set_key(void)
{
	before = (char)read_key();
	if (before)
		write_key('2');
}

static void put_back_key(void)
{
	if (before)
		write_key(before);
}

static void *launch_through_the_gate(void *unused)
{
	struct spu_error error;
	int r = spu_run(SPU_ARGV("/bin/true"), SPU_OPTIONS(
		.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS, .cwd = scratch(),
		.fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY))), NULL, &error);

	ASSERT_OK(r, error);
	return unused;
}

/* What the flag is after a launch during which the program does that. */
static int flag_after(void (*meanwhile)(void))
{
	pthread_t thread;
	int gate;

	ck_assert_int_eq(chmod(scratch(), 0755), 0);
	make_gate();
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("/bin/true"), NULL, NULL, NULL), 0);
	pthread_create(&thread, NULL, launch_through_the_gate, NULL);
	await_child_at_gate(getpid());
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 2);
	meanwhile();
	gate = open_gate();
	pthread_join(thread, NULL);
	close(gate);
	return prctl(PR_GET_DUMPABLE);
}

static void do_nothing(void)
{
}

static void clear_it(void)
{
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 0), 0);
}

#define NEED_KEY() \
	do { \
		NEED_ROOT(); \
		SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE); \
		if (read_key() != '2') \
			SKIP(SUITE, "fs.suid_dumpable may not be changed here"); \
	} while (0)

START_TEST(what_the_kernel_has_changed_is_put_back)
{
	NEED_KEY();
	ck_assert_int_eq(flag_after(do_nothing), 1);
}
END_TEST

START_TEST(what_the_program_has_set_meanwhile_stays)
{
	NEED_KEY();
	ck_assert_int_eq(flag_after(clear_it), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_unchecked_fixture(tests, set_key, put_back_key);
	tcase_add_test(tests, what_the_kernel_has_changed_is_put_back);
	tcase_add_test(tests, what_the_program_has_set_meanwhile_stays);
	return run_suite(suite);
}
