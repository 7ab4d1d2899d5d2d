/* SPDX-License-Identifier: MIT */
/* Rights and resources. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "launches.h"

#define SUITE "rights"

/* The lines of the child's /proc/self/status and the like, by a program in sh. */
static const char *tell(const char *command, const struct spu_options *options)
{
	struct spu_options mine = *options;
	struct spu_fd fds[8] = {SPU_OPEN(1, in_scratch("told"), O_WRONLY)};
	struct spu_error error;
	int status, r, i;

	write_file("told", "", 0666);
	for (i = 0; options->fds && options->fds[i].kind; i++)
		fds[i + 1] = options->fds[i];
	mine.fds = fds;
	r = spu_run(SPU_ARGV("/bin/sh", "-c", command), &mine, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	return read_all(open(in_scratch("told"), O_RDONLY | O_CLOEXEC));
}

#define ASSERT_TELLS(text, command, ...) \
	ck_assert_str_eq(tell(command, SPU_OPTIONS(__VA_ARGS__)), text)

START_TEST(limits_are_the_childs_alone)
{
	struct rlimit before, after;

	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	getrlimit(RLIMIT_NOFILE, &before);
	ASSERT_TELLS("7\n9\n0\n", "ulimit -Sn; ulimit -Hn; ulimit -Sc",
		     .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 7, 9),
					  SPU_LIMIT(RLIMIT_CORE, 0, 0)));
	getrlimit(RLIMIT_NOFILE, &after);
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
}
END_TEST

/* What is given stays, above the limit too. */
START_TEST(the_limit_of_open_files_does_not_hinder_what_is_opened)
{
	int fd = fcntl(open("/dev/zero", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 600);

	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	ck_assert_int_ge(fd, 600);
	ASSERT_TELLS("4\n/dev/null\n/dev/zero\n",
		     "ulimit -n; readlink /proc/$$/fd/20; readlink /proc/$$/fd/21",
		     .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 4, 4)),
		     .fds = SPU_FDS(SPU_NULL(20), SPU_MAP(21, fd)));
}
END_TEST

START_TEST(a_limit_that_is_refused_is_named)
{
	if (geteuid() != 0)
		SKIP(SUITE, "needs root, who may lower and not raise beyond the kernel's");
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0),
						      SPU_LIMIT(RLIMIT_NOFILE, 9, RLIM_INFINITY))),
		     EPERM, SPU_STEP_LIMIT, 1, "limit nofile: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.limits = SPU_LIMITS(SPU_LIMIT(99, 0, 0))), EINVAL,
		     SPU_STEP_LIMIT, 0, "Invalid argument");
}
END_TEST

START_TEST(nice_is_added_to_the_callers)
{
	int before = getpriority(PRIO_PROCESS, 0);
	char wanted[16];

	if (before > 14)
		SKIP(SUITE, "this process is nice itself: %d", before);
	snprintf(wanted, sizeof(wanted), "%d\n", before + 5);
	ASSERT_TELLS(wanted, "cut -d' ' -f19 /proc/self/stat", .nice = SPU_SET(5));
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), before);
}
END_TEST

START_TEST(cpus_are_the_childs_alone)
{
	char command[64], own[64], told[64];
	cpu_set_t before, after;
	int cpu = 0;

	sched_getaffinity(0, sizeof(before), &before);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	snprintf(command, sizeof(command), "sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status");
	snprintf(told, sizeof(told), "%d\n", cpu);
	snprintf(own, sizeof(own), "%s", tell(command, SPU_OPTIONS(.cpus = &cpu, .cpu_count = 1)));
	ck_assert_str_eq(own, told);
	sched_getaffinity(0, sizeof(after), &after);
	ck_assert(CPU_EQUAL(&before, &after));
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.cpus = (const int[]){8000}, .cpu_count = 1), EINVAL,
		     SPU_STEP_CPUS, -1, "cpus: Invalid argument");
}
END_TEST

/* Of /proc/PID/stat: the real-time priority and the policy. */
#define SCHEDULING "cut -d' ' -f40,41 /proc/self/stat"

START_TEST(the_scheduling_policy_is_the_childs_alone)
{
	int before = sched_getscheduler(0);

	if (before != SCHED_OTHER)
		SKIP(SUITE, "this process has a policy of its own: %d", before);
	ASSERT_TELLS("0 3\n", SCHEDULING, .scheduler = SPU_SET(SCHED_BATCH));
	ASSERT_TELLS("0 5\n", SCHEDULING, .scheduler = SPU_SET(SCHED_IDLE));
	ck_assert_int_eq(sched_getscheduler(0), before);
}
END_TEST

