/* SPDX-License-Identifier: MIT */
/* Launches by a spawn server: whose child it is, what it is like, and how a failure is told. */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "filters.h"
#include "held.h"
#include "held_up.h"
#include "lib/server/server.h"
#include "served.h"

#define SUITE "server"

/* What a program writes, by the server or without one; the last four stay valid. */
static const char *output_of(char *const argv[], struct spu_options options)
{
	static char texts[4][8192];
	static unsigned turn;
	struct spu_output output = {.limit = sizeof(texts[0]) - 1};
	struct spu_error error;
	int status, r;

	options.size = sizeof(options);
	r = spu_capture(argv, &options, NULL, 0, &output, NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	turn = (turn + 1) % 4;
	memcpy(texts[turn], output.data, output.size + 1);
	free(output.data);
	return texts[turn];
}

static const char *shell(struct spu_server *server, const char *command)
{
	return output_of(SPU_ARGV("sh", "-c", command), (struct spu_options){.server = server});
}

START_TEST(a_child_is_the_callers_own)
{
	struct spu_server *server = start_server(0);
	struct spu_child child;
	struct spu_error error;
	char expected[64];
	int status, output;
	size_t open_before = count_open();

	ASSERT_OK(spu_spawn(&child, SPU_ARGV("sh", "-c", "echo $$ $PPID; exit 7"), SPU_OPTIONS(
			.server = server, .fds = SPU_FDS(SPU_PIPE_OUT(1, &output))), &error), error);
	snprintf(expected, sizeof(expected), "%d %d\n", (int)child.pid, (int)getpid());
	ck_assert_str_eq(read_all(output), expected);
	ck_assert_int_eq(child.pidfd >= 0, has_pidfds());
	ck_assert_int_eq(waitpid(child.pid, &status, 0), child.pid);
	ck_assert_int_eq(status, 7 << 8);
	spu_child_release(&child);
	ck_assert_uint_eq(count_open(), open_before);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

START_TEST(nothing_is_left_of_a_server_that_was_stopped)
{
	size_t open_before = count_open();
	int i;

	for (i = 0; i < 5; i++) {
		struct spu_server *server = start_server(0);

		ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL,
					 NULL), 0);
		spu_server_stop(server);
		assert_unchanged(open_before);
	}
	spu_server_stop(NULL);
}
END_TEST

/* The server's sockets ask for credentials before it has begun. */
START_TEST(a_launch_right_after_the_start_is_served)
{
	int i;

	for (i = 0; i < 100; i++) {
		struct spu_server *server = start_server(0);
		struct spu_error error;
		int status;

		ASSERT_OK(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), &status,
				  &error), error);
		ck_assert_int_eq(status, 0);
		spu_server_stop(server);
	}
}
END_TEST

/* All that the caller has changed since. */
static const char look[] =
	"umask; pwd; ulimit -n; ulimit -c; nice; cat /proc/self/oom_score_adj; echo $WORD;"
	"grep -E '^(Uid|Gid|Groups|SigIgn|SigBlk|SigCgt|Cpus_allowed):' /proc/self/status;"
	"echo $PPID; cut -d' ' -f5-6 /proc/self/stat;"
	"ls -l /proc/self/fd | grep -v /proc/ | sed 's/.* //; s/:.*//'";

static void change_everything(void)
{
	struct rlimit files = {300, 400}, core = {0, 0};
	cpu_set_t cpus;
	FILE *score = fopen("/proc/self/oom_score_adj", "we");

	ck_assert_int_eq(chdir("/var"), 0);
	umask(0123);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &core), 0);
	ck_assert_int_eq(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 3), 0);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	if (CPU_COUNT(&cpus) > 1) {
		int first = 0;

		while (!CPU_ISSET(first, &cpus))
			first++;
		CPU_CLR(first, &cpus);
		ck_assert_int_eq(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	}
	if (score) {
		fputs("567", score);
		fclose(score);
	}
	ck_assert_int_eq(setenv("WORD", "changed", 1), 0);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	ck_assert_int_eq(setpgid(0, 0), 0);
	close(0);
}

static void compare_with_direct(void)
{
	struct spu_server *server = start_server(0);
	const char *direct, *served;

	change_everything();
	direct = shell(NULL, look);
	served = shell(server, look);
	ck_assert_str_eq(direct, served);
	ck_assert_ptr_nonnull(strstr(served, "changed"));
	spu_server_stop(server);
}

