/* SPDX-License-Identifier: MIT */
/*
 * system(3): what it does to the process's signals while it runs, and how it
 * ends when it isn't let wait to the end.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload.h"
#include "shell.h"
#include "state.h"

static const int ignored_signals[IGNORED_COUNT] = {SIGINT, SIGQUIT};

/*
 * Concurrent calls are counted: the first ignores the signals, the last puts
 * them back. Returns those that the shell must not find ignored.
 */
static uint64_t enter(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	uint64_t not_ignored = 0;
	struct process_state *state;
	sigset_t mask;
	size_t i;

	state = spu__lock_state(&mask);
	for (i = 0; i < IGNORED_COUNT; i++) {
		if (state->systems == 0)
			sigaction(ignored_signals[i], &ignore, &state->before[i]);
		if (state->before[i].sa_handler != SIG_IGN)
			not_ignored |= SPU_SIGNAL(ignored_signals[i]);
	}
	state->systems++;
	spu__unlock_state(state, &mask);
	return not_ignored;
}

static void leave(void)
{
	struct process_state *state;
	struct sigaction now;
	sigset_t mask;
	size_t i;

	state = spu__lock_state(&mask);
	if (--state->systems == 0) {
		for (i = 0; i < IGNORED_COUNT; i++) {
			/* what the program has set itself meanwhile is its own */
			sigaction(ignored_signals[i], NULL, &now);
			if (now.sa_handler == SIG_IGN)
				sigaction(ignored_signals[i], &state->before[i], NULL);
		}
	}
	spu__unlock_state(state, &mask);
}

/*
 * ---- One call. A handler that jumps out of it must find no lock held and
 * nothing half done, so handlers run while it waits and not before or after.
 */

struct call {
	int is_left;
	pid_t shell;
	sigset_t mask;			/* of the thread, from before */
};

/*
 * glibc's longjmp() runs what is registered by this older interface, as its own
 * system() is; what today's pthread_cleanup_push() registers it passes over.
 * musl's runs nothing.
 */
#ifdef __GLIBC__
void _pthread_cleanup_push(struct _pthread_cleanup_buffer *buffer, void (*routine)(void *argument),
			   void *argument);
void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *buffer, int execute);
#define CLEANUP_PUSH(routine, argument) \
	do { \
		struct _pthread_cleanup_buffer cleanup_buffer; \
		_pthread_cleanup_push(&cleanup_buffer, routine, argument)
#define CLEANUP_POP() \
		_pthread_cleanup_pop(&cleanup_buffer, 0); \
	} while (0)
#else
#define CLEANUP_PUSH(routine, argument) pthread_cleanup_push(routine, argument)
#define CLEANUP_POP() pthread_cleanup_pop(0)
#endif

/* The thread is cancelled, or a handler jumps: perhaps one that has interrupted this. */
static void abandon(void *argument)
{
	struct call *call = argument;
	int cancel_state;
	sigset_t mask;

	spu__hold_signals(&mask);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	if (!call->is_left) {
		/* if it isn't reaped: then the number isn't the shell's */
		if (waitpid(call->shell, NULL, WNOHANG) == 0) {
			kill(call->shell, SIGKILL);
			spu__await_shell(call->shell, NULL);
		}
		leave();
		call->is_left = 1;
	}
	pthread_setcancelstate(cancel_state, NULL);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static int wait_for_shell(struct call *call)
{
	sigset_t waiting = call->mask;
	int status;

	sigaddset(&waiting, SIGCHLD);
	CLEANUP_PUSH(abandon, call);
	pthread_sigmask(SIG_SETMASK, &waiting, NULL);
	if (spu__await_shell(call->shell, &status) < 0)
		status = -1;
	spu__hold_signals(NULL);
	CLEANUP_POP();
	return status;
}

static int run_shell(struct call *call, const char *command, struct spu_options *options)
{
	struct spu_error error;
	int r = spu__launch_shell(&call->shell, command, options, &error);

	if (r == 0)
		return wait_for_shell(call);
	/* A ^C may be faster than exec: that is the command's end all the same. */
	if (r == -ECANCELED && error.signal)
		return error.signal;
	/* libc's posix_spawn doesn't say where: exec, but for what a child takes */
	if (error.step == SPU_STEP_EXEC ||
	    (error.step == SPU_STEP_POSIX_SPAWN && r != -EAGAIN && r != -ENOMEM))
		return 127 << 8;
	errno = -r;
	return -1;
}

int spu__system(const char *command, unsigned leaks)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct call call = {0};
	int before = errno, status, err;

	if (!command)
		return access("/bin/sh", X_OK) == 0;
	spu__hold_signals(&call.mask);
	options.leaks = leaks;
	options.default_signals = enter();
	memcpy(&options.block_signals, &call.mask, sizeof(options.block_signals));
	status = run_shell(&call, command, &options);
	err = errno;
	leave();
	pthread_sigmask(SIG_SETMASK, &call.mask, NULL);
	errno = status == -1 ? err : before;
	return status;
}

int spu_system(const char *command)
{
	return spu__system(command, SPU_LEAKS_ALLOW);
}

/* For the linker's --wrap; weak, since a program may have one of its own. */
__typeof__(spu_system) __wrap_system __attribute__((weak, alias("spu_system")));
