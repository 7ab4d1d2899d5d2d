/* SPDX-License-Identifier: MIT */
/*
 * What programs rely on in posix_spawn(3) and its family, observed through libc's
 * names: behaviours.h. The children are this program once more, which says what it
 * finds.
 */
#if !defined(OF_LIBC) && !defined(BY_WRAP)
#define SPU_REPLACE_LIBC
#include "spawnutil.h"
#endif

#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "arch/arch.h"

#ifdef POSIX_SPAWN_ONLY
#define IS_BY_LIBC 1
#else
#define IS_BY_LIBC 0
#endif

#define SUITE_NAME "check_posix_spawn"
#include "behaviours.h"
#include "sanitizers.h"

#if defined(__GLIBC__) || !defined(OF_LIBC)
#define HAS_CLOSE_FROM 1
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
int posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t *, int);
#else
#define HAS_CLOSE_FROM 0
#define posix_spawn_file_actions_addclosefrom_np(actions, from) ((void)(actions), (void)(from))
#define posix_spawn_file_actions_addtcsetpgrp_np(actions, fd) ((void)(actions), (void)(fd))
#endif

extern char **environ;
static char self[4096];

/*
 * ---- The child
 */

static void print_open(void)
{
	int fd, first = 1;

	for (fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%s%d", first ? "" : " ", fd), first = 0;
}

static void print_signals(const char *which)
{
	sigset_t blocked;
	struct sigaction action;
	int number, first = 1;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (number = 1; number < 32; number++) {
		sigaction(number, NULL, &action);
		if (*which == 'b' ? sigismember(&blocked, number) : action.sa_handler == SIG_IGN)
			printf("%s%d", first ? "" : " ", number), first = 0;
	}
}

static void print_ids(void)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	getresuid(&uid, &euid, &suid);
	getresgid(&gid, &egid, &sgid);
	printf("%d %d %d, %d %d %d", (int)uid, (int)euid, (int)suid, (int)gid, (int)egid,
	       (int)sgid);
}

static void print_group(void)
{
	printf("%s %s", getsid(0) == getpid() ? "a session" : "no session",
	       getpgrp() == getpid() ? "a group" : "no group");
}

static void print_policy(void)
{
	struct sched_param param;

	sched_getparam(0, &param);
	printf("policy %d %d", sched_getscheduler(0), param.sched_priority);
}

static void print_bytes(const char *text)
{
	putchar('<');
	for (; *text; text++)
		printf(*text < ' ' || *text > '~' ? "%%%02x" : "%c", (unsigned char)*text);
	putchar('>');
}

/* child WHAT [ARGUMENT...] */
static int be_the_child(int argc, char **argv)
{
	char directory[4096] = "?";
	int i;

	for (i = 2; i < argc; i++) {
		if (strcmp(argv[i], "open") == 0)
			print_open();
		else if (strcmp(argv[i], "blocked") == 0 || strcmp(argv[i], "ignored") == 0)
			print_signals(argv[i]);
		else if (strcmp(argv[i], "ids") == 0)
			print_ids();
		else if (strcmp(argv[i], "group") == 0)
			print_group();
		else if (strcmp(argv[i], "pgrp") == 0)
			printf("%d", (int)getpgrp());
		else if (strcmp(argv[i], "terminal") == 0)
			printf("%s", tcgetpgrp(0) == getpgrp() ? "foreground" : "background");
		else if (strcmp(argv[i], "policy") == 0)
			print_policy();
		else if (strcmp(argv[i], "cwd") == 0)
			printf("%s", getcwd(directory, sizeof(directory)));
		else if (strcmp(argv[i], "cat") == 0 && i + 1 < argc)
			printf("%ld", (long)read(atoi(argv[++i]), directory, sizeof(directory)));
		else if (strcmp(argv[i], "offset") == 0 && i + 1 < argc)
			printf("%ld", (long)lseek(atoi(argv[++i]), 0, SEEK_CUR));
		else if (strcmp(argv[i], "env") == 0)
			printf("%d variables", environ && *environ ? 1 : 0);
		else if (strcmp(argv[i], "args") == 0)
			while (++i < argc)
				print_bytes(argv[i]);
		else if (strcmp(argv[i], "wait") == 0)
			pause();
		else if (strcmp(argv[i], "exit") == 0 && i + 1 < argc)
			return atoi(argv[i + 1]);
	}
	return 0;
}

/*
 * ---- The parent
 */

struct spawn {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int output[2];
	pid_t pid;
};

/* What the child says comes through a pipe that is its 1 */
static void begin(struct spawn *spawn)
{
	memset(spawn, 0, sizeof(*spawn));
	posix_spawn_file_actions_init(&spawn->actions);
	posix_spawnattr_init(&spawn->attributes);
	if (pipe2(spawn->output, O_CLOEXEC) < 0)
		_exit(1);
	posix_spawn_file_actions_adddup2(&spawn->actions, spawn->output[1], 1);
}

static void end(struct spawn *spawn)
{
	posix_spawn_file_actions_destroy(&spawn->actions);
	posix_spawnattr_destroy(&spawn->attributes);
	close(spawn->output[0]);
	close(spawn->output[1]);
}