START_TEST(a_child_is_as_the_caller_is_by_now)
{
	in_own_process(compare_with_direct);
}
END_TEST

START_TEST(the_options_are_relative_to_the_caller)
{
	static const struct spu_fd outputs[] = {SPU_NULL(0), {0}};
	static const struct spu_limit limits[] = {SPU_LIMIT(RLIMIT_NOFILE, 77, 88), {0}};
	static const char *const set[] = {"A=1", NULL}, *const unset[] = {"HOME", NULL};
	const struct spu_options variants[] = {
		{.cwd = ".."}, {.cwd = "tmp", .root = "/"}, {.nice = SPU_SET(2)},
		{.umask = SPU_SET(0)}, {.env_set = set, .env_unset = unset},
		{.limits = limits}, {.ignore_signals = SPU_SIGNAL(SIGUSR2)},
		{.block_signals = SPU_SIGNAL(SIGTERM)}, {.flags = SPU_KEEP_MASK},
		{.fds = outputs}, {.oom_score_adj = SPU_SET(600)}, {.flags = SPU_NO_NEW_PRIVS},
	};
	struct spu_server *server = start_server(0);
	sigset_t mask;
	size_t i;

	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	for (i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct spu_options options = variants[i];
		const char *direct, *served;

		if (options.root && geteuid() != 0)
			continue;
		direct = output_of(SPU_ARGV("sh", "-c", look), options);
		options.server = server;
		served = output_of(SPU_ARGV("sh", "-c", look), options);
		ck_assert_str_eq(direct, served);
	}
	spu_server_stop(server);
}
END_TEST

static struct state_report *report_by(struct spu_server *server, struct spu_options options)
{
	options.size = sizeof(options);
	options.server = server;
	return run_report(&options);
}

START_TEST(sessions_groups_and_terminals_are_as_ever)
{
	struct spu_server *server = start_server(0);
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct state_report *report;
	struct spu_child leader;

	report = report_by(server, (struct spu_options){0});
	ck_assert_int_eq(report->sid, getsid(0));
	ck_assert_int_eq(report->pgid, getpgrp());
	report = report_by(server, (struct spu_options){.flags = SPU_SETSID});
	ck_assert_int_eq(report->sid, report->pid);
	report = report_by(server, (struct spu_options){.pgroup = SPU_SET(0)});
	ck_assert_int_eq(report->sid, getsid(0));
	ck_assert_int_eq(report->pgid, report->pid);
	/* of another child */
	ck_assert_int_eq(spu_spawn(&leader, SPU_ARGV("sleep", "1000"), SPU_OPTIONS(
			.server = server, .pgroup = SPU_SET(0)), NULL), 0);
	report = report_by(server, (struct spu_options){.pgroup = SPU_SET(leader.pid)});
	ck_assert_int_eq(report->pgid, leader.pid);
	ck_assert_int_eq(spu_stop(&leader, SIGKILL, 0, SPU_GROUP, NULL), 0);
	spu_child_release(&leader);
	if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0 ||
	    (slave = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
		SKIP(SUITE, "no pseudo-terminal is to be had");
	report = report_by(server, (struct spu_options){
		.flags = SPU_SETSID, .ctty = SPU_SET(0), .foreground = SPU_SET(0),
		.fds = SPU_FDS(SPU_MAP(0, slave))});
	ck_assert_int_eq(report->foreground, report->pid);
	close(slave);
	close(terminal);
	spu_server_stop(server);
}
END_TEST

/* At every number where a socket of ours may lie in the child. */
START_TEST(descriptors_come_to_where_they_are_wanted)
{
	struct spu_server *server = start_server(0);
	struct spu_fd fds[40] = {{0}};
	struct identity files[32];
	struct state_report *report;
	int i, numbers[32];

	for (i = 0; i < 32; i++) {
		char name[16];

		snprintf(name, sizeof(name), "file%d", i);
		numbers[i] = open(write_file(name, "", 0600), O_RDONLY | O_CLOEXEC);
		files[i] = identity_of(numbers[i]);
		/* backwards, so that most are moved */
		fds[i] = (struct spu_fd)SPU_MAP(3 + 31 - i, numbers[i]);
	}
	report = run_report(SPU_OPTIONS(.server = server, .fds = fds));
	for (i = 0; i < 32; i++)
		ASSERT_HOLDS(report, 3 + 31 - i, files[i]);
	ck_assert_uint_eq(report->fd_count, 32 + count_standard());
	spu_server_stop(server);
}
END_TEST

/* The same words, by the server or without. */
static void assert_fails_alike(struct spu_server *server, char *const argv[],
			       const struct spu_options *options, int line)
{
	struct spu_options mine = *options;
	struct spu_error direct = {0}, served = {0};
	struct spu_child child;
	int r;

	mine.size = sizeof(mine);
	r = spu_spawn(&child, argv, &mine, &direct);
	ck_assert_msg(r < 0, "line %d: it didn't fail", line);
	mine.server = server;
	ck_assert_msg(spu_spawn(&child, argv, &mine, &served) == r, "line %d: %s, but %s", line,
		      direct.text, served.text);
	ck_assert_msg(strcmp(direct.text, served.text) == 0, "line %d: \"%s\", but \"%s\"", line,
		      direct.text, served.text);
	ck_assert_msg(direct.err == served.err && direct.step == served.step &&
		      direct.index == served.index, "line %d: %s: %d, %u, %d, but %d, %u, %d", line,
		      direct.text, direct.err, direct.step, direct.index, served.err, served.step,
		      served.index);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);	/* the server alone */
}

