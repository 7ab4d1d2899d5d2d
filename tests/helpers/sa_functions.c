/* SPDX-License-Identifier: MIT */
/*
 * A process with threads forks, and the child does what the first argument says before it
 * executes the rest, or true: for who looks at the functions that run there.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"

/* Not inlined; and each counts at its end, so that its last call is no jump */
#define APART __attribute__((noinline))

extern char **environ;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int traps, others, deeds_done;
static int count = 1, launched;
static void *library;		/* a page of code of one that is loaded */

static void *idle(void *context)
{
	for (;;)
		pause();
	return context;
}

static void on_signal(int number)
{
	*(number == SIGTRAP ? &traps : &others) += 1;
}

/* Says so when it isn't so, and the caller of us sees the status. */
static void check(int is_so)
{
	if (!is_so)
		_exit(99);
}

static APART void with_nothing(void)
{
}

static APART void with_setenv(void)
{
	setenv("NAME_OF_MINE", "value", 1);
	deeds_done++;
}

/* As a C++ compiler names Job::start() */
APART void with_cxx(void) __asm__("_ZN3Job5startEv");

void with_cxx(void)
{
	with_setenv();
	deeds_done++;
}

static APART void with_malloc(void)
{
	void *volatile memory = malloc(100000);

	free(memory);
	deeds_done++;
}

static APART void with_syslog(void)
{
	syslog(LOG_INFO, "in the child");
	deeds_done++;
}

static APART void with_mutex(void)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	deeds_done++;
}

static APART void with_time(void)
{
	time_t now = 0;
	struct tm tm;

	localtime_r(&now, &tm);
	deeds_done++;
}

static APART void with_safe(void)
{
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, 9);
	check(write(9, "x", 1) == 1);
	close(9);
	close(fd);
}

/* Each is one system call of Linux, whatever that says, or less. */
static APART void with_calls_of_linux(void)
{
	static char page[65536] __attribute__((aligned(65536)));
	struct iovec vector = {page, 1};
	struct itimerval timer = {0};
	struct epoll_event event;
	struct statfs system;
	unsigned char present[16];
	int null = open("/dev/null", O_RDWR);

	setitimer(ITIMER_REAL, &timer, NULL);
	getitimer(ITIMER_REAL, &timer);
	usleep(1);
	deeds_done += truncate("", 0);
	msync(page, sizeof(page), MS_ASYNC);
	mincore(page, sizeof(page), present);
	munlock(page, sizeof(page));
	munlockall();
	sendfile(null, null, NULL, 1);
	statfs("/", &system);
	fstatfs(null, &system);
	deeds_done += lockf(null, F_TEST, 0);
	preadv(null, &vector, 1, 0);
	pwritev(null, &vector, 1, 0);
	syncfs(null);
	isatty(null);
	sendmmsg(null, NULL, 0, 0);
	recvmmsg(null, NULL, 0, 0, NULL);
	getxattr("/", "user.x", page, sizeof(page));
	fgetxattr(null, "user.x", page, sizeof(page));
	close(epoll_create(1));
	epoll_pwait(null, &event, 1, 0, NULL);
	inotify_add_watch(null, "/", IN_CREATE);
	inotify_rm_watch(null, 1);
	deeds_done += getpagesize();
	sched_getcpu();
	deeds_done += gethostname(page, sizeof(page));
	execlp("a program that isn't there", "x", (char *)NULL);
	close(null);
	deeds_done++;
}

/* What no child but the last does */
static APART void with_a_difference(void)
{
	with_safe();
	if (launched + 1 == count)
		with_time();
	deeds_done++;
}

static APART void with_a_death(void)
{
	if (launched == 0)
		raise(SIGKILL);
	with_setenv();
}

static APART void with_exit(void)
{
	exit(0);
}