static void say_output(struct spawn *spawn)
{
	char output[512] = "";
	size_t size = 0;
	ssize_t got;
	int status;

	close(spawn->output[1]);
	spawn->output[1] = -1;
	while ((got = read(spawn->output[0], output + size, sizeof(output) - 1 - size)) > 0)
		size += (size_t)got;
	waitpid(spawn->pid, &status, 0);
	say("%s", output);
	if (status != 0)
		say_status(status);
}

static void say_result(int r)
{
	say("%s", r ? error_name(r) : "launched");
}

/* The child says what; the result in words. */
static int launch(struct spawn *spawn, const char *path, char *const argv[])
{
	int r = posix_spawn(&spawn->pid, path, &spawn->actions, &spawn->attributes, argv, environ);

	if (r)
		say("%s", error_name(r));
	else
		say_output(spawn);
	return r;
}

#define CHILD(...) ((char *[]){(char *)"self", (char *)"child", __VA_ARGS__, NULL})

static void let_say(struct spawn *spawn, const char *what)
{
	launch(spawn, self, CHILD((char *)what));
}

static void with_flags(struct spawn *spawn, int flags)
{
	posix_spawnattr_setflags(&spawn->attributes, (short)flags);
}

static void say_children(void)
{
	say("%s", waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "no child" : "a child");
}

static int count_open(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A directory of its own, where the files of a test are made */
static void enter_directory(void)
{
	static char directory[] = "/tmp/posix_spawn.XXXXXX";

	if (!mkdtemp(directory) || chdir(directory) < 0 || chmod(".", 0755) < 0)
		_exit(1);
}

static void leave_directory(void)
{
	char directory[4096];

	if (getcwd(directory, sizeof(directory)) &&
	    strncmp(directory, "/tmp/posix_spawn.", 17) == 0 && chdir("/") == 0) {
		char command[4200];
		char *argv[] = {(char *)"rm", (char *)"-rf", directory, NULL};
		pid_t pid;

		snprintf(command, sizeof(command), "%s", directory);
		if (posix_spawn(&pid, "/bin/rm", NULL, NULL, argv, environ) == 0)
			waitpid(pid, NULL, 0);
	}
}

static void make_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fchmod(fd, mode) < 0)
		_exit(1);
	close(fd);
}

/*
 * ---- 19: results
 */

static void observe_no_pid(void)
{
	int status;

	say_result(posix_spawn(NULL, self, NULL, NULL, CHILD((char *)"exit", (char *)"3"), environ));
	wait(&status);
	say_status(status);
}

static int signals_seen;	/* by any thread */

static void count_signal(int number)
{
	(void)number;
	__atomic_fetch_add(&signals_seen, 1, __ATOMIC_RELAXED);
}

static int errno_stays = 1;

static void fail_with(const char *path)
{
	pid_t pid = -7;
	int r;

	errno = 99;
	r = posix_spawn(&pid, path, NULL, NULL, CHILD((char *)"exit"), environ);
	say_result(r);
	if (r == 0)
		waitpid(pid, NULL, 0);
	errno_stays &= errno == 99;
	if (r && pid != -7)
		say("pid is written");
}

static void observe_failures(void)
{
	int writer, before;

	enter_directory();
	make_file("text", "text", 0644);
	make_file("empty", "", 0755);
	make_file("script", "#!/nonexistent/interpreter\n", 0755);
	make_file("busy", "#!/bin/true\n", 0755);
	if (symlink("loop", "loop") < 0)
		_exit(1);
	writer = open("busy", O_WRONLY | O_CLOEXEC);
	before = count_open();
	signal(SIGCHLD, count_signal);
	fail_with("./missing");
	fail_with("./script");
	fail_with("./text");
	fail_with("./empty");
	fail_with("./text/file");
	fail_with("./loop");
	fail_with("./busy");
	say_children();
	say("%d left open", count_open() - before);
	say("%s", signals_seen ? "SIGCHLD" : "no SIGCHLD");
	say("%s", errno_stays ? "errno stays" : "errno changes");
	close(writer);
	leave_directory();
}

/* What an action has opened isn't opened twice: a FIFO's reader would have gone, a file be read-only */
static void observe_busy_program(void)
{
	struct spawn spawn;
	int writer, reader;
	char byte;

	enter_directory();
	make_file("busy", "#!/bin/true\n", 0755);
	if (mkfifo("fifo", 0600) < 0)
		_exit(1);
	writer = open("busy", O_WRONLY | O_CLOEXEC);
	if (fork() == 0) {
		reader = open("fifo", O_RDONLY);
		_exit(read(reader, &byte, 1) != 0);
	}
	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 5, "fifo", O_WRONLY, 0);
	say_result(posix_spawn(&spawn.pid, "./busy", &spawn.actions, NULL, CHILD((char *)"exit"), environ));
	end(&spawn);
	close(writer);
	wait(NULL);
	leave_directory();
}

typedef int spawn_function(int *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const [], char *const []);

