/* SPDX-License-Identifier: MIT */
/*
 * A program that knows nothing of the library and calls libc's functions: each
 * word on the command line is a thing to do, and what came of it is printed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 25

/* libc's own function, whoever stands before it */
static void *of_libc(const char *name)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

	return libc ? dlsym(libc, name) : NULL;
}

/* Neither of the two in line: else gcc sees what is closed by which, and warns. */
static FILE *open_or_die(const char *command, const char *mode) __attribute__((noinline));
static FILE *open_or_die(const char *command, const char *mode)
{
	FILE *stream = popen(command, mode);

	if (!stream) {
		printf("popen: %s\n", strerror(errno));
		exit(1);
	}
	return stream;
}

static void say_children(void)
{
	printf("%s\n", waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "no child" : "a child");
}

static void do_statuses(void)
{
	printf("system %d\n", system("exit 2"));
	printf("system(NULL) %d\n", system(NULL) != 0);
	printf("pclose %d\n", pclose(open_or_die("exit 3", "r")));
	printf("fclose %d\n", fclose(open_or_die("sleep 0.1; exit 4", "r")));
	printf("fclose %d\n", fclose(open_or_die("read line; exit $line", "w")));
	say_children();
}

/* Where the whole program finds them */
static void do_names(void)
{
	static const char *const names[] = {"system", "popen", "pclose", "fclose", "wait"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *found = dlsym(RTLD_DEFAULT, names[i]);
		const char *file;
		Dl_info info;

		if (!found || !dladdr(found, &info))
			continue;
		file = strrchr(info.dli_fname, '/');
		printf("%s %s\n", names[i], file ? file + 1 : info.dli_fname);
	}
}

static FILE *open_file(const char *name, const char *mode) __attribute__((noinline));
static FILE *open_file(const char *name, const char *mode)
{
	return fopen(name, mode);
}

static void do_files(void)
{
	FILE *stream = open_or_die("exit 3", "r"), *full = open_file("/dev/full", "w");
	int i, failed = 0, r;

	for (i = 0; i < 100; i++) {
		FILE *file = fopen("/dev/null", "r");

		failed += !file || fclose(file) != 0;
	}
	fputs("text", full);
	r = fclose(full);
	printf("failed %d, full %d %s\n", failed, r, strerror(errno));
	printf("pclose %d\n", pclose(stream));
	printf("pclose of a file %d\n", pclose(open_file("/dev/null", "r")));
}

/* Its streams and ours, each closed by the other side */
static void do_libcs(void)
{
	FILE *(*popen_of_libc)(const char *, const char *) = of_libc("popen");
	int (*pclose_of_libc)(FILE *) = of_libc("pclose");

	printf("theirs by our pclose %d\n", pclose(popen_of_libc("exit 3", "r")));
	printf("ours by their pclose %d\n", pclose_of_libc(open_or_die("exit 5", "r")));
	printf("ours by their fclose %d\n", fclose(open_or_die("read x; exit 6", "w")));
	say_children();
}

/* Launched, with 9 as the action has it; libc's own function has made the object, or libc's launches */
static void do_file_actions(void)
{
	static char sh[] = "sh", c[] = "-c", look[] = "[ -e /proc/$$/fd/9 ] && exit 7; exit 8";
	int (*init_of_libc)(posix_spawn_file_actions_t *) = of_libc("posix_spawn_file_actions_init");
	__typeof__(posix_spawn) *spawn_of_libc = of_libc("posix_spawn");
	char *argv[] = {sh, c, look, NULL}, *env[] = {NULL};
	posix_spawn_file_actions_t actions;
	int status, added, is_theirs;
	pid_t pid;

	for (is_theirs = 1; is_theirs >= 0; is_theirs--) {
		if (is_theirs)
			init_of_libc(&actions);
		else
			posix_spawn_file_actions_init(&actions);
		added = posix_spawn_file_actions_addopen(&actions, 9, "/dev/null", 0, 0) |
			posix_spawn_file_actions_adddup2(&actions, 9, 10) |
			posix_spawn_file_actions_addclose(&actions, 10);
		status = -1;
		if (posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, env) == 0)
			waitpid(pid, &status, 0);
		printf("%s: %d, %d", is_theirs ? "theirs" : "ours", added, status >> 8);
		status = -1;
		if (spawn_of_libc(&pid, "/bin/sh", &actions, NULL, argv, env) == 0)
			waitpid(pid, &status, 0);
		printf(", libc's launch %d, %d\n", status >> 8,
		       posix_spawn_file_actions_destroy(&actions));
	}
}

