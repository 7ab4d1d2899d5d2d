/* SPDX-License-Identifier: MIT */
/*
 * What programs rely on in functions of libc's, as a table: each behaviour is put
 * into words by a process of its own, and the table says which words are right, and
 * where a libc has others, and why ours are better. A suite is built three times:
 * the functions are ours by the header or by --wrap (BY_WRAP), or libc's (OF_LIBC)
 * or the preload library's. Needs nothing but libc, so that it runs on musl too.
 */
#ifndef BEHAVIOURS_H
#define BEHAVIOURS_H

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"

#ifdef OF_LIBC
#define SUITE SUITE_NAME "_libc"
static int is_libcs = 1;
#elif defined(BY_WRAP)
#define SUITE SUITE_NAME "_wrap"
static int is_libcs;
#else
#define SUITE SUITE_NAME
static int is_libcs;
#endif

/*
 * ---- Words
 */

#define WORDS 1024
#define SKIPPED "skip: "

/* Shared with the process that observes. */
static char *words;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	size_t size = strlen(words);
	va_list arguments;

	va_start(arguments, format);
	if (size > 0 && size < WORDS - 3)
		size += (size_t)snprintf(words + size, WORDS - size, ", ");
	vsnprintf(words + size, WORDS - size, format, arguments);
	va_end(arguments);
}

static inline const char *error_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{EAGAIN, "EAGAIN"}, {ECHILD, "ECHILD"}, {EINVAL, "EINVAL"}, {EMFILE, "EMFILE"},
		{ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"}, {EPIPE, "EPIPE"}, {EBADF, "EBADF"},
		{EACCES, "EACCES"}, {ENOEXEC, "ENOEXEC"}, {ENOTDIR, "ENOTDIR"}, {ELOOP, "ELOOP"},
		{ETXTBSY, "ETXTBSY"}, {E2BIG, "E2BIG"}, {EPERM, "EPERM"}, {ESRCH, "ESRCH"},
		{ENAMETOOLONG, "ENAMETOOLONG"}, {ENOSYS, "ENOSYS"}, {ENOTSUP, "ENOTSUP"},
		{ECANCELED, "ECANCELED"}, {EFAULT, "EFAULT"},
	};
	static char text[32];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].err == err)
			return names[i].name;
	snprintf(text, sizeof(text), "errno %d", err);
	return text;
}

/* A wait status, or -1 with errno. */
static inline const char *in_words(int status)
{
	static char text[2][64];
	static int turn;
	char *ret = text[turn = !turn];

	if (status == -1)
		snprintf(ret, sizeof(text[0]), "-1 %s", error_name(errno));
	else if (WIFEXITED(status))
		snprintf(ret, sizeof(text[0]), "exit %d", WEXITSTATUS(status));
	else
		snprintf(ret, sizeof(text[0]), "signal %d", WTERMSIG(status));
	return ret;
}

static inline void say_status(int status)
{
	say("%s", in_words(status));
}

struct behaviour {
	int item;
	const char *name;
	void (*observe)(void);
	const char *ours;	/* and libc's, but for: */
	const char *of_glibc;
	const char *of_musl;
	const char *why;	/* NULL: what a libc has, ours has there too */
};

/*
 * ---- The runner
 */

static void observe(const struct behaviour *behaviour)
{
	int status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	memset(words, 0, WORDS);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		dup2(null, 0), dup2(null, 2);
		alarm(patience(60));
		behaviour->observe();
		_exit(0);
	}
	close(null);
	waitpid(pid, &status, 0);
	if (status != 0)
		say(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hung" : "died of %#x",
		    (unsigned)status);
	kill(-pid, SIGKILL);
}

static const char *expected_of_libc(const struct behaviour *behaviour)
{
#ifdef __GLIBC__
	return behaviour->of_glibc;
#else
	return behaviour->of_musl;
#endif
}

static int matches(const char *pattern)
{
	return pattern && fnmatch(pattern, words, 0) == 0;
}

static int judge(const struct behaviour *behaviour)
{
	const char *of_libc = expected_of_libc(behaviour);
	const char *right = of_libc && !behaviour->why ? of_libc : behaviour->ours;
	const char *other = is_libcs && of_libc != right ? of_libc : NULL;

	observe(behaviour);
	if (strncmp(words, SKIPPED, strlen(SKIPPED)) == 0) {
		printf("skip %s %s: %s\n", SUITE, behaviour->name, words + strlen(SKIPPED));
		return 1;
	}
	if (matches(right)) {
		printf("ok %s %d: %s\n", SUITE, behaviour->item, behaviour->name);
		return 1;
	}
	if (matches(other)) {
		printf("ok %s %d: %s: %s; differs: %s\n", SUITE, behaviour->item, behaviour->name,
		       words, behaviour->why);
		return 1;
	}
	printf("not ok %s %d: %s: [%s]\n", SUITE, behaviour->item, behaviour->name, words);
	printf("    expected [%s]%s%s\n", right, other ? " or " : "", other ? other : "");
	return 0;
}

/* are_ours: libc's names are the preload library's */
static int judge_all(const struct behaviour *behaviours, size_t count, int are_ours)
{
	static const int signals[] = {SIGINT, SIGQUIT, SIGCHLD, SIGPIPE, SIGALRM, SIGTERM};
	size_t i, failed = 0;
	sigset_t none;

	if (are_ours)
		is_libcs = 0;
	/* it is not for the shells */
	unsetenv("LD_PRELOAD");
	words = mmap(NULL, WORDS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 0; i < count; i++)
		failed += !judge(&behaviours[i]);
	return failed > 0;
}

#endif