/* glibc's header says that none is NULL: of that this type knows nothing. */
static void observe_no_path(void)
{
	spawn_function *volatile spawn = posix_spawn;
	pid_t pid;

#if defined(OF_LIBC) && IS_SANITIZED
	say(SKIPPED "a sanitizer reads the path before libc does");
	return;
#endif
	say_result(spawn(&pid, NULL, NULL, NULL, ((char *[]){(char *)"/bin/true", NULL}),
			 environ));
}

static void observe_long_arguments(void)
{
	size_t size = 1 << 20;
	char *argument = malloc(size + 1);

	memset(argument, 'x', size);
	argument[size] = '\0';
	say_result(posix_spawn(NULL, self, NULL, NULL, CHILD(argument), environ));
	say_children();
}

/*
 * ---- 20: file actions
 */

static void observe_order(void)
{
	struct spawn spawn;

	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 5, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&spawn.actions, 5, 6);
	posix_spawn_file_actions_addclose(&spawn.actions, 5);
	posix_spawn_file_actions_adddup2(&spawn.actions, 6, 8);
	posix_spawn_file_actions_addclose(&spawn.actions, 6);
	posix_spawn_file_actions_addopen(&spawn.actions, 6, "/dev/null", O_RDONLY, 0);
	let_say(&spawn, "open");
	end(&spawn);
	begin(&spawn);
	posix_spawn_file_actions_addclose(&spawn.actions, 9);
	posix_spawn_file_actions_adddup2(&spawn.actions, 9, 0);
	let_say(&spawn, "open");
	end(&spawn);
	say_children();
}

static void observe_copied_path(void)
{
	struct spawn spawn;
	char path[] = "/dev/null";

	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 5, path, O_RDONLY, 0);
	memset(path, 'x', sizeof(path) - 1);
	let_say(&spawn, "open");
	end(&spawn);
}

static void observe_copy_to_itself(void)
{
	struct spawn spawn;

	begin(&spawn);
	if (dup3(spawn.output[0], 7, O_CLOEXEC) < 0 || dup3(spawn.output[0], 8, O_CLOEXEC) < 0)
		_exit(1);
	posix_spawn_file_actions_adddup2(&spawn.actions, 7, 7);
	let_say(&spawn, "open");
	end(&spawn);
	begin(&spawn);
	posix_spawn_file_actions_adddup2(&spawn.actions, 20, 20);
	let_say(&spawn, "open");
	end(&spawn);
}

static void observe_open_over(void)
{
	struct spawn spawn;

	enter_directory();
	make_file("file", "four", 0644);
	begin(&spawn);
	if (dup2(spawn.output[0], 7) < 0)
		_exit(1);
	posix_spawn_file_actions_addopen(&spawn.actions, 7, "file", O_RDONLY, 0);
	launch(&spawn, self, CHILD((char *)"cat", (char *)"7"));
	end(&spawn);
	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 7, "missing", O_RDONLY, 0);
	let_say(&spawn, "open");
	end(&spawn);
	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 7, "made", O_WRONLY | O_CREAT | O_EXCL,
					 0640);
	let_say(&spawn, "open");
	say("%s", access("made", F_OK) == 0 ? "made" : "not made");
	end(&spawn);
	leave_directory();
}

static void observe_bad_numbers(void)
{
	posix_spawn_file_actions_t actions;
	struct rlimit limit;
	int above;

	getrlimit(RLIMIT_NOFILE, &limit);
	above = (int)limit.rlim_cur;
	posix_spawn_file_actions_init(&actions);
	say_result(posix_spawn_file_actions_addclose(&actions, -1));
	say_result(posix_spawn_file_actions_addopen(&actions, -1, "/", O_RDONLY, 0));
	say_result(posix_spawn_file_actions_adddup2(&actions, -1, 1));
	say_result(posix_spawn_file_actions_adddup2(&actions, 1, -1));
	say_result(posix_spawn_file_actions_addfchdir_np(&actions, -1));
	say_result(posix_spawn_file_actions_addclose(&actions, above));
	say_result(posix_spawn_file_actions_adddup2(&actions, 1, above));
	say("%s", posix_spawn(NULL, self, &actions, NULL, CHILD((char *)"exit"), environ) == 0
	    ? "nothing was added" : "something was added");
	posix_spawn_file_actions_destroy(&actions);
}

static void observe_reuse(void)
{
	struct spawn spawn;
	int i;

	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 5, "/dev/null", O_RDONLY, 0);
	for (i = 0; i < 3; i++)
		if (posix_spawn(&spawn.pid, self, &spawn.actions, NULL, CHILD((char *)"exit", (char *)"4"),
				environ) == 0) {
			int status;

			waitpid(spawn.pid, &status, 0);
			say_status(status);
		}
	end(&spawn);
	posix_spawn_file_actions_init(&spawn.actions);
	say_result(posix_spawn(NULL, self, &spawn.actions, NULL, CHILD((char *)"exit"), environ));
	say("destroyed %d", posix_spawn_file_actions_destroy(&spawn.actions));
}

/* More than any list holds at first */
static void observe_many_actions(void)
{
	struct spawn spawn;
	int i;

	begin(&spawn);
	for (i = 0; i < 300; i++)
		posix_spawn_file_actions_addopen(&spawn.actions, 10 + i % 7, "/dev/null", O_RDONLY, 0);
	for (i = 20; i < 900; i++)
		posix_spawn_file_actions_addclose(&spawn.actions, i);
	let_say(&spawn, "open");
	end(&spawn);
}