static APART void with_stuck(void)
{
	check(pthread_mutex_lock(&lock) == 0);
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

/* Copies of the copy, one of each kind */
static APART void with_children(void)
{
	static char *const arguments[] = {"true", NULL};
	pid_t pid;

	check(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) == 0);
	check(status_of(pid) == 0);
	pid = fork();
	if (pid == 0) {
		with_setenv();
		_exit(5);
	}
	check(WEXITSTATUS(status_of(pid)) == 5);
	pid = vfork();
	if (pid == 0)
		_exit(6);
	check(WEXITSTATUS(status_of(pid)) == 6);
	check(system("exit 7") >> 8 == 7);
	with_setenv();
	deeds_done++;
}

/* Which its tracer isn't told of: it meets no breakpoint of the copy's */
static APART void with_untraced(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		with_safe();
		_exit(5);
	}
	check(WEXITSTATUS(status_of(pid)) == 5);
	deeds_done++;
}

/* What daemons do: the copy makes another, and leaves */
static APART void with_fork(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		with_setenv();
		_exit(5);
	}
	check(WEXITSTATUS(status_of(pid)) == 5);
	_exit(0);
}

/* By a library's thread in the child; all goes on */
static APART void with_thread(void)
{
	pthread_t thread;

	check(pthread_create(&thread, NULL, idle, NULL) == 0);
	with_setenv();
	with_time();
	deeds_done++;
}

/* Where a library's code was it has what is its own, and then the text is put back */
static APART void with_remap(void)
{
	const size_t size = 4096;
	char *page = library;

	check(page && mmap(page, size, PROT_READ | PROT_WRITE,
			   MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == page);
	memset(page, 0xcc, size);
	with_thread();
	for (size_t i = 0; i < size; i++)
		check((page[i] & 0xff) == 0xcc);
	deeds_done++;
}

static void catch(int number)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigfillset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Its own traps: a handler, raise(), an instruction, one that waits while it is blocked */
static APART void with_traps(void)
{
	sigset_t set, old, pending;

	catch(SIGTRAP);
	catch(SIGUSR1);
	raise(SIGTRAP);
	check(traps == 1);
	raise(SIGUSR1);
	check(others == 1);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	check(!sigismember(&old, SIGTRAP));
	with_malloc();
	raise(SIGTRAP);
	with_setenv();
	sigpending(&pending);
	check(sigismember(&pending, SIGTRAP));
	check(traps == 1);
	sigprocmask(SIG_SETMASK, &old, &set);
	check(sigismember(&set, SIGTRAP));
	check(traps == 2);
	with_time();
#ifdef ARCH_BREAKPOINT
	__asm__ volatile("int3");
	check(traps == 3);
#endif
	with_mutex();
	deeds_done++;
}

static APART void with_blocked(void)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	with_setenv();
	sigprocmask(SIG_BLOCK, NULL, &old);
	check(sigismember(&old, SIGTRAP));
	with_time();
	deeds_done++;
}

static APART void with_ignored(void)
{
	signal(SIGTRAP, SIG_IGN);
	with_setenv();
	with_time();
	deeds_done++;
}

/* A signal waits, and is let through by a call that has a mask of its own */
static APART void with_a_suspension(void)
{
	sigset_t set;

	catch(SIGUSR1);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	sigdelset(&set, SIGUSR1);
	check(sigsuspend(&set) < 0 && others == 1);
	raise(SIGUSR1);
	check(epoll_pwait(epoll_create1(EPOLL_CLOEXEC), &(struct epoll_event){0}, 1, -1, &set) < 0);
	check(others == 2);
	sigprocmask(SIG_BLOCK, NULL, &set);
	check(sigismember(&set, SIGTRAP) && sigismember(&set, SIGUSR1));
	with_setenv();
	deeds_done++;
}

/* Who may not look at everything sees its memory no more, nor its copies' */
static APART void with_hiding(void)
{
	check(prctl(PR_SET_DUMPABLE, 0) == 0);
	with_time();
	with_children();
	deeds_done++;
}

/* Handlers of a program's own are fork's */
static APART void unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static APART void take(void)
{
	pthread_mutex_lock(&lock);
}