START_TEST(failures_are_told_in_the_same_words)
{
	struct spu_server *server = start_server(0);
	const char *script = write_file("script", "#!/no/interpreter\n", 0755);
	const char *text = write_file("text", "no program\n", 0644);
	const char *fifo = in_scratch("fifo");
	struct spu_fd twice[] = {SPU_NULL(5), SPU_NULL(5), {0}}, high[] = {SPU_MAP(70000000, 1), {0}},
		closed[] = {SPU_NULL(4), SPU_KEEP(777), {0}}, same[] = {SPU_SAME(5, 778), {0}},
		absent[] = {SPU_OPEN(3, "/nowhere/file", O_RDONLY), {0}},
		there[] = {SPU_NULL(9), SPU_NULL(8), SPU_OPEN(5, fifo, O_WRONLY | O_CREAT | O_EXCL),
			   {0}};
	int fd;
	struct spu_fd piped[] = {SPU_PIPE_IN(70000000, &fd), {0}};
	const struct {
		char *const *argv;
		struct spu_options options;
	} failures[] = {
		{SPU_ARGV("/nowhere"), {0}}, {SPU_ARGV("no-such-program"), {0}},
		{SPU_ARGV(""), {0}}, {SPU_ARGV(script), {0}}, {SPU_ARGV(text), {0}},
		{SPU_ARGV("/"), {0}}, {SPU_ARGV("true"), {.cwd = "/nowhere"}},
		{SPU_ARGV("true"), {.fds = twice}}, {SPU_ARGV("true"), {.fds = high}},
		{SPU_ARGV("true"), {.fds = closed}}, {SPU_ARGV("true"), {.fds = same}},
		{SPU_ARGV("true"), {.fds = absent}}, {SPU_ARGV("true"), {.fds = piped}},
		{SPU_ARGV("true"), {.fds = there}},
		{SPU_ARGV("true"), {.fds = there, .timeout_ms = patience(200000)}},
		{SPU_ARGV("true"), {.pgroup = SPU_SET(99999999)}},
		{SPU_ARGV("true"), {.cgroup = "/nowhere"}},
		{SPU_ARGV("true"), {.pid_file = "/nowhere/pid"}},
		{SPU_ARGV("true"), {.flags = 1u << 30}}, {SPU_ARGV("true"), {.stop_signal = 3}},
	};
	size_t i, open_before = count_open();

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		assert_fails_alike(server, failures[i].argv, &failures[i].options, (int)i);
	ck_assert_uint_eq(count_open(), open_before);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

static void assert_refused(struct spu_server *server, struct spu_options options, const char *text)
{
	struct spu_child child = {.pid = 4711};
	struct spu_error error;

	options.size = sizeof(options);
	options.server = server;
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("true"), &options, &error), -ENOTSUP);
	ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
	ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
	ck_assert_int_eq(child.pid, 4711);
}

static void *launch_with_pdeathsig(void *server)
{
	assert_refused(server, (struct spu_options){.pdeathsig = SPU_SET(SIGTERM)}, "pdeathsig");
	return NULL;
}