/*
 * ---- 21: directories
 */

static void in_directory(const char *directory, int fd, const char *program)
{
	struct spawn spawn;

	begin(&spawn);
	if (directory)
		posix_spawn_file_actions_addchdir_np(&spawn.actions, directory);
	else
		posix_spawn_file_actions_addfchdir_np(&spawn.actions, fd);
	launch(&spawn, program, CHILD((char *)"cwd"));
	end(&spawn);
}

static void observe_directories(void)
{
	int etc = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (chdir("/usr") < 0)
		_exit(1);
	in_directory("/", -1, self);
	in_directory("lib", -1, self);
	in_directory("/etc/passwd", -1, self);
	in_directory("missing", -1, self);
	in_directory(NULL, etc, self);
	in_directory(NULL, 77, self);
	say_children();
}

static void observe_relative_names(void)
{
	struct spawn spawn;

	enter_directory();
	if (mkdir("below", 0755) < 0 || symlink(self, "below/program") < 0)
		_exit(1);
	make_file("below/file", "five!", 0644);
	begin(&spawn);
	posix_spawn_file_actions_addchdir_np(&spawn.actions, "below");
	posix_spawn_file_actions_addopen(&spawn.actions, 5, "file", O_RDONLY, 0);
	launch(&spawn, "program", CHILD((char *)"cat", (char *)"5"));
	end(&spawn);
	leave_directory();
}

/*
 * ---- 22: closing from a number on
 */

static void hold(int fd)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (dup2(null, fd) < 0)
		_exit(1);
	close(null);
}

static void observe_close_from(void)
{
	struct spawn spawn;
	struct rlimit limit;

	if (!HAS_CLOSE_FROM) {
		say("skip: this libc has no closefrom");
		return;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 2048;
	if (limit.rlim_max < limit.rlim_cur) {
		say("skip: few descriptors");
		return;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	hold(11);
	hold(300);
	hold((int)limit.rlim_cur - 1);
	begin(&spawn);
	posix_spawn_file_actions_addopen(&spawn.actions, 10, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&spawn.actions, 3);
	posix_spawn_file_actions_addopen(&spawn.actions, 12, "/dev/null", O_RDONLY, 0);
	let_say(&spawn, "open");
	end(&spawn);
	begin(&spawn);
	posix_spawn_file_actions_addclosefrom_np(&spawn.actions, 200);
	let_say(&spawn, "open");
	end(&spawn);
	limit.rlim_cur = 100;
	setrlimit(RLIMIT_NOFILE, &limit);
	begin(&spawn);
	posix_spawn_file_actions_addclosefrom_np(&spawn.actions, 3);
	let_say(&spawn, "open");
	end(&spawn);
}

/*
 * ---- 23: the search
 */

static void search(const char *file, const char *path)
{
	char *argv[] = {(char *)"self", (char *)"child", (char *)"exit", (char *)"5", NULL};
	char *env[] = {(char *)"PATH=/nonexistent", NULL};
	pid_t pid;
	int r, status;

	if (path)
		setenv("PATH", path, 1);
	else
		unsetenv("PATH");
	r = posix_spawnp(&pid, file, NULL, NULL, argv, env);
	if (r) {
		say_result(r);
		return;
	}
	waitpid(pid, &status, 0);
	say_status(status);
}

static void observe_search(void)
{
	static char path[8192], name[260];
	int i;

	enter_directory();
	if (mkdir("d", 0755) < 0 || mkdir("dark", 0) < 0 || mkdir("d/prog", 0755) < 0 ||
	    mkdir("e", 0755) < 0 || symlink(self, "e/prog") < 0 || mkdir("f", 0755) < 0)
		_exit(1);
	make_file("f/prog", "text", 0644);
	make_file("e/text", "exit 9\n", 0755);
	search("prog", "d:e");
	search("prog", "f:e");
	search("prog", "dark:e");
	search("prog", "f:d");
	search("prog", "missing:e/prog:e");
	search("prog", "missing");
	search("text", "e");
	search("", "e");
	search("true", NULL);
	for (i = 0; i < 60; i++)
		sprintf(path + strlen(path), "/nonexistent/%060d:", i);
	strcat(path, "e");
	search("prog", path);
	memset(name, 'n', 255);
	search(name, path);
	memset(name, 'n', 256);
	search(name, path);
	leave_directory();
}

/* POSIX has it unspecified; each runs it, or refuses */
static void observe_no_name(void)
{
	char *none[] = {NULL};
	int status;
	pid_t pid;
	int r = posix_spawn(&pid, "/bin/true", NULL, NULL, none, environ);

	if (r == 0)
		waitpid(pid, &status, 0);
	say_result(r);
}

/*
 * ---- 24: attributes
 */

/* The caller goes on, and a moment later the kernel tells of exec. */
static int is_told_of_exec(pid_t pid)
{
	int tries;

	for (tries = 0; tries < patience(5000); tries++, usleep(1000))
		if (setpgid(pid, INT_MAX) < 0 && errno == EACCES)
			return 1;
	return 0;
}

static void observe_sessions(void)
{
	static const int flags[] = {0, POSIX_SPAWN_SETSID, POSIX_SPAWN_SETPGROUP};
	struct spawn spawn;
	char expected[32];
	size_t i;
	pid_t leader;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		begin(&spawn);
		with_flags(&spawn, flags[i]);
		let_say(&spawn, "group");
		end(&spawn);
	}
	if (posix_spawn(&leader, self, NULL, NULL, CHILD((char *)"wait"), environ) != 0 ||
	    !is_told_of_exec(leader))
		say("no leader");
	begin(&spawn);
	posix_spawnattr_setpgroup(&spawn.attributes, getpgrp());
	with_flags(&spawn, POSIX_SPAWN_SETPGROUP);
	snprintf(expected, sizeof(expected), "%d", (int)getpgrp());
	let_say(&spawn, "group");
	end(&spawn);
	begin(&spawn);
	posix_spawnattr_setpgroup(&spawn.attributes, 999999);
	with_flags(&spawn, POSIX_SPAWN_SETPGROUP);
	let_say(&spawn, "group");
	end(&spawn);
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
	say_children();
}

static void observe_masks(void)
{
	struct spawn spawn;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	begin(&spawn);
	let_say(&spawn, "blocked");
	end(&spawn);
	begin(&spawn);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	posix_spawnattr_setsigmask(&spawn.attributes, &set);
	let_say(&spawn, "blocked");
	end(&spawn);
	begin(&spawn);
	posix_spawnattr_setsigmask(&spawn.attributes, &set);
	with_flags(&spawn, POSIX_SPAWN_SETSIGMASK);
	let_say(&spawn, "blocked");
	end(&spawn);
}

static void observe_dispositions(void)
{
	struct spawn spawn;
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGHUP, count_signal);
	begin(&spawn);
	let_say(&spawn, "ignored");
	end(&spawn);
	sigfillset(&set);
	sigdelset(&set, SIGUSR2);
	begin(&spawn);
	posix_spawnattr_setsigdefault(&spawn.attributes, &set);
	let_say(&spawn, "ignored");
	end(&spawn);
	begin(&spawn);
	posix_spawnattr_setsigdefault(&spawn.attributes, &set);
	with_flags(&spawn, POSIX_SPAWN_SETSIGDEF);
	let_say(&spawn, "ignored");
	end(&spawn);
}

