/* SPDX-License-Identifier: MIT */
/*
 * Launches by a spawn server behind a filter that lets nothing through but what
 * spu_server_start(3) lists: manual_lint.sh compares these lists with the page's.
 */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "filters.h"
#include "launches.h"
#include "served.h"

#define SUITE "server_filter"

static const int always[] = {
	SYS_clock_gettime, SYS_clock_nanosleep, SYS_close, SYS_fcntl, SYS_futex,
#ifdef SYS_getpgrp
	SYS_getpgrp,
#else
	SYS_getpgid,
#endif
	SYS_getpid, SYS_getpriority, SYS_getsid, SYS_gettid, SYS_ioctl, SYS_kill, SYS_newfstatat,
	SYS_openat,
	SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pipe2, SYS_ppoll, SYS_prlimit64, SYS_read,
#ifdef SYS_readlink
	SYS_readlink,
#else
	SYS_readlinkat,
#endif
	SYS_recvmsg, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_sched_getaffinity, SYS_sendmsg,
	SYS_setpgid, SYS_setsockopt, SYS_shutdown, SYS_socketpair, SYS_wait4, SYS_waitid,
};

/* malloc's, and those of a process that ends */
static const int beside[] = {
	SYS_brk, SYS_madvise, SYS_mmap, SYS_mremap, SYS_munmap, SYS_exit_group,
};

static int run(const struct spu_options *options)
{
	int status;
	int r = spu_run(SPU_ARGV("sh", "-c", "exit 3"), options, &status, NULL);

	return r < 0 ? r : status == 3 << 8 ? 0 : -1;
}

static int plain(struct spu_server *server)
{
	return run(SPU_OPTIONS(.server = server));
}

static int in_time(struct spu_server *server)
{
	return run(SPU_OPTIONS(.server = server, .timeout_ms = patience(200000)));
}

static int overdue(struct spu_server *server)
{
	int status;

	return spu_run(SPU_ARGV("sleep", "1000"),
		       SPU_OPTIONS(.server = server, .timeout_ms = 500), &status, NULL)
	    == -ETIMEDOUT ? 0 : -1;
}

static int failing(struct spu_server *server)
{
	return spu_run(SPU_ARGV("/nowhere"), SPU_OPTIONS(.server = server), NULL, NULL)
	    == -ENOENT ? 0 : -1;
}

static int stopped(struct spu_server *server, unsigned flags)
{
	struct spu_child child;
	int status, r = spu_spawn(&child, SPU_ARGV("sleep", "1000"),
				  SPU_OPTIONS(.server = server, .pgroup = SPU_SET(0)), NULL);

	if (r == 0)
		r = spu_kill(&child, SIGCONT, flags);
	if (r == 0)
		r = spu_stop(&child, SIGTERM, patience(200000), flags, &status);
	spu_child_release(&child);
	return r;
}

static int stopped_alone(struct spu_server *server)
{
	return stopped(server, 0);
}

static int stopped_as_a_group(struct spu_server *server)
{
	return stopped(server, SPU_GROUP);
}

static int captured(struct spu_server *server)
{
	struct spu_output output = {0};

	return spu_capture(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, 0, &output,
			   NULL, NULL, NULL);
}

static int captured_with_input(struct spu_server *server)
{
	struct spu_output output = {0};
	int r = spu_capture(SPU_ARGV("cat"), SPU_OPTIONS(.server = server), "abc", 3, &output,
			    NULL, NULL, NULL);

	return r < 0 ? r : output.size == 3 ? 0 : -1;
}

/* With SIGPIPE blocked, which is a look more */
static int captured_unread(struct spu_server *server)
{
	static char bytes[1 << 20];
	struct spu_output output = {0};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	return spu_capture(SPU_ARGV("true"), SPU_OPTIONS(.server = server), bytes, sizeof(bytes),
			   &output, NULL, NULL, NULL);
}

static int by_the_shell(struct spu_server *server)
{
	return spu_system_with("true", SPU_OPTIONS(.server = server), NULL, NULL);
}

static int read_from(struct spu_server *server)
{
	FILE *stream;
	char line[8];
	int r = spu_popen_with(&stream, "echo abc", "re", SPU_OPTIONS(.server = server), NULL);

	if (r < 0)
		return r;
	return fgets(line, sizeof(line), stream) && spu_pclose(stream) == 0 ? 0 : -1;
}

static int written_to(struct spu_server *server)
{
	FILE *stream;
	int r = spu_popen_with(&stream, "cat >/dev/null", "we", SPU_OPTIONS(.server = server), NULL);

	if (r < 0)
		return r;
	return fputs("abc\n", stream) >= 0 && spu_pclose(stream) == 0 ? 0 : -1;
}

static int with_files(struct spu_server *server)
{
	return run(SPU_OPTIONS(.server = server, .cwd = "/", .umask = SPU_SET(022),
			       .env_set = SPU_LIST("A=b"), .pid_file = in_scratch("pid"),
			       .fds = SPU_FDS(SPU_OPEN(5, in_scratch("file"), O_RDWR | O_CREAT),
					      SPU_OPEN(6, in_scratch("fifo"), O_RDWR), SPU_NULL(0),
					      SPU_MAP(7, 1), SPU_SAME(8, 7), SPU_CLOSE(9))));
}