static void in_another_session(void)
{
	struct spu_server *server = start_server(0);
	pid_t group = getpgrp();

	ck_assert_int_gt(setsid(), 0);
	assert_refused(server, (struct spu_options){.foreground = SPU_SET(0)}, "foreground");
	assert_refused(server, (struct spu_options){.pgroup = SPU_SET(getpid())}, "pgroup");
	/* the server's session has this one */
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server,
			.pgroup = SPU_SET(group)), NULL, NULL), 0);
	spu_server_stop(server);
}

static void in_another_root(void)
{
	struct spu_server *server = start_server(0);

	ck_assert_int_eq(chroot(scratch()), 0);
	assert_refused(server, (struct spu_options){0}, "root");
	spu_server_stop(server);
}

START_TEST(what_a_server_cannot_carry_is_refused_by_name)
{
	struct spu_server *server = start_server(0);
	pthread_t thread;
	char *text;

	assert_refused(server, (struct spu_options){.method = SPU_METHOD_POSIX_SPAWN}, "method");
	assert_refused(server, (struct spu_options){.flags = SPU_DETACH}, "detached");
	assert_refused(server, (struct spu_options){.leaks = SPU_LEAKS_ALLOW}, "leaks");
	/* what this thread has started may be told of its end */
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server,
			.pdeathsig = SPU_SET(SIGTERM)), NULL, NULL), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, launch_with_pdeathsig, server), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(spu_explain(SPU_ARGV("true"), SPU_OPTIONS(.server = server), &text, NULL),
			 -ENOTSUP);
	ck_assert_int_eq(spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL), -EINVAL);
	spu_server_stop(server);
	in_own_process(in_another_session);
	if (geteuid() == 0)
		in_own_process(in_another_root);
}
END_TEST

/* What is sent in one message has a limit; the numbers in the child have none of ours. */
START_TEST(a_descriptor_is_sent_once_for_all_its_numbers)
{
	struct spu_server *server = start_server(0);
	struct spu_fd fds[300] = {{0}};
	struct state_report *report;
	struct identity identity;
	struct rlimit limit;
	int file, i;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 600) {
		spu_server_stop(server);
		SKIP(SUITE, "no more than %ld descriptors here", (long)limit.rlim_cur);
	}
	file = open(write_file("file", "", 0600), O_RDONLY | O_CLOEXEC);
	identity = identity_of(file);
	for (i = 0; i < 290; i++)
		fds[i] = i < 270 ? (struct spu_fd)SPU_MAP(3 + i, file)
				 : (struct spu_fd)SPU_SAME(3 + i, 3);
	report = run_report(SPU_OPTIONS(.server = server, .fds = fds));
	for (i = 0; i < 290; i++)
		ASSERT_HOLDS(report, 3 + i, identity);
	for (i = 0; i < 290; i++)
		fds[i] = (struct spu_fd)SPU_MAP(3 + i, fcntl(file, F_DUPFD_CLOEXEC, 3));
	assert_refused(server, (struct spu_options){.fds = fds}, "251 of the caller's descriptors");
	for (i = 0; i < 290; i++)
		close((int)fds[i].from);
	close(file);
	spu_server_stop(server);
}
END_TEST

START_TEST(a_forked_copy_can_not_launch)
{
	struct spu_server *server = start_server(0);
	pid_t copy = fork();
	int status;

	if (copy == 0) {
		struct spu_error error;
		int r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error);

		ck_assert_int_eq(r, -ECHILD);
		ck_assert_uint_eq(error.step, SPU_STEP_SERVER);
		/* nor one that pretends: the server knows */
		spu__own_server(server);
		r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error);
		ck_assert_int_eq(r, -ECHILD);
		ck_assert_ptr_nonnull(strstr(error.text, "belongs to process"));
		server->owner = getppid();
		spu_server_stop(server);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(copy, &status, 0), copy);
	ck_assert_int_eq(status, 0);
	/* and has done the server no harm */
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, NULL), 0);
	spu_server_stop(server);
}
END_TEST

