/* SPDX-License-Identifier: MIT */
/*
 * For the suites in C. Tests never assume a clean parent: stray descriptors
 * and ignored signals are normal.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "sanitizers.h"
#include "spawnutil.h"

/* Leaves the test out: the runner counts the line. */
#define SKIP(suite, ...) \
	do { \
		printf("skip %s %s: ", suite, __func__); \
		printf(__VA_ARGS__); \
		printf("\n"); \
		fflush(stdout); \
		return; \
	} while (0)

static inline int is_under_valgrind(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "/vgpreload_");
}

/* What valgrind itself does otherwise. */
#define SKIP_UNDER_VALGRIND(suite, why) \
	do { \
		if (is_under_valgrind()) \
			SKIP(suite, "%s", why); \
	} while (0)

#define NO_FAILED_EXEC "valgrind ends a child whose exec the kernel refuses"
#define NO_THREAD_MEANWHILE "valgrind lets no thread run while another one's child is set up"
#define OWN_LIMITS "valgrind keeps a limit of descriptors of its own"
#define OWN_SIGNAL "valgrind keeps signal 64 for itself"
#define OWN_STACKS "valgrind reports each look at a stack that is not in use"
#define POSIX_SPAWN_LIES "under valgrind glibc's posix_spawn calls a failure success"
#define TOO_SLOW "thousands of launches take minutes under valgrind"

static inline int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* For a suite that has a function of its own in the place of libc's */
static inline void *map_past_libc(void *start, size_t size, int protection, int flags, int fd,
				  off_t offset)
{
#ifdef SYS_mmap2	/* takes the place of the other one, and pages of 4 KB */
	return (void *)syscall(SYS_mmap2, start, size, protection, flags, fd, offset / 4096);
#else
	return (void *)syscall(SYS_mmap, start, size, protection, flags, fd, offset);
#endif
}

/* A helper program of tests/helpers. The build directory comes from the runner. */
static inline const char *helper(const char *name)
{
	static char path[2][4096];
	static int turn;
	const char *build = getenv("BUILD");

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/tests/helpers/%s", build ? build : "build",
		 name);
	return path[turn];
}

/* Everything that can be read from fd, as a string in a static buffer. */
static inline const char *read_all(int fd)
{
	static char text[1 << 16];
	size_t size = 0;
	ssize_t got;

	while (size < sizeof(text) - 1 && (got = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	close(fd);
	return text;
}

/* How many descriptors this process has open. */
static inline size_t count_open(void)
{
	struct spu_audit *audit;
	size_t open;

	ck_assert_int_eq(spu_audit(0, 0, &audit), 0);
	open = audit->open;
	spu_audit_free(audit);
	return open;
}

/* Whatever this process was started with is closed, so that the strays are ours. */
static inline void close_strays(void)
{
	struct spu_audit *audit;
	size_t i;

	ck_assert_int_eq(spu_audit(0, 0, &audit), 0);
	for (i = 0; i < audit->count; i++)
		fcntl(audit->fds[i].fd, F_SETFD, FD_CLOEXEC);
	spu_audit_free(audit);
}

/* No child is left, not even one with an exit signal of 0; by a server, none but that. */
static inline void assert_no_child(void)
{
#ifdef BY_SERVER
	ck_assert_int_le(waitpid(-1, NULL, WNOHANG | 0x40000000), 0);
#else
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | 0x40000000), -1);
#endif
}

static volatile sig_atomic_t child_signals;

