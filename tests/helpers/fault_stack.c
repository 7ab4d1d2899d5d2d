/* SPDX-License-Identifier: MIT */
/*
 * fault_stack: launches from threads with small stacks. Prints how many bytes of
 * stack each call took at most, as "NAME BYTES" lines; what is missing or fails
 * is said on stderr. The stack is painted beforehand, and what isn't painted
 * any more afterwards was used.
 */
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spawnutil.h"

#define SIZE (256 * 1024)
#define PAINT 0xa5

static void launch(void)
{
	struct spu_child child;

	if (spu_spawn(&child, SPU_ARGV("true"), NULL, NULL) < 0 ||
	    spu_wait(&child, -1, NULL) < 0)
		abort();
	spu_child_release(&child);
}

static void fail_to_launch(void)
{
	static struct spu_error error;
	struct spu_child child;

	if (spu_spawn(&child, SPU_ARGV("nosuchprogram"), NULL, &error) >= 0)
		abort();
}

static void launch_with_all(void)
{
	static const struct spu_fd fds[] = {SPU_NULL(0), SPU_MAP(1, 2), SPU_MAP(2, 1),
					    {0}};
	static struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;

	options.fds = fds;
	options.cwd = "/";
	options.umask = SPU_SET(027);
	options.timeout_ms = 60000;
	options.env_set = SPU_LIST("A=1", "B=2");
	if (spu_run(SPU_ARGV("true"), &options, NULL, &error) < 0)
		abort();
}

static void detach(void)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_child child;

	options.flags = SPU_DETACH;
	if (spu_spawn(&child, SPU_ARGV("true"), &options, NULL) < 0)
		abort();
	spu_child_release(&child);
}

static void call_system(void)
{
	if (spu_system("exit 3") != 3 << 8)
		abort();
}

static void capture(void)
{
	static struct spu_error error;
	struct spu_output out = {0}, err = {0};

	if (spu_capture(SPU_ARGV("cat"), NULL, "input", 5, &out, &err, NULL, &error) < 0 ||
	    out.size != 5)
		abort();
	free(out.data);
	free(err.data);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{"first", launch}, {"spu_spawn", launch}, {"failing", fail_to_launch},
	{"spu_run", launch_with_all}, {"detach", detach}, {"spu_system", call_system},
	{"spu_capture", capture},
};

static uintptr_t begin;

/* With a frame of nothing: what lies below it is the call's. */
static void *run(void *call)
{
	begin = (uintptr_t)__builtin_frame_address(0);
	((void (*)(void))call)();
	return NULL;
}

static size_t measure(void (*call)(void))
{
	unsigned char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t i = 0, used;

	if (stack == MAP_FAILED)
		abort();
	memset(stack, PAINT, SIZE);
	pthread_attr_init(&attributes);
	if (pthread_attr_setstack(&attributes, stack, SIZE) != 0 ||
	    pthread_create(&thread, &attributes, run, (void *)(uintptr_t)call) != 0)
		abort();
	pthread_join(thread, NULL);
	while (stack[i] == PAINT)
		i++;
	used = begin - (uintptr_t)(stack + i);
	munmap(stack, SIZE);
	return used;
}

/* The smallest that libc gives; a guard page below it. */
static void run_small(void (*call)(void))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	if (pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)) != 0 ||
	    pthread_create(&thread, &attributes, run, (void *)(uintptr_t)call) != 0)
		abort();
	pthread_join(thread, NULL);
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		printf("%s %zu\n", calls[i].name, measure(calls[i].call));
	fflush(stdout);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		run_small(calls[i].call);
	puts("small threads: fine");
	return 0;
}
