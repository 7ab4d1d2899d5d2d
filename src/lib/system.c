/* SPDX-License-Identifier: MIT */
/*
 * system(3). What it does to the process's signals while it runs, and nothing
 * of how a shell is launched.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "preload.h"
#include "state.h"
#include "wait.h"

static const int ignored_signals[IGNORED_COUNT] = {SIGINT, SIGQUIT};

/*
 * Concurrent calls are counted: the first ignores the signals, the last puts
 * them back. Returns those that the shell must not find ignored.
 */
static uint64_t enter(struct process_state *state)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	uint64_t not_ignored = 0;
	size_t i;

	pthread_mutex_lock(&state->lock);
	for (i = 0; i < IGNORED_COUNT; i++) {
		if (state->systems == 0)
			sigaction(ignored_signals[i], &ignore, &state->before[i]);
		if (state->before[i].sa_handler != SIG_IGN)
			not_ignored |= SPU_SIGNAL(ignored_signals[i]);
	}
	state->systems++;
	pthread_mutex_unlock(&state->lock);
	return not_ignored;
}

static void leave(struct process_state *state)
{
	struct sigaction now;
	size_t i;

	pthread_mutex_lock(&state->lock);
	if (--state->systems == 0) {
		for (i = 0; i < IGNORED_COUNT; i++) {
			/* what the program has set itself meanwhile is its own */
			sigaction(ignored_signals[i], NULL, &now);
			if (now.sa_handler == SIG_IGN)
				sigaction(ignored_signals[i], &state->before[i], NULL);
		}
	}
	pthread_mutex_unlock(&state->lock);
}

struct restoration {
	struct process_state *state;
	sigset_t mask;
};

static void restore(void *argument)
{
	struct restoration *restoration = argument;
	int saved = errno;

	leave(restoration->state);
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
	if (r == -ECANCELED && error.signal)
		return error.signal;
	if (r < 0 && error.step == SPU_STEP_EXEC)
		return 127 << 8;
	if (r == 0)
		r = spu__wait_or_stop(&child, options, &status);
	if (r == 0)
		return status;
	errno = -r;
	return -1;
}

int spu__system(const char *command, unsigned leaks)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct restoration restoration;
	sigset_t child_signal;
	int status;

	if (!command)
		return 1;
	restoration.state = spu__process_state();
	if (!restoration.state)
		return -1;
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	options.file = "/bin/sh";
	options.leaks = leaks;
	options.default_signals = enter(restoration.state);
	pthread_cleanup_push(restore, &restoration);
	pthread_sigmask(SIG_BLOCK, &child_signal, &restoration.mask);
	memcpy(&options.block_signals, &restoration.mask, sizeof(options.block_signals));
	status = run_shell(command, &options);
	pthread_cleanup_pop(1);
	return status;
}

int spu_system(const char *command)
{
	return spu__system(command, SPU_LEAKS_ALLOW);
}

/* For the linker's --wrap */
__typeof__(spu_system) __wrap_system __attribute__((alias("spu_system")));