START_TEST(a_server_that_has_ended_is_told_and_a_fresh_one_works)
{
	struct spu_server *server = start_server(0), *fresh;
	size_t open_before = count_open();
	struct spu_error error;

	ck_assert_int_eq(kill(server->process.pid, SIGKILL), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error),
			 -EPIPE);
	ck_assert_uint_eq(error.step, SPU_STEP_SERVER);
	ck_assert_str_eq(spu_step_name(error.step), "server");
	ck_assert_uint_eq(count_open(), open_before);
	fresh = start_server(0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = fresh), NULL, &error), 0);
	spu_server_stop(fresh);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

static const int *gone;

static void launch_where_sending_is(void)
{
	struct spu_server *server = start_server(0);
	struct spu_error error;

	filter_call(SYS_sendmsg, ANSWER(*gone));
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error),
			 -EPIPE);
	ck_assert_uint_eq(error.step, SPU_STEP_SERVER);
	ck_assert_str_eq(error.text, "spawn server: it has ended");
}

/* Kernels differ in it: Linux 5.10 was seen to refuse, and thinks no connection is left then */
START_TEST(a_server_that_is_ending_has_ended)
{
	static const int errors[] = {EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN};
	size_t i;

	SKIP_UNDER_VALGRIND(SUITE, "valgrind makes other calls");
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		gone = &errors[i];
		in_own_process(launch_where_sending_is);
	}
}
END_TEST

static void start_in_own_pid_namespace(void)
{
	struct spu_server *server = NULL;
	struct spu_error error;

	if (unshare(CLONE_NEWPID) < 0)
		return;
	ck_assert_int_eq(spu_server_start(&server, SPU_SERVER_OPTIONS(
				.program = server_program()), &error), -ENOTSUP);
	ck_assert_msg(strstr(error.text, "pid namespace") != NULL, "%s", error.text);
	assert_no_child();
}

/* As any program's path does */
START_TEST(a_relative_program_counts_from_the_callers_directory)
{
	struct spu_server *server;
	struct spu_error error;
	char directory[PATH_MAX], link[64];

	ck_assert_int_eq(symlink(server_program(), in_scratch("server")), 0);
	ck_assert_int_eq(chdir(scratch()), 0);
	ASSERT_OK(spu_server_start(&server, SPU_SERVER_OPTIONS(.program = "./server"), &error),
		  error);
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)server->process.pid);
	ck_assert_int_eq((int)readlink(link, directory, sizeof(directory)), 1);
	spu_server_stop(server);
}
END_TEST

START_TEST(a_start_that_fails_says_why_and_leaves_nothing)
{
	const struct {
		struct spu_server_options options;
		int r;
		unsigned step;
	} failures[] = {
		{{sizeof(struct spu_server_options), 0, 0, "/nowhere"}, -ENOENT, SPU_STEP_EXEC},
		{{sizeof(struct spu_server_options), 0, 0, "/bin/true"}, -EPIPE, SPU_STEP_SERVER},
		/* by then it is executed */
		{{sizeof(struct spu_server_options), 0, patience(500), "/bin/sleep"}, -ETIMEDOUT,
		 SPU_STEP_SERVER},
		{{sizeof(struct spu_server_options), 8, 0, NULL}, -EINVAL, SPU_STEP_OPTIONS},
		{{sizeof(struct spu_server_options), 0, -1, NULL}, -EINVAL, SPU_STEP_OPTIONS},
		{{0, 0, 0, NULL}, -EINVAL, SPU_STEP_OPTIONS},
		{{5000, 0, 0, NULL}, -E2BIG, SPU_STEP_OPTIONS},
	};
	size_t i, open_before = count_open();

	for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct spu_server *server = (void *)0x4711;
		struct spu_error error = {0};
		int r = spu_server_start(&server, &failures[i].options, &error);

		ck_assert_msg(r == failures[i].r, "%zu: %d: %s", i, r, error.text);
		ck_assert_uint_eq(error.step, failures[i].step);
		ck_assert_ptr_eq(server, (void *)0x4711);
		assert_unchanged(open_before);
	}
	in_own_process(start_in_own_pid_namespace);
}
END_TEST

static void set_soft_limit_of_files(rlim_t soft)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = soft;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void start_with_few_numbers(void)
{
	struct rlimit before;
	rlim_t soft;
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	for (soft = 3; soft < 12; soft++) {
		struct spu_server *server;
		struct spu_error error;
		int r;

		set_soft_limit_of_files(soft);
		r = spu_server_start(&server, SPU_SERVER_OPTIONS(.program = server_program()),
				     &error);
		set_soft_limit_of_files(before.rlim_cur);
		if (r < 0)
			continue;
		r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error);
		ck_assert_msg(r == 0 || r == -EMFILE, "%d numbers: %s", (int)soft, error.text);
		spu_server_stop(server);
	}
}

