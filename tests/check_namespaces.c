/* SPDX-License-Identifier: MIT */
/*
 * Process numbers that mean somebody else: /proc of another pid namespace, and
 * children who are born into another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "filters.h"
#include "launches.h"
#include "lib/server/server.h"
#include "served.h"

#define SUITE "namespaces"
#define NOBODY 65534

/* linux/sched.h's struct clone_args, as Linux 5.5 has it */
struct numbered_clone {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size;
};

static int can_make_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWPID | CLONE_NEWNS) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

#define NEED_NAMESPACES() \
	do { \
		NEED_ROOT(); \
		SKIP_UNDER_VALGRIND(SUITE, "valgrind looks at /proc itself"); \
		if (!can_make_namespaces()) \
			SKIP(SUITE, "no namespaces may be made here"); \
	} while (0)

static const unsigned flags_with_ids[] = {0, SPU_SETSID, SPU_NO_PIDFD};

/* The flag comes back, and with that the launch: nothing is waited for that can't be seen. */
static void launch_with_ids(void)
{
	struct spu_error error;
	size_t i;
	int r;

	ck_assert_int_eq(spu_run(SPU_ARGV("/bin/true"), NULL, NULL, NULL), 0);
	for (i = 0; i < sizeof(flags_with_ids) / sizeof(flags_with_ids[0]); i++) {
		r = spu_run(SPU_ARGV("/bin/true"),
			    SPU_OPTIONS(.flags = SPU_KEEP_GROUPS | flags_with_ids[i],
					.uid = SPU_SET(NOBODY)), NULL, &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
		r = spu_run(SPU_ARGV("/nowhere"),
			    SPU_OPTIONS(.flags = SPU_KEEP_GROUPS | flags_with_ids[i],
					.gid = SPU_SET(NOBODY)), NULL, &error);
		ck_assert_int_eq(r, -ENOENT);
		ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	}
}

static void launch_detached_with_ids(void)
{
	struct spu_child child;
	struct spu_error error;

	ASSERT_OK(spu_spawn(&child, SPU_ARGV("/bin/true"),
			    SPU_OPTIONS(.flags = SPU_KEEP_GROUPS | SPU_DETACH,
					.uid = SPU_SET(NOBODY)), &error), error);
	ck_assert_int_gt(child.pid, 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}

/* The first process of a new namespace, with /proc of the old one. */
static void be_in_another(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	in_own_process(launch_with_ids);
}

static void be_in_another_and_detach(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	in_own_process(launch_detached_with_ids);
}

static void (*const others[])(void) = {be_in_another, be_in_another_and_detach};

START_TEST(ids_where_proc_is_of_another_namespace)
{
	NEED_NAMESPACES();
	in_own_process(others[_i]);
}
END_TEST

/* It becomes the namespace's init: no attempt may come before it that ends */
static void launch_the_first_with_a_high_source(void)
{
	struct spu_error error;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), status, i;

	if (dup3(null, 900, O_CLOEXEC) < 0)
		return;	/* few descriptors */
	/* the first in a process fetches nothing */
	for (i = 0; i < 2; i++)
		ASSERT_OK(spu_run(SPU_ARGV("true"), NULL, &status, &error), error);
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	ASSERT_OK(spu_run(SPU_ARGV("sh", "-c", "exit $$"), SPU_OPTIONS(
			.fds = SPU_FDS(SPU_MAP(0, 900))), &status, &error), error);
	ck_assert_int_eq(status, 1 << 8);
}

START_TEST(the_first_process_of_a_namespace_may_have_high_sources)
{
	NEED_NAMESPACES();
	in_own_process(launch_the_first_with_a_high_source);
}
END_TEST

static void have_no_proc(void)
{
	ck_assert(make_own_mounts());
	ck_assert_int_eq(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	launch_with_ids();
	launch_detached_with_ids();
}

START_TEST(ids_where_there_is_no_proc)
{
	NEED_NAMESPACES();
	NEED_OWN_MOUNTS();
	in_own_process(have_no_proc);
}
END_TEST

/*
 * ---- The children alone are in another namespace
 */

/* From now on; its first process, which lives as long as this one. */
static void send_children_elsewhere(void)
{
	pid_t first;

	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	first = fork();
	if (first == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	ck_assert_int_gt(first, 0);
}

/* Its number would be one of there, which is somebody else's here. */
static void detach_elsewhere(void)
{
	struct spu_child child = {.pid = 4711};
	struct spu_error error;
	int r;

	send_children_elsewhere();
	r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH), &error);
	ck_assert_int_eq(r, -ENOTSUP);
	ck_assert_uint_eq(error.step, SPU_STEP_DETACH);
	ck_assert_str_eq(error.text, "detach: the child is in another pid namespace");
	ck_assert_int_eq(child.pid, 4711);
	launch_with_ids();
}

START_TEST(detaching_into_another_namespace_is_refused)
{
	NEED_NAMESPACES();
	in_own_process(detach_elsewhere);
}
END_TEST

/* A process there that has this one's number, and another file at the number that is given. */
static pid_t start_namesake(int high)
{
	pid_t number = getpid();
	struct numbered_clone args = {
		.exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1};
	int ready[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		if (dup2(open("/dev/full", O_RDONLY), high) != high || write(ready[1], "x", 1) != 1)
			_exit(1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid > 0)
		ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void give_beside_a_namesake(void)
{
	const char *path = report_file();
	struct state_report *report;
	struct stat st;
	int high = 600;

	ck_assert_int_eq(dup3(open("/dev/zero", O_RDONLY | O_CLOEXEC), high, O_CLOEXEC), high);
	ck_assert_int_eq(fstat(high, &st), 0);
	report_of(SPU_ARGV(report_state(), path), path, NULL);
	send_children_elsewhere();
	if (start_namesake(high) < 0)
		_exit(77);
	report = report_of(SPU_ARGV(report_state(), path), path,
			   SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(5, high))));
	ck_assert_uint_eq(report_find(report, 5)->inode, st.st_ino);
}

START_TEST(what_is_given_is_not_that_of_a_process_with_the_same_number)
{
	struct rlimit limit;
	int status;
	pid_t pid;

	NEED_NAMESPACES();
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 600)
		SKIP(SUITE, "no more than %ld descriptors here", (long)limit.rlim_cur);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		give_beside_a_namesake();
		fflush(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP(SUITE, "no process can be given its number here");
	ck_assert_int_eq(status, 0);
}
END_TEST

/*
 * ---- A copy with the number of the process that it is a copy of
 */

static int forks_wipe_what_is_to_be_wiped(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int status;
	pid_t pid;

	ck_assert_ptr_ne(page, MAP_FAILED);
	*page = 1;
	if (madvise(page, (size_t)size, MADV_WIPEONFORK) < 0)
		return 0;
	pid = fork();
	if (pid == 0)
		_exit(*page);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void use_the_server_of_a_namesake(struct spu_server *server)
{
	struct spu_error error;

	ck_assert_int_eq(getpid(), server->owner);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error),
			 -ECHILD);
	ck_assert_ptr_nonnull(strstr(error.text, "has started it"));
	spu_server_stop(server);
	_exit(0);
}