static void observe_ids(void)
{
	struct spawn spawn;

	if (setgroups(0, NULL) < 0) {
		say("skip: needs root");
		return;
	}
	if (setresgid(12, 0, 0) < 0 || setresuid(13, 0, 0) < 0)
		_exit(1);
	begin(&spawn);
	let_say(&spawn, "ids");
	end(&spawn);
	begin(&spawn);
	with_flags(&spawn, POSIX_SPAWN_RESETIDS);
	let_say(&spawn, "ids");
	end(&spawn);
}

static void observe_scheduling(void)
{
	struct sched_param param = {.sched_priority = 0}, real = {.sched_priority = 2};
	struct spawn spawn;

	begin(&spawn);
	if (posix_spawnattr_setschedpolicy(&spawn.attributes, SCHED_RR) != 0) {
		say("skip: this libc has no scheduling attributes");
		return;
	}
	if (sched_setscheduler(0, SCHED_RR, &real) < 0) {
		say("skip: may not");
		return;
	}
	sched_setscheduler(0, SCHED_OTHER, &param);
	posix_spawnattr_setschedparam(&spawn.attributes, &real);
	let_say(&spawn, "policy");
	end(&spawn);
	begin(&spawn);
	posix_spawnattr_setschedpolicy(&spawn.attributes, SCHED_RR);
	posix_spawnattr_setschedparam(&spawn.attributes, &real);
	with_flags(&spawn, POSIX_SPAWN_SETSCHEDULER);
	let_say(&spawn, "policy");
	end(&spawn);
	begin(&spawn);
	posix_spawnattr_setschedparam(&spawn.attributes, &param);
	with_flags(&spawn, POSIX_SPAWN_SETSCHEDPARAM);
	let_say(&spawn, "policy");
	end(&spawn);
	begin(&spawn);
	param.sched_priority = 77;
	posix_spawnattr_setschedparam(&spawn.attributes, &param);
	with_flags(&spawn, POSIX_SPAWN_SETSCHEDPARAM);
	let_say(&spawn, "policy");
	end(&spawn);
}

/* The test's process leads a session with a terminal; a group of the child's becomes its foreground. */
static void observe_terminal(void)
{
	int master, slave;
	struct spawn spawn;

	if (!HAS_CLOSE_FROM) {
		say("skip: this libc has no addtcsetpgrp_np");
		return;
	}
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	/* a group's leader can't: the process between lets it */
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		say("skip: no terminal");
		return;
	}
	if (fork() == 0) {
		setsid();
		slave = open(ptsname(master), O_RDWR | O_CLOEXEC);
		begin(&spawn);
		posix_spawn_file_actions_adddup2(&spawn.actions, slave, 0);
		posix_spawn_file_actions_addtcsetpgrp_np(&spawn.actions, 0);
		with_flags(&spawn, POSIX_SPAWN_SETPGROUP);
		let_say(&spawn, "terminal");
		end(&spawn);
		_exit(0);
	}
	wait(NULL);
}