/* One that never could launch is none that has ended. */
START_TEST(a_server_without_a_number_left_says_so)
{
	SKIP_UNDER_VALGRIND(SUITE, "valgrind has descriptors of its own");
	server_program();
	in_own_process(start_with_few_numbers);
}
END_TEST

/*
 * ---- Rights
 */

static const char ids[] = "id -ur; id -u; id -gr; id -g; id -G;"
	"grep -E '^(Uid|Gid|Groups|CapEff|CapPrm|CapAmb):' /proc/self/status";

static void drop_and_launch(void)
{
	struct spu_server *server = start_server(0);
	const gid_t groups[] = {7, 9};
	const char *direct, *served;

	/* where the other user may not look */
	ck_assert_int_eq(chdir(scratch()), 0);
	ck_assert_int_eq(setgroups(2, groups), 0);
	ck_assert_str_eq(shell(NULL, ids), shell(server, ids));
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	direct = shell(NULL, ids);
	served = shell(server, ids);
	ck_assert_str_eq(direct, served);
	ck_assert_int_eq(strncmp(served, "65534\n65534\n65534\n65534\n", 24), 0);
	ck_assert_str_eq(shell(NULL, "readlink /proc/self/cwd; cat . 2>&1; true"),
			 shell(server, "readlink /proc/self/cwd; cat . 2>&1; true"));
	/* and may take no more than the caller */
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server,
			.uid = SPU_SET(0), .flags = SPU_KEEP_GROUPS), NULL, NULL), -EPERM);
	spu_server_stop(server);
}

static void drop_halfway_and_launch(void)
{
	struct spu_server *server = start_server(0);
	struct spu_error error;
	int r;

	ck_assert_int_eq(setresuid(-1, 65534, 0), 0);
	/* without rights, what other processes of root's have on its way is held against it */
	do {
		r = spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error);
	} while (r == -ETOOMANYREFS);
	ck_assert_int_eq(r, -EPERM);
	ck_assert_uint_eq(error.step, SPU_STEP_UID);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error), 0);
	spu_server_stop(server);
}

START_TEST(who_has_dropped_its_rights_launches_nothing_with_them)
{
	NEED_ROOT();
	in_own_process(drop_and_launch);
	in_own_process(drop_halfway_and_launch);
}
END_TEST

START_TEST(children_gain_no_rights_unless_the_start_says_so)
{
	static const char command[] = "sed -n 's/^NoNewPrivs:.//p' /proc/self/status";
	struct spu_server *server;
	int already = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	server = start_server(0);
	ck_assert_str_eq(shell(server, command), "1\n");
	spu_server_stop(server);
	server = start_server(SPU_SERVER_NEW_PRIVS);
	ck_assert_str_eq(shell(server, command), already ? "1\n" : "0\n");
	spu_server_stop(server);
}
END_TEST

static void launch_behind_a_filter(void)
{
	static const long forbidden[] = {
		SYS_clone, SYS_clone3, SYS_execve, SYS_execveat,
#ifdef SYS_fork
		SYS_fork, SYS_vfork,
#endif
	};
	struct spu_server *server = start_server(0);
	struct spu_child child;
	struct spu_error error;
	int status, output;
	size_t i;

	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		filter_call(forbidden[i], SECCOMP_RET_KILL_PROCESS);
	ASSERT_OK(spu_spawn(&child, SPU_ARGV("sh", "-c", "echo in; true | true; exit 4"),
			    SPU_OPTIONS(.server = server,
					.fds = SPU_FDS(SPU_PIPE_OUT(1, &output))), &error), error);
	ck_assert_str_eq(read_all(output), "in\n");
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 4 << 8);
	spu_child_release(&child);
	ck_assert_int_eq(spu_run(SPU_ARGV("/nowhere"), SPU_OPTIONS(.server = server), NULL, NULL),
			 -ENOENT);
	spu_server_stop(server);
}

START_TEST(who_may_not_clone_or_execute_launches_by_it)
{
	in_own_process(launch_behind_a_filter);
}
END_TEST

