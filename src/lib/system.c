/* SPDX-License-Identifier: MIT */
/*
 * system(3). What it does to the process's signals while it runs, and nothing
 * of how a shell is launched.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launch.h"

static const int ignored_signals[] = {SIGINT, SIGQUIT};

#define IGNORED_COUNT (sizeof(ignored_signals) / sizeof(ignored_signals[0]))

/*
 * Concurrent calls are counted: the first ignores the signals, the last puts
 * them back. A fork child of the program may inherit this locked, so it lies in
 * a page that is wiped by fork; the stamp is for qemu-user, which doesn't wipe.
 */
struct counter {
	atomic_int owner;	/* the process that this is valid in; -1: being reset */
	pthread_mutex_t lock;	/* all zero is PTHREAD_MUTEX_INITIALIZER, in glibc and musl */
	unsigned running;
	struct sigaction before[IGNORED_COUNT];
};

static _Atomic(struct counter *) the_counter;

static struct counter *map_counter(void)
{
	struct counter *counter = atomic_load(&the_counter), *fresh;

	if (counter)
		return counter;
	fresh = mmap(NULL, sizeof(*fresh), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (fresh == MAP_FAILED)
		return NULL;
	madvise(fresh, sizeof(*fresh), MADV_WIPEONFORK);
	if (atomic_compare_exchange_strong(&the_counter, &counter, fresh))
		return fresh;
	munmap(fresh, sizeof(*fresh));
	return counter;
}

static struct counter *find_counter(void)
{
	struct counter *counter = map_counter();
	int self = getpid(), seen;

	if (!counter)
		return NULL;
	while ((seen = atomic_load(&counter->owner)) != self) {
		if (seen == -1 || !atomic_compare_exchange_strong(&counter->owner, &seen, -1))
			continue;
		memset((char *)counter + sizeof(counter->owner), 0,
		       sizeof(*counter) - sizeof(counter->owner));
		atomic_store(&counter->owner, self);
	}
	return counter;
}

/* Returns those of the signals that the shell must not find ignored. */
static uint64_t enter(struct counter *counter)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	uint64_t not_ignored = 0;
	size_t i;

	pthread_mutex_lock(&counter->lock);
	for (i = 0; i < IGNORED_COUNT; i++) {
		if (counter->running == 0)
			sigaction(ignored_signals[i], &ignore, &counter->before[i]);
		if (counter->before[i].sa_handler != SIG_IGN)
			not_ignored |= SPU_SIGNAL(ignored_signals[i]);
	}
	counter->running++;
	pthread_mutex_unlock(&counter->lock);
	return not_ignored;
}

static void leave(struct counter *counter)
{
	struct sigaction now;
	size_t i;

	pthread_mutex_lock(&counter->lock);
	if (--counter->running == 0) {
		for (i = 0; i < IGNORED_COUNT; i++) {
			/* what the program has set itself meanwhile is its own */
			sigaction(ignored_signals[i], NULL, &now);
			if (now.sa_handler == SIG_IGN)
				sigaction(ignored_signals[i], &counter->before[i], NULL);
		}
	}
	pthread_mutex_unlock(&counter->lock);
}

struct restoration {
	struct counter *counter;
	sigset_t mask;
};

static void restore(void *argument)
{
	struct restoration *restoration = argument;
	int saved = errno;

	leave(restoration->counter);
	pthread_sigmask(SIG_SETMASK, &restoration->mask, NULL);
	errno = saved;
}

static int run_shell(const char *command, struct spu_options *options)
{
	struct spu_error error;
	struct spu_child child;
	int r, status;

	r = spu_spawn(&child, SPU_ARGV("sh", "-c", "--", command), options, &error);
	/* A ^C may be faster than exec: that is the command's end all the same. */
	if (r == -ECANCELED && error.index > 0)
		return error.index;
	if (r < 0 && error.step == SPU_STEP_EXEC)
		return 127 << 8;
	if (r == 0)
		r = spu__wait_or_stop(&child, options, &status);
	if (r == 0)
		return status;
	errno = -r;
	return -1;
}

int spu_system(const char *command)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct restoration restoration;
	sigset_t child_signal;
	int status;

	if (!command)
		return 1;
	restoration.counter = find_counter();
	if (!restoration.counter)
		return -1;
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	options.file = "/bin/sh";
	options.leaks = SPU_LEAKS_ALLOW;
	options.default_signals = enter(restoration.counter);
	pthread_cleanup_push(restore, &restoration);
	pthread_sigmask(SIG_BLOCK, &child_signal, &restoration.mask);
	memcpy(&options.block_signals, &restoration.mask, sizeof(options.block_signals));
	status = run_shell(command, &options);
	pthread_cleanup_pop(1);
	return status;
}