static void observe_unknown_flags(void)
{
	posix_spawnattr_t attributes;

	posix_spawnattr_init(&attributes);
	say_result(posix_spawnattr_setflags(&attributes, 0x4000));
	posix_spawnattr_destroy(&attributes);
}

/*
 * ---- 25 to 30
 */

static pid_t observer;

static void note_child(int number)
{
	(void)number;
	if (getpid() != observer)
		_exit(99);
	__atomic_fetch_add(&signals_seen, 1, __ATOMIC_RELAXED);
}

static void *raise_signals(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		kill(0, SIGRTMIN + 3);
		usleep(50);
	}
	return NULL;
}

static void observe_handlers(void)
{
	int i, stop = 0, wrong = 0, status;
	pthread_t thread;
	pid_t pid;

	observer = getpid();
	signal(SIGRTMIN + 3, note_child);
	pthread_create(&thread, NULL, raise_signals, &stop);
	for (i = 0; i < 128; i++) {
		int r = posix_spawn(&pid, self, NULL, NULL, CHILD((char *)"exit", (char *)"0"), environ);

		/* killed before its exec: ours says so, a libc calls that launched */
		wrong += r && r != ECANCELED;
		if (r)
			continue;
		while (waitpid(pid, &status, 0) < 0)
			;
		/* its own end by the signal is right, once it is executed */
		wrong += WIFEXITED(status) && WEXITSTATUS(status) == 99;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	say("%d wrong, %s", wrong, signals_seen ? "signals came" : "no signal came");
}

static void observe_signal_at_once(void)
{
	int i, wrong = 0, status;
	pid_t pid;

	for (i = 0; i < 200; i++) {
		if (posix_spawn(&pid, self, NULL, NULL, CHILD((char *)"wait"), environ) != 0)
			_exit(1);
		kill(pid, SIGTERM);
		waitpid(pid, &status, 0);
		wrong += !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM;
	}
	say("%d wrong", wrong);
}

static void observe_arguments(void)
{
	char *none[] = {NULL};
	struct spawn spawn;

	begin(&spawn);
	launch(&spawn, self, CHILD((char *)"args", (char *)"", (char *)"a b", (char *)"\"'\\$",
				   (char *)"\xff\n"));
	end(&spawn);
	begin(&spawn);
	if (posix_spawn(&spawn.pid, self, &spawn.actions, NULL, CHILD((char *)"env"), none) == 0)
		say_output(&spawn);
	end(&spawn);
	begin(&spawn);
	if (posix_spawn(&spawn.pid, self, &spawn.actions, NULL, CHILD((char *)"env"), NULL) == 0)
		say_output(&spawn);
	end(&spawn);
}

static void observe_no_room(void)
{
	struct rlimit limit = {0, 0};
	int before, fd, r, status;
	pid_t pid;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 32;
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		;
	before = count_open();
	r = posix_spawn(&pid, self, NULL, NULL, CHILD((char *)"exit", (char *)"6"), environ);
	if (r == 0) {
		waitpid(pid, &status, 0);
		say_status(status);
	} else {
		say_result(r);
	}
	say_result(posix_spawn(&pid, "/nonexistent", NULL, NULL, CHILD((char *)"exit"), environ));
	say("%d left open", count_open() - before);
}

static void count_fork(void)
{
	signals_seen++;
}

static void observe_fork_handlers(void)
{
	int status;
	pid_t pid;

	pthread_atfork(count_fork, count_fork, count_fork);
	if (posix_spawn(&pid, self, NULL, NULL, CHILD((char *)"exit"), environ) != 0)
		_exit(1);
	waitpid(pid, &status, 0);
	say("%d handlers ran", (int)signals_seen);
}

static void observe_inheritance(void)
{
	struct spawn spawn;
	int fd;

	enter_directory();
	make_file("file", "four", 0644);
	fd = open("file", O_RDONLY);
	if (fd < 0 || lseek(fd, 3, SEEK_SET) < 0 || dup2(fd, 9) < 0)
		_exit(1);
	close(fd);
	hold(10);
	fcntl(10, F_SETFD, FD_CLOEXEC);
	begin(&spawn);
	launch(&spawn, self, CHILD((char *)"open"));
	end(&spawn);
	begin(&spawn);
	launch(&spawn, self, CHILD((char *)"offset", (char *)"9"));
	end(&spawn);
	leave_directory();
}

static void observe_closed_standard_descriptors(void)
{
	int fd, status;
	pid_t pid;

	for (fd = 0; fd <= 2; fd++) {
		posix_spawn_file_actions_t actions;
		int saved = fcntl(fd, F_DUPFD_CLOEXEC, 100), output[2];
		char words_read[64] = "";

		close(fd);
		if (pipe2(output, O_CLOEXEC) < 0)
			_exit(1);
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, output[1], 1);
		if (posix_spawn(&pid, self, &actions, NULL, CHILD((char *)"open"), environ) == 0)
			waitpid(pid, &status, 0);
		posix_spawn_file_actions_destroy(&actions);
		if (read(output[0], words_read, sizeof(words_read) - 1) < 0)
			_exit(1);
		close(output[0]);
		close(output[1]);
		dup2(saved, fd);
		close(saved);
		say("without %d: %s", fd, words_read);
	}
}