/* For SIGCHLD: takes every child's status away from whoever waits for it. */
static inline void reap_all(int number)
{
	int saved = errno;

	(void)number;
	child_signals++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

#define ASSERT_OK(r, error) ck_assert_msg((r) == 0, "%d: %s", (r), (r) ? (error).text : "")

#include "by_libc.h"
#ifdef BY_SERVER
#include "by_server.h"
#define IS_BY_SERVER 1
#define SKIP_BY_SERVER(suite, why) SKIP(suite, "%s", why)
#else
#define IS_BY_SERVER 0
#define SKIP_BY_SERVER(suite, why)
#endif

#ifdef __GLIBC__
#define IS_GLIBC 1
#else
#define IS_GLIBC 0
#endif

/* What spu_server_start(3) lists as different */
#define SERVERS_MOUNTS "a server's child has the server's mounts"
#define SERVERS_NUMBERS "a server's child has some descriptors of its own until exec"
#define SERVERS_NAMESPACES "a server's child is in the server's namespaces"
#define SERVERS_NEED "a launch by a server needs three free numbers"
#define SERVERS_PROCESSES "the limit of processes is as it was at the server's start"
#define SERVERS_SIGNAL "a server's child raises SIGCHLD, if it fails, too"
#define SERVERS_STOPS "a stop signal stops a server's child"
#define SERVERS_THREAD "a parent-death signal is about the thread that has started the server"

/* The step of an exec that fails */
static inline unsigned step_of_exec(void)
{
	return is_by_libc() ? SPU_STEP_POSIX_SPAWN : SPU_STEP_EXEC;
}

/* No descriptor more, none less, and no child: what a failure must leave. */
static inline void assert_unchanged(size_t open_before)
{
	ck_assert_uint_eq(count_open(), open_before);
	assert_no_child();
}

/*
 * Runs what changes the process itself (limits, descriptors 0 to 2, filters)
 * in a fork of its own. A failed assertion in there fails the test.
 */
static inline void in_own_process(void (*function)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		is_own_process = 1;
#ifdef BY_SERVER
		own_server();
#endif
		function();
		fflush(NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (is_by_libc() && WIFEXITED(status) && WEXITSTATUS(status) == LEFT_OUT)
		end_left_out();
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "the process of its own ended with wait status %#x", (unsigned)status);
}

/*
 * ---- Files of a test, in a directory that is removed at its end
 */

/* One directory for a test; made at first use. Absolute. */
static inline const char *scratch(void)
{
	static char directory[PATH_MAX];

	if (!directory[0]) {
		const char *tmp = getenv("TMPDIR");

		snprintf(directory, sizeof(directory), "%s/spawnutil.XXXXXX", tmp ? tmp : "/tmp");
		ck_assert_ptr_nonnull(mkdtemp(directory));
	}
	return directory;
}

/* A path in it; static, the last eight stay valid. */
static inline const char *in_scratch(const char *name)
{
	static char path[8][PATH_MAX + 256];
	static unsigned turn;

	turn = (turn + 1) % 8;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", scratch(), name);
	return path[turn];
}

static inline const char *write_file(const char *name, const char *text, unsigned mode)
{
	const char *path = in_scratch(name);
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
	return path;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* For a checked fixture: libcheck runs it after the test, in the test's process. */
static inline void remove_scratch(void)
{
	nftw(scratch(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (access(scratch(), F_OK) == 0)
		ck_abort_msg("%s stays", scratch());
}

static inline void make_scratch(void)
{
	scratch();
}

/* With CLOSED=012 in the environment, the tests of a suite run without these descriptors. */
static inline void close_as_told(void)
{
	const char *closed = getenv("CLOSED");

	for (; closed && *closed >= '0' && *closed <= '2'; closed++)
		close(*closed - '0');
}

/*
 * For a checked fixture: what the tests send arrives, whatever the runner
 * ignores or blocks. libcheck's own files are open before, above 2.
 */
static inline void settle(void)
{
	static const int sent[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD};
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		signal(sent[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_as_told();
#ifdef BY_SERVER
	own_server();
#endif
}

/*
 * ---- What the helper report_state has to say
 */

struct report_fd {
	int fd, flags, cloexec;	/* flags: F_GETFL */
	unsigned long long device, inode;
	long long offset;
};

struct state_report {
	struct state_report *next;
	struct report_fd *fds;
	size_t fd_count;
	uint64_t mask, ignored, caught;
	char *cwd;
	char **args;		/* args[0] is argv[0], args[1] the report's path; NULL ends */
	char **env;
	unsigned umask;
	pid_t pid, ppid, sid, pgid, foreground;
};

static inline char *from_hex(const char *hex)
{
	char *text = malloc(strlen(hex) / 2 + 1), *end = text;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		*end++ = (char)byte;
	*end = '\0';
	return text;
}

static inline char **append(char **list, char *text)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	list = realloc(list, (count + 2) * sizeof(*list));
	list[count] = text;
	list[count + 1] = NULL;
	return list;
}

/* Reports live until the test's process ends, and can be reached: no leak. */
static inline struct state_report *read_report(const char *path)
{
	static struct state_report *reports;
	struct state_report *report = calloc(1, sizeof(*report));
	FILE *file = fopen(path, "re");
	static char line[1 << 20];
	int complete = 0;

	ck_assert_ptr_nonnull(file);
	report->next = reports;
	reports = report;
	while (fgets(line, sizeof(line), file)) {
		char *value = strchr(line, ' ');
		struct report_fd fd;

		line[strcspn(line, "\n")] = '\0';
		complete |= strcmp(line, "end") == 0;
		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "fd") == 0) {
			ck_assert_int_eq(sscanf(value, "%d %llu:%llu %o %d %lld", &fd.fd, &fd.device,
						&fd.inode, (unsigned *)&fd.flags, &fd.cloexec,
						&fd.offset), 6);
			report->fds = realloc(report->fds, (report->fd_count + 1) * sizeof(fd));
			report->fds[report->fd_count++] = fd;
		} else if (strcmp(line, "mask") == 0) {
			report->mask = strtoull(value, NULL, 16);
		} else if (strcmp(line, "ignored") == 0) {
			report->ignored = strtoull(value, NULL, 16);
		} else if (strcmp(line, "caught") == 0) {
			report->caught = strtoull(value, NULL, 16);
		} else if (strcmp(line, "cwd") == 0) {
			report->cwd = from_hex(value);
		} else if (strcmp(line, "arg") == 0) {
			report->args = append(report->args, from_hex(value));
		} else if (strcmp(line, "env") == 0) {
			report->env = append(report->env, from_hex(value));
		} else if (strcmp(line, "umask") == 0) {
			report->umask = (unsigned)strtoul(value, NULL, 8);
		} else if (strcmp(line, "pid") == 0) {
			report->pid = atoi(value);
		} else if (strcmp(line, "ppid") == 0) {
			report->ppid = atoi(value);
		} else if (strcmp(line, "sid") == 0) {
			report->sid = atoi(value);
		} else if (strcmp(line, "pgid") == 0) {
			report->pgid = atoi(value);
		} else if (strcmp(line, "foreground") == 0) {
			report->foreground = atoi(value);
		}
	}
	fclose(file);
	ck_assert_msg(complete, "the report %s is not complete", path);
	return report;
}

/* The number as the child had it, or NULL. */
static inline const struct report_fd *report_find(const struct state_report *report, int fd)
{
	size_t i;

	for (i = 0; i < report->fd_count; i++)
		if (report->fds[i].fd == fd)
			return &report->fds[i];
	return NULL;
}

/* Absolute, whatever BUILD is: for launches with a cwd. */
static inline const char *report_state(void)
{
	static char path[PATH_MAX];

	if (!path[0])
		ck_assert_ptr_nonnull(realpath(helper("report_state"), path));
	return path;
}

/* A new, empty file that any child may write its report to. */
static inline const char *report_file(void)
{
	static unsigned number;
	char name[32];

	snprintf(name, sizeof(name), "report.%u", number++);
	return write_file(name, "", 0666);
}

/* Launches report_state so, waits, and reads what it says. */
static inline struct state_report *run_report(const struct spu_options *options)
{
	const char *path = report_file();
	struct spu_error error;
	int status, r;

	r = spu_run(SPU_ARGV(report_state(), path), options, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	return read_report(path);
}

/* Do launches give pidfds here? */
static inline int has_pidfds(void)
{
	struct spu_child child;
	int has;

	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("true"), NULL, NULL), 0);
	has = child.pidfd >= 0;
	ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
	spu_child_release(&child);
	return has;
}

static inline int run_suite(Suite *suite)
{
	SRunner *tests = srunner_create(suite);
	int failed;

	runner = getpid();
	srunner_run_all(tests, CK_NORMAL);
	failed = srunner_ntests_failed(tests);
	srunner_free(tests);
	return failed != 0;
}

#endif