START_TEST(a_priority_comes_with_its_policy)
{
	NEED_ROOT();
	chmod(scratch(), 0755);
	/* the shell's, and that of what it launches */
	ASSERT_TELLS("8 2\n0 0\n", "cut -d' ' -f40,41 /proc/$$/stat; (" SCHEDULING "); true",
		     .scheduler = SPU_SET(SCHED_RR | SCHED_RESET_ON_FORK),
		     .sched_priority = SPU_SET(8));
	ASSERT_TELLS("9 1\n", SCHEDULING, .scheduler = SPU_SET(SCHED_FIFO),
		     .sched_priority = SPU_SET(9));
	/* before the ids go, which have the right to it */
	ASSERT_TELLS("3 2\n", SCHEDULING, .scheduler = SPU_SET(SCHED_RR),
		     .sched_priority = SPU_SET(3), .uid = SPU_SET(65534),
		     .flags = SPU_KEEP_GROUPS);
}
END_TEST

START_TEST(a_priority_alone_is_one_in_the_callers_policy)
{
	const struct sched_param priority = {.sched_priority = 2};

#ifdef BY_SERVER
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.sched_priority = SPU_SET(0)), ENOTSUP,
		     SPU_STEP_OPTIONS, -1, "sched_priority: without scheduler it is about the policy");
	return;
#endif
	if (sched_getscheduler(0) != SCHED_OTHER)
		SKIP(SUITE, "this process has a policy of its own");
	ASSERT_TELLS("0 0\n", SCHEDULING, .sched_priority = SPU_SET(0));
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.sched_priority = SPU_SET(7)), EINVAL,
		     SPU_STEP_SCHEDULER, -1, "sched_priority 7: Invalid argument");
	if (sched_setscheduler(0, SCHED_RR, &priority) < 0)
		SKIP(SUITE, "no real-time policy is to be had: %m");
	ASSERT_TELLS("5 2\n", SCHEDULING, .sched_priority = SPU_SET(5));
	ck_assert_int_eq(sched_getscheduler(0), SCHED_RR);
}
END_TEST

START_TEST(the_io_priority_is_the_childs_alone)
{
	long before = syscall(SYS_ioprio_get, 1, 0);

	if (access("/usr/bin/ionice", X_OK) < 0)
		SKIP(SUITE, "there is no ionice(1)");
	ASSERT_TELLS("best-effort: prio 6\n", "ionice -p $$",
		     .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_BEST_EFFORT, 6)));
	ASSERT_TELLS("idle\n", "ionice -p $$", .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_IDLE, 0)));
	ck_assert_int_eq(syscall(SYS_ioprio_get, 1, 0), before);
}
END_TEST

START_TEST(no_new_privs_is_the_childs_alone)
{
	const char *command = "sed -n 's/^NoNewPrivs:.//p' /proc/self/status";
	int before = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	ASSERT_TELLS("1\n", command, .flags = SPU_NO_NEW_PRIVS);
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), before);
	ck_assert_str_eq(tell(command, SPU_OPTIONS(.flags = 0)), before ? "1\n" : "0\n");
}
END_TEST

static const gid_t two_groups[] = {7, 65533};

START_TEST(ids_are_real_effective_and_saved)
{
	const char *command = "sed -n 's/^[UG]id:.//p; s/^Groups:.\\([0-9 ]*[0-9]\\).*/\\1/p' "
			      "/proc/self/status";

	NEED_ROOT();
	chmod(scratch(), 0755);
	ASSERT_TELLS("65534\t65534\t65534\t65534\n65532\t65532\t65532\t65532\n7 65533\n", command,
		     .uid = SPU_SET(65534), .gid = SPU_SET(65532), .groups = two_groups,
		     .group_count = 2);
	ASSERT_TELLS("65534\t65534\t65534\t65534\n65532\t65532\t65532\t65532\n", command,
		     .uid = SPU_SET(65534), .gid = SPU_SET(65532), .groups = two_groups);
	ASSERT_TELLS("0\t0\t0\t0\n0\t0\t0\t0\n7\n", command, .groups = two_groups,
		     .group_count = 1);
	ck_assert_int_eq(geteuid(), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
END_TEST

/* With the new ids, the umask, in the new root and from the new directory. */
START_TEST(files_are_opened_after_all_that_they_depend_on)
{
	struct spu_error error;
	struct stat st;
	int status, r;

	NEED_ROOT();
	chmod(scratch(), 0755);
	ck_assert_int_eq(mkdir(in_scratch("below"), 0777), 0);
	chmod(in_scratch("below"), 0777);
	write_file("secret", "", 0600);
	r = spu_run(SPU_ARGV("/bin/true"),
		    SPU_OPTIONS(.uid = SPU_SET(65534), .gid = SPU_SET(65532), .groups = two_groups,
				.umask = SPU_SET(027), .cwd = in_scratch("below"),
				.fds = SPU_FDS(SPU_OPEN(1, "made", O_WRONLY | O_CREAT))),
		    &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(stat(in_scratch("below/made"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 65534);
	ck_assert_uint_eq(st.st_gid, 65532);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.uid = SPU_SET(65534), .groups = two_groups, .cwd = scratch(),
				 .fds = SPU_FDS(SPU_OPEN(0, "secret", O_RDONLY))),
		     EACCES, SPU_STEP_OPEN, 0, "open 0<secret: Permission denied");
	/* in the other root there is the file, and no program */
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.root = scratch(), .cwd = "/below",
				 .fds = SPU_FDS(SPU_OPEN(0, "/below/made", O_RDONLY),
						SPU_OPEN(1, "../secret", O_RDONLY))),
		     ENOENT, SPU_STEP_EXEC, 0, "exec /bin/true");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.root = "/nowhere"), ENOENT, SPU_STEP_ROOT,
		     -1, "chroot /nowhere: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.root = "/", .cwd = "/nowhere"), ENOENT,
		     SPU_STEP_CWD, -1, "chdir /nowhere: No such file or directory");
	ASSERT_TELLS("/\n", "pwd", .root = "/");
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
END_TEST