/* Each by an object that all share */
static posix_spawn_file_actions_t shared;

static void *launch_some(void *ret)
{
	int i, status, wrong = 0;
	pid_t pid;

	for (i = 0; i < 100; i++) {
		if (posix_spawn(&pid, self, &shared, NULL, CHILD((char *)"cat", (char *)"5", (char *)"exit",
								 (char *)"8"), environ) != 0) {
			wrong++;
			continue;
		}
		waitpid(pid, &status, 0);
		wrong += status != 8 << 8;
	}
	*(int *)ret = wrong;
	return NULL;
}

static void observe_threads(void)
{
	pthread_t threads[8];
	int wrong[8], i, sum = 0;

	posix_spawn_file_actions_init(&shared);
	posix_spawn_file_actions_addopen(&shared, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&shared, 5, "/dev/null", O_RDONLY, 0);
	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, launch_some, &wrong[i]);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		sum += wrong[i];
	}
	posix_spawn_file_actions_destroy(&shared);
	say("%d wrong", sum);
}

/* As small as a thread's stack may be */
static void *launch_once(void *ret)
{
	pid_t pid;

	*(int *)ret = posix_spawn(&pid, self, NULL, NULL, CHILD((char *)"exit", (char *)"2"), environ);
	if (*(int *)ret == 0)
		waitpid(pid, (int *)ret, 0);
	return NULL;
}

static void observe_small_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int result = -1;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	if (pthread_create(&thread, &attributes, launch_once, &result) != 0)
		_exit(1);
	pthread_join(thread, NULL);
	say_status(result);
}

/* POSIX names the calls that cancel a thread, and these aren't among them. */
struct cancelled {
	spawn_function *spawn;
	int made, result;
};

static void *launch_cancelled(void *argument)
{
	struct cancelled *call = argument;

	pthread_cancel(pthread_self());
	call->result = call->spawn(&call->made, self, NULL, NULL,
				   CHILD((char *)"exit", (char *)"7"), environ);
	return NULL;
}

static void observe_cancelled_by(spawn_function *spawn, int is_pidfd)
{
	struct cancelled call = {spawn, -1, 0};
	int before = count_open();
	pthread_t thread;
	void *end;

	pthread_create(&thread, NULL, launch_cancelled, &call);
	pthread_join(thread, &end);
	if (call.result) {
		say(call.result == ENOSYS ? "skip: no pidfd here" : "%s", error_name(call.result));
		return;
	}
	say("%s", end == PTHREAD_CANCELED ? "cancelled" : "returned");
	if (is_pidfd)
		close(call.made);
	say("%d left open", count_open() - before);
	say("%s", waitpid(is_pidfd ? -1 : call.made, NULL, 0) > 0 ? "a child" : "no child");
}

static void observe_cancelled(void)
{
	observe_cancelled_by(posix_spawn, 0);
}

#if !defined(OF_LIBC)
int pidfd_spawn(int *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
		char *const [], char *const []);

static void observe_pidfd(void)
{
	siginfo_t info = {.si_pid = 0};
	int pidfd = -1, r = pidfd_spawn(&pidfd, self, NULL, NULL,
					CHILD((char *)"exit", (char *)"7"), environ);

	if (r) {
		say(r == ENOSYS ? "skip: no pidfd here" : "%s", error_name(r));
		return;
	}
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0) {
		say("skip: nobody waits for a pidfd here");
		return;
	}
	say("%s", fcntl(pidfd, F_GETFD) & FD_CLOEXEC ? "close-on-exec" : "kept");
	say("exit %d", info.si_status);
	pidfd = -7;
	say_result(pidfd_spawn(&pidfd, "/nonexistent", NULL, NULL, CHILD((char *)"exit"), environ));
	say("%s", pidfd == -7 ? "not written" : "written");
}

static void observe_cancelled_pidfd(void)
{
	observe_cancelled_by(pidfd_spawn, 1);
}
#endif

