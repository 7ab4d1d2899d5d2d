/* SPDX-License-Identifier: MIT */
/* Growing the launching process. Measures nothing. */
#include "parent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/message.h"
#include "machine.h"

#define MEBIBYTE (1024.0 * 1024.0)
/* Page tables of the parent and of a fork child, 8 bytes a page each, and some to live on. */
#define MEMORY_OVERHEAD(rss) ((rss) / 256 + (64u << 20))
/* What the program and a launch need beside. */
#define SPARE_DESCRIPTORS 32
#define THREAD_STACK_SIZE (64 * 1024)

static int check_memory(uint64_t rss)
{
	uint64_t available = machine_memory("MemAvailable");

	if (rss == 0 || (rss <= available && MEMORY_OVERHEAD(rss) <= available - rss))
		return 0;
	say("--rss: %.0f MiB and their page tables don't fit: %.0f MiB are available",
	    (double)rss / MEBIBYTE, (double)available / MEBIBYTE);
	return -ENOMEM;
}

static int check_descriptors(uint64_t fds)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (fds == 0 || fds + SPARE_DESCRIPTORS <= limit.rlim_max)
		return 0;
	say("--fds: %llu and %d to work with are more than the hard limit of descriptors, %llu",
	    (unsigned long long)fds, SPARE_DESCRIPTORS, (unsigned long long)limit.rlim_max);
	return -EMFILE;
}

int parent_check(const struct shape *shape)
{
	int r = check_memory(shape->rss);

	return r < 0 ? r : check_descriptors(shape->fds);
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

static int grow_memory(uint64_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	volatile char *memory;

	if (size == 0)
		return 0;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		say_errno(errno, "--rss: %.0f MiB", (double)size / MEBIBYTE);
		return -1;
	}
	/* EINVAL: a kernel without huge pages, which is as well. */
	madvise((void *)memory, size, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < size; i += (uint64_t)page)
		memory[i] = 1;
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
static int grow_descriptors(uint64_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count + SPARE_DESCRIPTORS) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (uint64_t i = 0; i < count; i++) {
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) {
			say_errno(errno, "--fds: number %llu of %llu", (unsigned long long)i + 1,
				  (unsigned long long)count);
			return -1;
		}
	}
	return 0;
}

int parent_become(const struct shape *shape)
{
	if (close_inherited() < 0 || silence() < 0)
		return -1;
	if (grow_memory(shape->rss) < 0 || grow_threads(shape->threads) < 0)
		return -1;
	return grow_descriptors(shape->fds);
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

void parent_raise_priority(void)
{
	setpriority(PRIO_PROCESS, 0, -20);
}