static void fail_without_rights(void)
{
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.groups = two_groups), EPERM,
		     SPU_STEP_GROUPS, -1, "setgroups: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.gid = SPU_SET(0), .flags = SPU_KEEP_GROUPS),
		     EPERM, SPU_STEP_GID, -1, "setgid 0: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.uid = SPU_SET(1), .flags = SPU_KEEP_GROUPS),
		     EPERM, SPU_STEP_UID, -1, "setuid 1: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.root = "/"), EPERM, SPU_STEP_ROOT, -1,
		     "chroot /: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.nice = SPU_SET(-20 - getpriority(PRIO_PROCESS, 0))), EACCES,
		     SPU_STEP_NICE, -1, "nice -20: Permission denied");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.scheduler = SPU_SET(SCHED_FIFO),
							.sched_priority = SPU_SET(10)),
		     EPERM, SPU_STEP_SCHEDULER, -1, "scheduler fifo 10: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_REALTIME, 0))), EPERM,
		     SPU_STEP_IOPRIO, -1, "ioprio realtime 0: Operation not permitted");
}

START_TEST(what_needs_rights_says_so)
{
	NEED_ROOT();
	in_own_process(fail_without_rights);
}
END_TEST

static struct spu_child orphan;

static void *launch_and_end(void *options)
{
	struct spu_error error;
	int r = spu_spawn(&orphan, SPU_ARGV("/bin/sleep", "100"), options, &error);

	ASSERT_OK(r, error);
	return NULL;
}

/* It follows the thread, not the process; changed ids would have cleared it. */
START_TEST(the_child_is_told_when_its_launching_thread_ends)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	pthread_t thread;
	int status;

	SKIP_BY_SERVER(SUITE, SERVERS_THREAD);
	options.pdeathsig = SPU_SET(SIGUSR2);
	if (_i) {
		NEED_ROOT();
		options.uid = options.gid = SPU_SET(65534);
		options.flags = SPU_KEEP_GROUPS;
	}
	pthread_create(&thread, NULL, launch_and_end, &options);
	pthread_join(thread, NULL);
	ck_assert_int_eq(spu_wait(&orphan, 60000, &status), 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2);
	spu_child_release(&orphan);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, limits_are_the_childs_alone);
	tcase_add_test(tests, the_limit_of_open_files_does_not_hinder_what_is_opened);
	tcase_add_test(tests, a_limit_that_is_refused_is_named);
	tcase_add_test(tests, nice_is_added_to_the_callers);
	tcase_add_test(tests, cpus_are_the_childs_alone);
	tcase_add_test(tests, the_scheduling_policy_is_the_childs_alone);
	tcase_add_test(tests, a_priority_comes_with_its_policy);
	tcase_add_test(tests, a_priority_alone_is_one_in_the_callers_policy);
	tcase_add_test(tests, the_io_priority_is_the_childs_alone);
	tcase_add_test(tests, no_new_privs_is_the_childs_alone);
	tcase_add_test(tests, ids_are_real_effective_and_saved);
	tcase_add_test(tests, files_are_opened_after_all_that_they_depend_on);
	tcase_add_test(tests, what_needs_rights_says_so);
	tcase_add_loop_test(tests, the_child_is_told_when_its_launching_thread_ends, 0, 2);
	return run_suite(suite);
}
