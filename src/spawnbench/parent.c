/* SPDX-License-Identifier: MIT */
/* Growing the launching process. Measures nothing. */
#include "parent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/message.h"
#include "machine.h"
#include "memory.h"

/* What the program needs beside, and each thread that launches. */
#define SPARE_DESCRIPTORS(jobs) (28 + 4 * (jobs))
#define THREAD_STACK_SIZE (64 * 1024)
/* As execve(2) counts, what else it copies: arguments, the file's name. */
#define ENVIRONMENT_SPARE 8192
#define VARIABLE_FORMAT "SPAWNBENCH_%08u=0123456789a"
#define VARIABLE_SIZE sizeof("SPAWNBENCH_00000000=0123456789a")

static int check_descriptors(uint64_t fds, uint64_t jobs)
{
	uint64_t spare = SPARE_DESCRIPTORS(jobs);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (fds == 0 || fds + spare <= limit.rlim_max)
		return 0;
	say("--fds: %llu and %llu to work with are more than the hard limit of descriptors, %llu",
	    (unsigned long long)fds, (unsigned long long)spare,
	    (unsigned long long)limit.rlim_max);
	return -EMFILE;
}

/* Each job has a child too; one process more looks on. */
static int check_threads(uint64_t threads, uint64_t jobs)
{
	uint64_t all = threads + 2 * jobs + 1, room;
	const char *limit;

	if (threads == 0 && jobs == 1)
		return 0;
	room = machine_room_for_tasks(&limit);
	if (all <= room)
		return 0;
	say("--%s: %llu threads and processes in all are more than %s allows, %llu",
	    threads ? "threads" : "jobs", (unsigned long long)all, limit,
	    (unsigned long long)room);
	return -EAGAIN;
}

/* What execve(2) copies: the strings, and a pointer for each. */
static int check_environment(uint64_t count)
{
	uint64_t limit = (uint64_t)sysconf(_SC_ARG_MAX), size = ENVIRONMENT_SPARE;

	for (size_t i = 0; environ[i]; i++)
		size += strlen(environ[i]) + 1 + sizeof(char *);
	size += count * (VARIABLE_SIZE + sizeof(char *));
	if (count == 0 || size <= limit)
		return 0;
	say("--env: %llu variables of %zu bytes are more than exec takes: %llu bytes in all",
	    (unsigned long long)count, (size_t)VARIABLE_SIZE, (unsigned long long)limit);
	return -E2BIG;
}

int parent_check(const struct shape *shape)
{
	const uint64_t *values = shape->values;
	int r = memory_check(values[AXIS_RSS], values[AXIS_THP] != 0);

	if (r == 0)
		r = check_threads(values[AXIS_THREADS], values[AXIS_JOBS]);
	if (r == 0)
		r = check_descriptors(values[AXIS_FDS], values[AXIS_JOBS]);
	return r < 0 ? r : check_environment(values[AXIS_ENV]);
}

/* What the caller left open would be copied and closed by each launch, unasked. */
static int close_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir) {
		say_errno(errno, "/proc/self/fd");
		return -1;
	}
	while ((entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd > STDERR_FILENO && fd != dirfd(dir))
			close(fd);
	}
	closedir(dir);
	return 0;
}

static int silence(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0) {
		say_errno(errno, "/dev/null");
		return -1;
	}
	if (fd > STDERR_FILENO)
		close(fd);
	return 0;
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int grow_threads(uint64_t count)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_SIZE);
	for (uint64_t i = 0; i < count && r == 0; i++) {
		r = pthread_create(&thread, &attributes, idle, NULL);
		if (r != 0)
			say_errno(r, "--threads: number %llu of %llu", (unsigned long long)i + 1,
				  (unsigned long long)count);
	}
	pthread_attr_destroy(&attributes);
	return -r;
}

/* Each of its own open file: a launch touches them all. */
static int grow_descriptors(uint64_t count, int cloexec, uint64_t jobs)
{
	uint64_t needed = count + SPARE_DESCRIPTORS(jobs);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < needed) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (uint64_t i = 0; i < count; i++) {
		if (open("/dev/null", cloexec ? O_RDONLY | O_CLOEXEC : O_RDONLY) < 0) {
			say_errno(errno, "--fds: number %llu of %llu", (unsigned long long)i + 1,
				  (unsigned long long)count);
			return -1;
		}
	}
	return 0;
}

/* Variables beside those that are there, all of one length. */
static int grow_environment(uint64_t count)
{
	size_t had = 0;
	char **grown, *text;

	if (count == 0)
		return 0;
	while (environ[had])
		had++;
	grown = calloc(had + count + 1, sizeof(*grown));
	text = malloc(count * VARIABLE_SIZE);
	if (!grown || !text) {
		free(grown);
		free(text);
		say_errno(ENOMEM, "--env: %llu", (unsigned long long)count);
		return -1;
	}
	memcpy(grown, environ, had * sizeof(*grown));
	for (uint64_t i = 0; i < count; i++, text += VARIABLE_SIZE) {
		snprintf(text, VARIABLE_SIZE, VARIABLE_FORMAT, (unsigned)i % 100000000);
		grown[had + i] = text;
	}
	environ = grown;
	return 0;
}

int parent_become(const struct shape *shape)
{
	const uint64_t *values = shape->values;

	if (close_inherited() < 0 || silence() < 0 || grow_environment(values[AXIS_ENV]) < 0)
		return -1;
	if (memory_hold(values[AXIS_RSS], values[AXIS_THP] != 0) < 0 ||
	    grow_threads(values[AXIS_THREADS]) < 0)
		return -1;
	return grow_descriptors(values[AXIS_FDS], values[AXIS_CLOEXEC] != 0, values[AXIS_JOBS]);
}

int parent_pin(int processor)
{
	cpu_set_t set;

	if (processor < 0 || processor >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int parent_check_pin(int processor)
{
	cpu_set_t before;
	int r = sched_getaffinity(0, sizeof(before), &before) < 0 ? -errno : 0;

	if (r == 0)
		r = parent_pin(processor);
	if (r == 0)
		sched_setaffinity(0, sizeof(before), &before);
	return r;
}

void parent_raise_priority(void)
{
	setpriority(PRIO_PROCESS, 0, -20);
}