/* As seen with Linux 6.1: the end of the socket was heard before the kernel told of exec. */
START_TEST(a_socket_that_ends_before_exec_is_no_failure)
{
	struct spu_server *server;
	struct spu_error error;
	int status;

	ASSERT_OK(spu_server_start(&server, SPU_SERVER_OPTIONS(.program = helper("sv_early")), &error),
		  error);
	ASSERT_OK(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), &status, &error), error);
	ck_assert_int_eq(status, 0);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

/*
 * ---- Beside others
 */

/* What was wrong, for free(). */
static void *launch_many(void *server)
{
	int i, status = 0;
	struct spu_error error;
	char *wrong;

	for (i = 0; i < 60; i++) {
		int fails = i % 10 == 9;
		int r = spu_run(fails ? SPU_ARGV("/nowhere") : SPU_ARGV("sh", "-c", "exit 5"),
				SPU_OPTIONS(.server = server), &status, &error);

		if (fails ? r == -ENOENT : r == 0 && status == 5 << 8)
			continue;
		ck_assert_int_gt(asprintf(&wrong, "launch %d: %d, status %x: %s", i, r,
					  (unsigned)status, r ? error.text : ""), 0);
		return wrong;
	}
	return NULL;
}

START_TEST(many_threads_launch_at_once)
{
	struct spu_server *server = start_server(0);
	size_t open_before = count_open();
	pthread_t threads[16];
	void *wrong;
	int i;

	for (i = 0; i < 16; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, launch_many, server), 0);
	for (i = 0; i < 16; i++) {
		pthread_join(threads[i], &wrong);
		ck_assert_msg(!wrong, "%s", (char *)wrong);
	}
	ck_assert_uint_eq(count_open(), open_before);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

START_TEST(a_large_request_arrives)
{
	struct spu_server *server = start_server(0);
	char *large = malloc(120000);
	const char *argv[16] = {"sh", "-c", "echo $# ${#1}", "x"};
	int i;

	memset(large, 'a', 119999);
	large[119999] = '\0';
	for (i = 4; i < 14; i++)
		argv[i] = large;
	ck_assert_str_eq(output_of((char *const *)(uintptr_t)argv,
				   (struct spu_options){.server = server}), "10 119999\n");
	spu_server_stop(server);
	free(large);
}
END_TEST

static char *const *arguments_too_large(void)
{
	static const char *argv[180] = {"/bin/true"};
	static char large[120000];
	int i;

	memset(large, 'a', sizeof(large) - 1);
	for (i = 1; i < 179; i++)
		argv[i] = large;
	return (char *const *)(uintptr_t)argv;
}

/* The child is there by then. */
START_TEST(what_is_too_large_for_a_request_is_told_as_ever)
{
	struct spu_server *server = start_server(0);
	char *const *argv = arguments_too_large();
	size_t open_before = count_open();
	struct spu_error direct, served;

	ck_assert_int_eq(spu_run(argv, NULL, NULL, &direct), -E2BIG);
	ck_assert_int_eq(spu_run(argv, SPU_OPTIONS(.server = server), NULL, &served), -E2BIG);
	ck_assert_str_eq(direct.text, served.text);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, NULL), 0);
	spu_server_stop(server);
	ck_assert_uint_le(count_open(), open_before);
	assert_no_child();
}
END_TEST

static void *continue_later(void *server)
{
	usleep(200000);
	kill(((struct spu_server *)server)->process.pid, SIGCONT);
	return NULL;
}

/* Without a time it is waited for like any other. */
START_TEST(what_is_too_large_for_a_request_leaves_no_child_to_a_slow_server)
{
	struct spu_server *server = start_server(0);
	char *const *argv = arguments_too_large();
	size_t open_before = count_open();
	pthread_t thread;

	stop_server(server);
	ck_assert_int_eq(pthread_create(&thread, NULL, continue_later, server), 0);
	ck_assert_int_eq(spu_run(argv, SPU_OPTIONS(.server = server), NULL, NULL), -E2BIG);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(count_open(), open_before);
	ck_assert_ptr_null(server->given_up);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

static void launch_too_much_where_no_child_is_made(void)
{
	size_t open_before = count_open();
	struct spu_server *server;

	filter_argument(SYS_clone, 0, ~0u, CLONE_PARENT, ANSWER(EAGAIN));
	server = start_server(0);
	ck_assert_int_eq(spu_run(arguments_too_large(), SPU_OPTIONS(.server = server), NULL, NULL),
			 -E2BIG);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, NULL),
			 -EAGAIN);
	spu_server_stop(server);
	ck_assert_uint_eq(count_open(), open_before);
	assert_no_child();
}

