/* SPDX-License-Identifier: MIT */
/*
 * For the suites whose threads launch while others do as they please: a child
 * that is cheap to start and says what it holds, threads and what they find,
 * how many launches a test makes.
 */
#ifndef RACES_H
#define RACES_H

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "support.h"

#define SLOWER (ADDRESS_SANITIZER || THREAD_SANITIZER ? 10 : 1)

/* How many of a test's launches are made: RACES_PERCENT=10 for a tenth, 2500 for 25 times. */
static inline int share(int launches)
{
	return (int)(launches / SLOWER * knob("RACES_PERCENT", 100) / 100);
}

/* ---- The child: helpers/race_child.c, written as often as is wanted. */
#define HIGHEST 256

static char child_image[1 << 21];	/* libc is in it where it must be */
static size_t child_size;
static char child_path[64];

static inline void write_child(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, child_image, child_size) != (ssize_t)child_size || close(fd) < 0)
		abort();
}

static inline void read_child(void)
{
	int fd = open(helper("race_child"), O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, child_image, sizeof(child_image));

	if (got <= 0 || close(fd) < 0)
		abort();
	child_size = (size_t)got;
}

/* Before the runner forks: each test has it. */
static inline void make_child(void)
{
	const char *directory = getenv("TMPDIR");

	read_child();
	snprintf(child_path, sizeof(child_path), "%.40s/race.XXXXXX",
		 directory && strlen(directory) < 40 ? directory : "/tmp");
	if (!mkdtemp(child_path))
		abort();
	/* other users run it too */
	if (chmod(child_path, 0755) < 0)
		abort();
	strcat(child_path, "/child");
	write_child(child_path);
}

static inline void remove_child(void)
{
	unlink(child_path);
	*strrchr(child_path, '/') = '\0';
	rmdir(child_path);
}

/*
 * ---- Threads, and what they find. libcheck's assertions are for the main
 * thread, so these count faults and keep the first one's text.
 */
static atomic_int faults;
static char first_fault[320];
static atomic_int stop __attribute__((unused));

static inline void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void fault(const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&faults, 1) > 0)
		return;
	va_start(arguments, format);
	vsnprintf(first_fault, sizeof(first_fault), format, arguments);
	va_end(arguments);
}

#define MAX_THREADS 64

struct team {
	pthread_t threads[MAX_THREADS];
	int count;
};

static inline void start(struct team *team, int count, void *(*work)(void *), void *argument)
{
	int i;

	for (i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&team->threads[team->count++], NULL, work,
						argument ? argument : (void *)(intptr_t)i), 0);
}

static inline void join(struct team *team)
{
	while (team->count > 0)
		pthread_join(team->threads[--team->count], NULL);
}

static inline void assert_no_fault(void)
{
	ck_assert_msg(faults == 0, "%d faults, the first: %s", faults, first_fault);
}

/*
 * Does a launch begin with its parent's descriptor table, as it does from the
 * second one on where the kernel has all that this needs?
 */
static inline int shares_table(void)
{
	char *text;
	int shares;

	if (spu_run(SPU_ARGV(child_path), NULL, NULL, NULL) < 0 ||
	    spu_explain(SPU_ARGV(child_path), NULL, &text, NULL) < 0)
		abort();
	shares = strstr(text, "CLONE_FILES") != NULL;
	free(text);
	return shares;
}

/* One case each, so that CK_RUN_CASE picks a test. */
static inline void add(Suite *suite, const char *name, const TTest *test, int times)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, share(100) > 100 ? 1.2 * share(100) : 120);
	tcase_add_loop_test(tests, test, 0, times);
	suite_add_tcase(suite, tests);
}

#define ADD_LOOP(test, times) add(suite, #test, test, times)
#define ADD(test) ADD_LOOP(test, 1)

#endif