static int with_pipes(struct spu_server *server)
{
	struct spu_child child;
	int in, out;
	int r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
		.server = server, .fds = SPU_FDS(SPU_PIPE_IN(3, &in), SPU_PIPE_OUT(4, &out))), NULL);

	return r < 0 ? r : spu_wait(&child, -1, NULL);
}

static int with_a_terminal(struct spu_server *server)
{
	struct winsize size = {.ws_row = 5};
	struct spu_child child;
	int terminal;
	int r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
		.server = server,
		.fds = SPU_FDS(SPU_PTY_WITH(0, &terminal, NULL, &size))), NULL);

	return r < 0 ? r : spu_wait(&child, -1, NULL);
}

static int without_leaks(struct spu_server *server)
{
	int r = run(SPU_OPTIONS(.server = server, .leaks = SPU_LEAKS_FAIL));

	return r == -EBADFD ? 0 : r;	/* libcheck's own leaks */
}

static int with_rules(struct spu_server *server)
{
	return run(SPU_OPTIONS(.server = server, .flags = SPU_NO_NEW_PRIVS, .landlock_access = 2,
			       .landlock_rules = SPU_RULES(SPU_BENEATH("/", 2))));
}

static int with_priorities_and_limits(struct spu_server *server)
{
	static const int cpus[] = {0};

	return run(SPU_OPTIONS(.server = server, .nice = SPU_SET(1), .cpus = cpus, .cpu_count = 1,
			       .flags = SPU_SETSID | SPU_NO_PIDFD, .scheduler = SPU_SET(0),
			       .oom_score_adj = SPU_SET(500), .pdeathsig = SPU_SET(SIGTERM),
			       .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_IDLE, 0)),
			       .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0))));
}

static int with_other_ids(struct spu_server *server)
{
	static const gid_t groups[] = {65534};

	return run(SPU_OPTIONS(.server = server, .uid = SPU_SET(65534), .gid = SPU_SET(65534),
			       .groups = groups, .group_count = 1, .root = "/",
			       .ambient_caps = SPU_SET(SPU_CAP(10)), .securebits = SPU_SET(1),
			       .bounding_set = SPU_SET(SPU_CAP(10))));
}

/* What each needs beside the calls that all do, as the page's second list has it. */
static const struct need {
	const char *what;
	int (*launch)(struct spu_server *server);
	int calls[4];
} needs[] = {
	{"a launch", plain, {0}},
	{"one that fails", failing, {0}},
	{"files", with_files, {0}},
	{"pipes", with_pipes, {0}},
	{"priorities and limits", with_priorities_and_limits, {0}},
	{"other ids", with_other_ids, {0}},
	{"a terminal", with_a_terminal, {0}},
	{"spu_stop", stopped_alone, {0}},
	{"spu_capture", captured, {0}},
	{"spu_system_with", by_the_shell, {0}},
	{"timeout_ms, in time", in_time, {0}},
	/* page: */
	{"timeout_ms", overdue, {SYS_getpgid}},
	{"SPU_GROUP", stopped_as_a_group, {SYS_getpgid}},
	{"input", captured_with_input,
	 {SYS_write, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_tgkill}},
	{"input", captured_unread,
	 {SYS_write, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_tgkill}},
	{"SPU_LEAKS_FAIL", without_leaks, {SYS_getdents64}},
	{"landlock_access", with_rules, {SYS_landlock_create_ruleset, SYS_landlock_add_rule}},
	/* the stream's own */
	{"spu_popen_with to read", read_from, {0}},
	{"spu_popen_with to write", written_to, {SYS_write}},
};

static struct sock_filter *let(struct sock_filter *at, const int *calls, size_t count)
{
	for (; count > 0; count--, calls++) {
		*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						     (uint32_t)*calls, 0, 1);
		*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	return at;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void forbid_all_but(const int *calls, size_t count)
{
	struct sock_filter filter[128], *at = filter;
	struct sock_fprog program = {0, filter};

	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data, nr));
	at = let(at, always, COUNT(always));
	at = let(at, beside, COUNT(beside));
	at = let(at, calls, count);
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	program.len = (unsigned short)(at - filter);
	/* libcheck's assertions write */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

/* The wait status of a process that launches and stops its server behind the filter. */
static int behind_the_filter(const struct need *need)
{
	struct rlimit none = {0, 0};
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct spu_server *server = start_server(0);
		size_t count = 0;
		int r;

		setrlimit(RLIMIT_CORE, &none);
		while (count < COUNT(need->calls) && need->calls[count])
			count++;
		forbid_all_but(need->calls, count);
		r = need->launch(server);
		spu_server_stop(server);
		_exit(r != 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(each_option_needs_no_call_that_the_page_does_not_list)
{
	const struct need *need = &needs[_i];
	int status;

	if (IS_SANITIZED)
		SKIP(SUITE, "a sanitizer makes calls of its own");
	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes calls of its own");
	if (need->launch == with_rules && syscall3(SYS_landlock_create_ruleset, 0, 0, 1) < 0)
		SKIP(SUITE, "the kernel has no Landlock");
	if (need->launch == with_other_ids)
		NEED_ROOT();
	write_file("file", "", 0644);
	ck_assert_int_eq(mkfifo(in_scratch("fifo"), 0644), 0);
	status = behind_the_filter(need);
	ck_assert_msg(status == 0, "%s: wait status %#x", need->what, (unsigned)status);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);

	tcase_add_loop_test(add_case(suite), each_option_needs_no_call_that_the_page_does_not_list,
			    0, (int)COUNT(needs));
	return run_suite(suite);
}