/* The first one of its namespace, as its copy is of the next. */
static void share_a_server_with_a_namesake(void)
{
	struct spu_server *server = start_server(0);
	int status;
	pid_t copy;

	ck_assert_int_eq(getpid(), 1);
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	copy = fork();
	if (copy == 0)
		use_the_server_of_a_namesake(server);
	ck_assert_int_eq(waitpid(copy, &status, 0), copy);
	ck_assert_int_eq(status, 0);
	/* its end would have come before the copy's */
	ck_assert_int_eq(waitpid(server->process.pid, &status, WNOHANG), 0);
	spu_server_stop(server);
}

static void be_the_first_with_a_server(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	in_own_process(share_a_server_with_a_namesake);
}

START_TEST(a_copy_with_its_owners_number_does_not_end_a_server)
{
	NEED_NAMESPACES();
	if (!forks_wipe_what_is_to_be_wiped())
		SKIP(SUITE, "the kernel wipes nothing at fork");
	in_own_process(be_the_first_with_a_server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, ids_where_proc_is_of_another_namespace, 0, 2);
	tcase_add_test(tests, the_first_process_of_a_namespace_may_have_high_sources);
	tcase_add_test(tests, ids_where_there_is_no_proc);
	tcase_add_test(tests, detaching_into_another_namespace_is_refused);
	tcase_add_test(tests, what_is_given_is_not_that_of_a_process_with_the_same_number);
	tcase_add_test(tests, a_copy_with_its_owners_number_does_not_end_a_server);
	return run_suite(suite);
}
