/* SPDX-License-Identifier: MIT */
/*
 * Children whose parent ends before they have executed, and who is nobody's
 * child that they can see: the parent-death signal and the look at the parent.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "support.h"

#define SUITE "orphans"
#define WALL 0x40000000	/* waitpid: children with any exit signal */

static const gid_t no_group[1];

static const struct variant {
	const char *what;
	struct spu_options options;
	int is_later;	/* not the first launch of its process: no error pipe, a shared table */
	int runs;	/* all the same */
} variants[] = {
	{"first", {.pdeathsig = {1, SIGTERM}}, 0, 0},
	{"later", {.pdeathsig = {1, SIGTERM}}, 1, 0},
	{"policy allow", {.pdeathsig = {1, SIGKILL}, .leaks = SPU_LEAKS_ALLOW}, 1, 0},
	{"in a session", {.pdeathsig = {1, SIGKILL}, .flags = SPU_SETSID | SPU_NO_NEW_PRIVS}, 1, 0},
	{"another user", {.pdeathsig = {1, SIGTERM}, .uid = {1, 65534}, .gid = {1, 65534},
			  .groups = no_group}, 1, 0},
	{"no signal wanted", {.umask = {1, 022}}, 1, 1},
};

#define VARIANTS (int)(sizeof(variants) / sizeof(variants[0]))

/* Where the child tells that it runs, and what holds it before that. */
static const char *trace, *fifo;

/* The parent doesn't look at what lies below /proc, so the child is who waits there. */
static void launch_and_be_held(const struct variant *variant, int ready)
{
	struct spu_options options = variant->options;
	char path[PATH_MAX + 64];
	struct spu_error error;
	struct spu_child child;

	snprintf(path, sizeof(path), "/proc/self/root%s", fifo);
	options.size = sizeof(options);
	options.fds = SPU_FDS(SPU_OPEN(9, path, O_RDONLY));
	if (variant->is_later)
		ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	close(ready);
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("sh", "-c", "echo runs >>\"$0\"", trace),
				   &options, &error), 0);
}

/* Field 4 of /proc/PID/stat; 0 if there is none. */
static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	const char *end;
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	end = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	if (!end || sscanf(end, ") %*c %d", &parent) != 1)
		parent = 0;
	fclose(file);
	return parent;
}

/* In "open": it holds the FIFO, and is far from exec. */
static int is_held(pid_t pid)
{
	char path[64], text[64];
	FILE *file;
	long number = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return errno != ENOENT || kill(pid, 0) == 0;	/* not to be seen here */
	if (fgets(text, sizeof(text), file))
		sscanf(text, "%ld", &number);
	fclose(file);
	return number == SYS_openat;
}

/* The child of a process that has one. */
static pid_t await_child_of(pid_t parent)
{
	int tries;

	for (tries = 0; tries < 10000; tries++) {
		DIR *proc = opendir("/proc");
		const struct dirent *entry;
		pid_t found = 0;

		while (proc && !found && (entry = readdir(proc))) {
			pid_t pid = atoi(entry->d_name);

			if (pid > 0 && parent_of(pid) == parent && is_held(pid))
				found = pid;
		}
		if (proc)
			closedir(proc);
		if (found)
			return found;
		usleep(1000);
	}
	ck_abort_msg("no child of %d is held", (int)parent);
	return 0;
}

START_TEST(a_child_whose_parent_was_killed_does_not_execute)
{
	const struct variant *variant = &variants[_i];
	int status, writer, ready[2];
	pid_t launcher, child;

	NEED_OWN_CHILD(SUITE);
	if (variant->options.uid.set && geteuid() != 0)
		SKIP(SUITE, "only root can change ids");
	trace = write_file("trace", "", 0666);
	fifo = in_scratch("fifo");
	ck_assert_int_eq(mkfifo(fifo, 0666), 0);
	ck_assert_int_eq(chmod(fifo, 0666), 0);
	ck_assert_int_eq(chmod(scratch(), 0755), 0);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	launcher = fork();
	ck_assert_int_ge(launcher, 0);
	if (launcher == 0) {
		close(ready[0]);
		launch_and_be_held(variant, ready[1]);
		_exit(1);
	}
	close(ready[1]);
	ck_assert_str_eq(read_all(ready[0]), "");	/* the launches before are over */
	child = await_child_of(launcher);
	ck_assert_int_eq(kill(launcher, SIGKILL), 0);
	ck_assert_int_eq(waitpid(launcher, &status, 0), launcher);
	ck_assert_int_eq(status, SIGKILL);
	ck_assert_int_eq(parent_of(child), getpid());
	writer = open(fifo, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(writer, 0);
	ck_assert_int_eq(waitpid(child, &status, WALL), child);
	close(writer);
	/* a server's has its signal from the start, but blocks what can be */
	ck_assert_msg(status == (variant->runs ? 0 : 127 << 8) ||
		      (IS_BY_SERVER && status == (int)variant->options.pdeathsig.value),
		      "%s: status %#x", variant->what, (unsigned)status);
	ck_assert_str_eq(read_all(open(trace, O_RDONLY | O_CLOEXEC)),
			 variant->runs ? "runs\n" : "");
	if (!IS_BY_SERVER)	/* the launcher's comes here, and ends */
		assert_no_child();
}
END_TEST

static int is_later;

static void launch_into_a_new_namespace(void)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error;
	int status = -1, r;

	if (is_later)
		ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	if (unshare(CLONE_NEWPID) < 0)
		_exit(0);	/* the test looked before: it could then */
	options.pdeathsig = SPU_SET(SIGKILL);
	r = spu_run(SPU_ARGV("sh", "-c", "echo $$ $PPID >\"$0\"", trace), &options, &status,
		    &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_parent_outside_of_the_childs_namespace_is_alive)
{
	int status;
	pid_t pid;

	SKIP_BY_SERVER(SUITE, SERVERS_NAMESPACES);
	pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWPID) < 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (status != 0)
		SKIP(SUITE, "no new pid namespace may be made here");
	is_later = _i;
	trace = write_file("trace", "", 0666);
	in_own_process(launch_into_a_new_namespace);
	ck_assert_str_eq(read_all(open(trace, O_RDONLY | O_CLOEXEC)), "1 0\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = tcase_create("orphans");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_checked_fixture(tests, settle, NULL);
	tcase_add_loop_test(tests, a_child_whose_parent_was_killed_does_not_execute, 0, VARIANTS);
	tcase_add_loop_test(tests, a_parent_outside_of_the_childs_namespace_is_alive, 0, 2);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
