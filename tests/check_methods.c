/* SPDX-License-Identifier: MIT */
/* Two methods, one end state; what the second can't do. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "arch/arch.h"
#include "launches.h"

#define SUITE "methods"

static void compare_methods(struct spu_options options)
{
	struct state_report *vfork_report, *posix_report;
	size_t i;

	options.method = SPU_METHOD_VFORK;
	vfork_report = run_report(&options);
	options.method = SPU_METHOD_POSIX_SPAWN;
	posix_report = run_report(&options);
	ck_assert_uint_eq(vfork_report->fd_count, posix_report->fd_count);
	for (i = 0; i < vfork_report->fd_count; i++) {
		const struct report_fd *one = &vfork_report->fds[i],
				       *other = report_find(posix_report, one->fd);

		ck_assert_ptr_nonnull(other);
		ck_assert(one->device == other->device && one->inode == other->inode);
		ck_assert_int_eq(one->flags, other->flags);
		ck_assert_int_eq(one->cloexec, other->cloexec);
	}
	ck_assert_uint_eq(vfork_report->mask, posix_report->mask);
	ck_assert_uint_eq(vfork_report->ignored & ~LIBC_SIGNALS,
			  posix_report->ignored & ~LIBC_SIGNALS);
	ck_assert_uint_eq(vfork_report->caught, posix_report->caught);
	ck_assert_str_eq(vfork_report->cwd, posix_report->cwd);
	ck_assert_uint_eq(vfork_report->umask, posix_report->umask);
	ck_assert_uint_eq(count_strings(vfork_report->env), count_strings(posix_report->env));
	for (i = 0; vfork_report->env && vfork_report->env[i]; i++)
		ck_assert_str_eq(vfork_report->env[i], posix_report->env[i]);
	ck_assert_int_eq(vfork_report->ppid, posix_report->ppid);
	ck_assert_int_eq(vfork_report->sid == vfork_report->pid,
			 posix_report->sid == posix_report->pid);
	ck_assert_int_eq(vfork_report->pgid == vfork_report->pid,
			 posix_report->pgid == posix_report->pid);
}

START_TEST(both_methods_make_the_same_child)
{
	ck_assert_int_ge(fcntl(open("/", O_RDONLY), F_DUPFD, 100), 100);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, on_signal);
	compare_methods(*SPU_OPTIONS(.flags = 0));
	compare_methods(*SPU_OPTIONS(.flags = SPU_SETSID | SPU_KEEP_MASK));
	compare_methods(*SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW, .pgroup = SPU_SET(0)));
	compare_methods(
		*SPU_OPTIONS(.cwd = scratch(), .env_set = SPU_LIST("A=1", "B=2"),
			     .env_unset = SPU_LIST("PATH"), .default_signals = SPU_SIGNAL(SIGUSR1),
			     .block_signals = SPU_SIGNAL(SIGINT) | SPU_SIGNAL(40),
			     .fds = SPU_FDS(SPU_NULL(0),
					    SPU_OPEN(1, "out", O_WRONLY | O_CREAT | O_APPEND),
					    SPU_SAME(2, 1), SPU_MAP(20, 100), SPU_CLOSE(5),
					    SPU_KEEP(100))));
	compare_methods(*SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
		.fds = SPU_FDS(SPU_MAP(0, 100), SPU_MAP(100, 0), SPU_SAME(30, 100), SPU_CLOSE(2))));
}
END_TEST

START_TEST(what_posix_spawn_cannot_do_is_refused_by_name)
{
	int program = open("/bin/sh", O_RDONLY | O_CLOEXEC);

#define REFUSED(name, ...) \
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN, __VA_ARGS__), \
		     ENOTSUP, SPU_STEP_OPTIONS, -1, name ": not with method posix_spawn")

	REFUSED("umask", .umask = SPU_SET(0));
	REFUSED("ctty 0", .flags = SPU_SETSID, .ctty = SPU_SET(0));
	REFUSED("ignore signal INT (2)", .ignore_signals = SPU_SIGNAL(SIGINT));
	REFUSED("detach", .flags = SPU_DETACH);
	REFUSED("path", .path = "/bin");
	REFUSED("chroot /", .root = "/");
	REFUSED("setuid 0", .uid = SPU_SET(0), .flags = SPU_KEEP_GROUPS);
	REFUSED("setgid 0", .gid = SPU_SET(0), .flags = SPU_KEEP_GROUPS);
	REFUSED("setgroups", .groups = (const gid_t[]){0});
	REFUSED("limit core", .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0)));
	REFUSED("nice 0", .nice = SPU_SET(-getpriority(PRIO_PROCESS, 0)));
	REFUSED("cpus", .cpus = (const int[]){0}, .cpu_count = 1);
	REFUSED("scheduler batch 0", .scheduler = SPU_SET(SCHED_BATCH));
	REFUSED("ioprio idle 0", .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_IDLE, 0)));
	REFUSED("inheritable capabilities", .inheritable_caps = SPU_SET(0));
	REFUSED("ambient_caps", .ambient_caps = SPU_SET(0));
	REFUSED("securebits", .securebits = SPU_SET(0));
	REFUSED("scheduler other 0", .scheduler = SPU_SET(SCHED_OTHER | SCHED_RESET_ON_FORK));
	REFUSED("oom_score_adj 0", .oom_score_adj = SPU_SET(0));
	REFUSED("cgroup /c", .cgroup = "/c");
	REFUSED("pid_variable", .pid_variable = "NUMBER");
	REFUSED("pid_file file", .pid_file = "file");
	REFUSED("program_fd", .program_fd = SPU_SET(program));
	REFUSED("timeout_ms", .timeout_ms = 60000);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0)
		REFUSED("landlock", .landlock_access = 1, .landlock_rules = SPU_RULES({0}));
	if (prctl(PR_CAPBSET_READ, 0) == 1)
		REFUSED("bounding_set: drop chown", .bounding_set = SPU_SET(0));
	REFUSED("seccomp", .seccomp = "12345678", .seccomp_count = 1);
	REFUSED("pdeathsig TERM", .pdeathsig = SPU_SET(SIGTERM));
	REFUSED("no-new-privs", .flags = SPU_NO_NEW_PRIVS);
}
END_TEST

/* glibc's attributes have three policies, and musl's none. */
START_TEST(posix_spawn_sets_the_policies_that_it_knows)
{
#ifdef __GLIBC__
	struct spu_error error;
	int status, r;

	NEED_ROOT();
	if (sched_getscheduler(0) != SCHED_OTHER)
		SKIP(SUITE, "this process has a policy of its own");
	SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	r = spu_run(SPU_ARGV("sh", "-c", "test \"$(cut -d' ' -f40,41 /proc/$$/stat)\" = '9 2'"),
		    SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN, .scheduler = SPU_SET(SCHED_RR),
				.sched_priority = SPU_SET(9)), &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
						  .sched_priority = SPU_SET(0)), NULL, &error);
	ASSERT_OK(r, error);
#else
	REFUSED("scheduler other 0", .scheduler = SPU_SET(SCHED_OTHER));
	REFUSED("sched_priority 0", .sched_priority = SPU_SET(0));
#endif
}
END_TEST

START_TEST(failures_of_posix_spawn_have_a_step_of_their_own)
{
	SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), ENOENT,
		     SPU_STEP_POSIX_SPAWN, -1, "posix_spawn /nowhere: No such file or directory");
	ASSERT_FAILS(SPU_ARGV(scratch()), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), EACCES,
		     SPU_STEP_POSIX_SPAWN, -1, "Permission denied");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, both_methods_make_the_same_child);
	tcase_add_test(tests, what_posix_spawn_cannot_do_is_refused_by_name);
	tcase_add_test(tests, posix_spawn_sets_the_policies_that_it_knows);
	tcase_add_test(tests, failures_of_posix_spawn_have_a_step_of_their_own);
	return run_suite(suite);
}