/* A number that the shell has when it inherits */
static void do_leaks(void)
{
	static const char command[] = "[ -e /proc/$$/fd/9 ] && echo leaked || echo closed";
	char line[20] = "";
	FILE *stream;
	int status;

	dup2(1, 9);
	printf("system: ");
	fflush(stdout);
	status = system(command);
	if (status)
		printf("%d %s\n", status, status == -1 ? strerror(errno) : "");
	stream = popen(command, "r");
	if (!stream)
		printf("popen: %s\n", strerror(errno));
	else
		printf("popen: %s", fgets(line, sizeof(line), stream));
	if (stream)
		pclose(stream);
	close(9);
}

/*
 * ---- Threads and forks
 */

static atomic_int faults;

static void expect(int fine)
{
	if (!fine)
		atomic_fetch_add(&faults, 1);
}

/* musl's fclose() doesn't wait */
#ifdef __GLIBC__
#define CLOSE_STREAM fclose
#else
#define CLOSE_STREAM pclose
#endif

static void call_all(void)
{
	FILE *file = fopen("/dev/null", "r"), *stream;

	expect(system("exit 3") == 3 << 8);
	stream = popen("exit 4", "r");
	expect(stream && pclose(stream) == 4 << 8);
	stream = open_or_die("exit 5", "we");
	expect(file && fclose(file) == 0);
	expect(CLOSE_STREAM(stream) == 5 << 8);
}

static void *call_often(void *argument)
{
	int i;

	(void)argument;
	for (i = 0; i < ROUNDS; i++)
		call_all();
	return NULL;
}

/* A child that hangs is ended by its alarm. */
static void in_child(void (*act)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(60);
		atomic_store(&faults, 0);
		act();
		_exit(atomic_load(&faults) != 0);
	}
	expect(waitpid(child, &status, 0) == child && status == 0);
}

static void do_threads(void)
{
	pthread_t threads[8];
	int i;

	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, call_often, NULL);
	for (i = 0; i < ROUNDS; i++)
		in_child(call_all);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	printf("faults %d\n", atomic_load(&faults));
	say_children();
}

/* Its constructor says what it found. */
static void do_plugin(void)
{
	if (!dlopen("./plugin.so", RTLD_NOW))
		printf("%s\n", dlerror());
}

static void *in_system(void *argument)
{
	(void)argument;
	return (void *)(intptr_t)system("sleep 100");
}

static int ignores_interrupt(void)
{
	struct sigaction action;

	sigaction(SIGINT, NULL, &action);
	return action.sa_handler == SIG_IGN;
}

static void do_cancel(void)
{
	struct timespec moment = {0, 1000000};
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, in_system, NULL);
	while (!ignores_interrupt())
		nanosleep(&moment, NULL);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled %d, ignored %d\n", result == PTHREAD_CANCELED, ignores_interrupt());
	say_children();
}

static void *spawn_cancelled(void *ret_launched)
{
	static char name[] = "true";
	char *argv[] = {name, NULL};
	pid_t pid;

	pthread_cancel(pthread_self());
	*(int *)ret_launched = posix_spawnp(&pid, name, NULL, NULL, argv, environ) == 0 &&
			       syscall(SYS_wait4, pid, NULL, 0, NULL) == pid;
	pthread_testcancel();
	return NULL;
}

/* posix_spawn is no cancellation point. */
static void do_cancelled_spawn(void)
{
	int launched = -1;
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, spawn_cancelled, &launched);
	pthread_join(thread, &result);
	printf("launched %d, cancelled %d\n", launched, result == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} acts[] = {
		{"statuses", do_statuses}, {"names", do_names}, {"files", do_files},
		{"libcs", do_libcs}, {"actions", do_file_actions}, {"leaks", do_leaks}, {"threads", do_threads},
		{"plugin", do_plugin}, {"cancel", do_cancel},
		{"cancelled-spawn", do_cancelled_spawn},
	};
	int i;
	size_t k;

	/* not for the shells, which may be others than this is built for */
	unsetenv("LD_PRELOAD");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i < argc; i++)
		for (k = 0; k < sizeof(acts) / sizeof(acts[0]); k++)
			if (strcmp(argv[i], acts[k].name) == 0)
				acts[k].act();
	return 0;
}