static APART int in_clone(void *context)
{
	char *const *arguments = context;

	with_setenv();
	execv(arguments[0], arguments);
	return 127;
}

/* A minute of work by code that makes no system call */
static APART void with_many(void)
{
	for (int i = 0; i < 300; i++) {
		with_setenv();
		with_time();
	}
	deeds_done++;
}

static void *page_of(void *code)
{
	return code ? (char *)code - (uintptr_t)code % 4096 : NULL;
}

static const struct {
	const char *name;
	void (*do_it)(void);
} deeds[] = {
	{"none", with_nothing}, {"setenv", with_setenv}, {"malloc", with_malloc},
	{"syslog", with_syslog}, {"mutex", with_mutex}, {"time", with_time},
	{"safe", with_safe}, {"exit", with_exit}, {"stuck", with_stuck},
	{"children", with_children}, {"thread", with_thread}, {"traps", with_traps},
	{"blocked", with_blocked}, {"ignored", with_ignored}, {"atfork", with_nothing},
	{"c++", with_cxx}, {"many", with_many}, {"clone", with_nothing}, {"untraced", with_untraced},
	{"fork", with_fork}, {"remap", with_remap}, {"hiding", with_hiding},
	{"suspension", with_a_suspension}, {"calls", with_calls_of_linux},
	{"differs", with_a_difference}, {"death", with_a_death},
};

int main(int argc, char **argv);

static APART pid_t launch(void (*do_it)(void), char *const arguments[], const char *name)
{
	static _Alignas(16) char stack[65536];
	pid_t pid;

	if (strcmp(name, "clone") == 0)
		return clone(in_clone, stack + sizeof(stack), SIGCHLD, (void *)arguments);
	pid = fork();
	if (pid == 0) {
		do_it();
		execv(arguments[0], arguments);
		_exit(127);
	}
	return pid;
}

/* 0: both have the same text of this program. */
static int compare_text(const char *one, const char *other)
{
	extern char __executable_start[], etext[];
	static char here[2][1 << 20];
	size_t size = (size_t)(etext - (char *)main);
	const char *const pids[] = {one, other};

	for (int i = 0; i < 2; i++) {
		char path[64], line[256] = "";
		unsigned long start = 0;
		FILE *maps;
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/maps", pids[i]);
		maps = fopen(path, "re");
		if (!maps || !fgets(line, sizeof(line), maps) || sscanf(line, "%lx", &start) != 1)
			return 2;
		fclose(maps);
		snprintf(path, sizeof(path), "/proc/%s/mem", pids[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		start += (unsigned long)((char *)main - __executable_start);
		if (fd < 0 || pread(fd, here[i], size, (off_t)start) != (ssize_t)size)
			return 2;
		close(fd);
	}
	return memcmp(here[0], here[1], size) != 0;
}

int main(int argc, char **argv)
{
	static char *const nothing[] = {"/bin/true", NULL};
	const char *name = argc > 1 ? argv[1] : "none";
	char *const *arguments = argc > 2 ? &argv[2] : nothing;
	pthread_t thread;
	int status = 0;

	if (argc > 3 && strcmp(name, "same") == 0)
		return compare_text(argv[2], argv[3]);
	if (getenv("COUNT"))
		count = atoi(getenv("COUNT"));
	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, idle, NULL))
			return 1;
	if (strcmp(name, "remap") == 0)
		library = page_of(dlsym(dlopen("libm.so.6", RTLD_NOW), "ldexp"));
	if (strcmp(name, "atfork") == 0)
		pthread_atfork(take, unlock, unlock);
	if (strcmp(name, "stuck") == 0)
		pthread_mutex_lock(&lock);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		for (int n = 0; strcmp(deeds[i].name, name) == 0 && n < count; n++, launched++) {
			pid_t pid = launch(deeds[i].do_it, arguments, name);

			printf("child %d\n", (int)pid);
			fflush(stdout);
			status |= status_of(pid);
		}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