/* The server's refusal is what comes then, and no child's end. */
START_TEST(a_request_that_fails_where_no_child_is_made_comes_back)
{
	in_own_process(launch_too_much_where_no_child_is_made);
}
END_TEST

/* ^C and the like are for the children; what they are sent the server has too. */
static void signal_the_group(void)
{
	static const int signals[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGTSTP, SIGUSR1};
	struct spu_server *server;
	size_t i;

	ck_assert_int_eq(setpgid(0, 0), 0);
	server = start_server(0);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		signal(signals[i], SIG_IGN);
		ck_assert_int_eq(kill(0, signals[i]), 0);
		signal(signals[i], SIG_DFL);
	}
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, NULL), 0);
	spu_server_stop(server);
}

START_TEST(what_a_terminal_sends_does_not_end_the_server)
{
	in_own_process(signal_the_group);
}
END_TEST

/* Where a copy of it, which lives on, has the socket, too. */
START_TEST(a_server_ends_with_its_owner)
{
	int told[2], held[2];
	pid_t owner, server;
	char byte;

	NEED_OWN_CHILD(SUITE);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(held, O_CLOEXEC), 0);
	owner = fork();
	if (owner == 0) {
		struct spu_server *mine = start_server(0);

		if (fork() == 0) {
			close(held[1]);
			_exit((int)read(held[0], &byte, 1));
		}
		ck_assert_int_eq(write(told[1], &mine->process.pid, sizeof(pid_t)), sizeof(pid_t));
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(told[0], &server, sizeof(server)), sizeof(server));
	ck_assert_int_eq(kill(owner, SIGKILL), 0);
	ck_assert_int_eq(waitpid(owner, NULL, 0), owner);
	ck_assert_int_eq(waitpid(server, NULL, 0), server);
	close(held[1]);
	ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_child_is_the_callers_own);
	tcase_add_test(tests, nothing_is_left_of_a_server_that_was_stopped);
	tcase_add_test(tests, a_launch_right_after_the_start_is_served);
	tcase_add_test(tests, a_child_is_as_the_caller_is_by_now);
	tcase_add_test(tests, the_options_are_relative_to_the_caller);
	tcase_add_test(tests, sessions_groups_and_terminals_are_as_ever);
	tcase_add_test(tests, descriptors_come_to_where_they_are_wanted);
	tcase_add_test(tests, failures_are_told_in_the_same_words);
	tcase_add_test(tests, what_a_server_cannot_carry_is_refused_by_name);
	tcase_add_test(tests, a_descriptor_is_sent_once_for_all_its_numbers);
	tcase_add_test(tests, a_forked_copy_can_not_launch);
	tcase_add_test(tests, a_server_that_has_ended_is_told_and_a_fresh_one_works);
	tcase_add_test(tests, a_server_that_is_ending_has_ended);
	tcase_add_test(tests, a_relative_program_counts_from_the_callers_directory);
	tcase_add_test(tests, a_start_that_fails_says_why_and_leaves_nothing);
	tcase_add_test(tests, a_server_without_a_number_left_says_so);
	tcase_add_test(tests, who_has_dropped_its_rights_launches_nothing_with_them);
	tcase_add_test(tests, children_gain_no_rights_unless_the_start_says_so);
	tcase_add_test(tests, who_may_not_clone_or_execute_launches_by_it);
	tcase_add_test(tests, a_socket_that_ends_before_exec_is_no_failure);
	tcase_add_test(tests, many_threads_launch_at_once);
	tcase_add_test(tests, a_large_request_arrives);
	tcase_add_test(tests, what_is_too_large_for_a_request_is_told_as_ever);
	tcase_add_test(tests, what_is_too_large_for_a_request_leaves_no_child_to_a_slow_server);
	tcase_add_test(tests, a_request_that_fails_where_no_child_is_made_comes_back);
	tcase_add_test(tests, what_a_terminal_sends_does_not_end_the_server);
	tcase_add_test(tests, a_server_ends_with_its_owner);
	return run_suite(suite);
}