static const struct behaviour behaviours[] = {
	{19, "pid NULL", observe_no_pid, "launched, exit 3", NULL, NULL, NULL},
	{19, "failures", observe_failures,
	 "ENOENT, ENOENT, EACCES, ENOEXEC, ENOTDIR, ELOOP, ETXTBSY, no child, 0 left open, no SIGCHLD, "
	 "errno stays",
	 "ENOENT, ENOENT, EACCES, ENOEXEC, ENOTDIR, ELOOP, ETXTBSY, no child, 0 left open, SIGCHLD, *",
	 "ENOENT, ENOENT, EACCES, ENOEXEC, ENOTDIR, ELOOP, ETXTBSY, no child, 0 left open, SIGCHLD, *",
	 "a launch that failed has no child that ends"},
	{19, "too long arguments", observe_long_arguments, "E2BIG, no child", NULL, NULL, NULL},
	{19, "a busy program, after a FIFO was opened", observe_busy_program, "ETXTBSY", NULL, NULL, NULL},
	{19, "path NULL", observe_no_path, "EFAULT", NULL, NULL, NULL},
	{20, "order", observe_order, "0 1 2 6 8, EBADF, no child", NULL, NULL, NULL},
	{20, "a path, changed later", observe_copied_path, "0 1 2 5", NULL, NULL, NULL},
	{20, "a copy to itself", observe_copy_to_itself, "0 1 2 7, EBADF", NULL, NULL, NULL},
	{20, "open where something is", observe_open_over, "4, ENOENT, 0 1 2 7, made", NULL, NULL, NULL},
	{20, "bad numbers", observe_bad_numbers,
	 "EBADF, EBADF, EBADF, EBADF, EBADF, EBADF, EBADF, nothing was added",
	 "EBADF, EBADF, EBADF, EBADF, launched, EBADF, EBADF, something was added",
	 "EBADF, EBADF, EBADF, EBADF, EBADF, launched, launched, something was added",
	 "POSIX: EBADF for what is negative, and from OPEN_MAX on"},
	{20, "an object, used again", observe_reuse,
	 "exit 4, exit 4, exit 4, launched, destroyed 0", NULL, NULL, NULL},
	{20, "many actions", observe_many_actions, "0 1 2 10 11 12 13 14 15 16", NULL, NULL, NULL},
	{21, "directories", observe_directories,
	 "/, /usr/lib, ENOTDIR, ENOENT, /etc, EBADF, no child", NULL, NULL, NULL},
	{21, "relative names", observe_relative_names, "5", NULL, NULL, NULL},
	{22, "closing from a number on", observe_close_from, "0 1 2 12, 0 1 2 11, 0 1 2", NULL,
	 NULL, NULL},
	{23, "the search", observe_search,
	 "exit 5, exit 5, exit 5, EACCES, exit 5, ENOENT, ENOEXEC, ENOENT, exit 0, exit 5, ENOENT, "
	 "ENAMETOOLONG", NULL, NULL, NULL},
	{23, "no arguments", observe_no_name, "launched", NULL, NULL, NULL},
	{24, "sessions and groups", observe_sessions,
	 "no session no group, a session a group, no session a group, no session no group, EPERM, "
	 "no child", NULL, NULL, NULL},
	{24, "the signal mask", observe_masks, "10, 10, 12 17", NULL, NULL, NULL},
	{24, "ids", observe_ids, "13 0 0, 12 0 0, 13 13 13, 12 12 12", NULL, NULL, NULL},
	{24, "scheduling", observe_scheduling, "policy 0 0, policy 2 2, policy 0 0, EINVAL", NULL, NULL, NULL},
	{24, "the terminal's foreground", observe_terminal, "foreground", NULL, NULL, NULL},
	{24, "unknown flags", observe_unknown_flags, "EINVAL", NULL, NULL, NULL},
	{25, "dispositions", observe_dispositions, "10 12, 10 12, 12", NULL, NULL, NULL},
	{25, "handlers", observe_handlers, "0 wrong, signals came", NULL, NULL, NULL},
	{26, "a signal at once", observe_signal_at_once, "0 wrong", NULL, NULL, NULL},
	{27, "arguments and environment", observe_arguments,
	 "<><a b><\"'\\\\$><%ff%0a>, 0 variables, 0 variables", NULL, NULL, NULL},
	{28, "a full table", observe_no_room, "exit 6, ENOENT, 0 left open", NULL,
	 "EMFILE, EMFILE, 0 left open", "no descriptor is needed, as in glibc"},
	{29, "fork handlers", observe_fork_handlers, "0 handlers ran", NULL, NULL, NULL},
	{30, "inheritance", observe_inheritance, "0 1 2 9, 3", NULL, NULL, NULL},
	{30, "0 to 2 closed", observe_closed_standard_descriptors,
	 "without 0: 1 2, without 1: 0 1 2, without 2: 0 1", NULL, NULL, NULL},
	{31, "an object of all threads", observe_threads, "0 wrong", NULL, NULL, NULL},
	{31, "a small stack", observe_small_stack, "exit 2", NULL, NULL, NULL},
	{31, "a cancelled thread", observe_cancelled, "returned, 0 left open, a child", NULL, NULL, NULL},
#if !defined(OF_LIBC)
	{31, "a pidfd", observe_pidfd, "close-on-exec, exit 7, ENOENT, not written", NULL, NULL, NULL},
	{31, "a pidfd for a cancelled thread", observe_cancelled_pidfd, "returned, 0 left open, a child",
	 NULL, NULL, NULL},
#endif
};

int main(int argc, char **argv)
{
	int fd;

	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return be_the_child(argc, argv);
	if (!realpath(argv[0], self))
		return 1;
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	/* ours hands on to libc's there */
	is_libcs |= IS_BY_LIBC;
	return judge_all(behaviours, sizeof(behaviours) / sizeof(behaviours[0]),
			 argc > 1 && !IS_BY_LIBC);
}
