/* SPDX-License-Identifier: MIT */
/*
 * Runs the measuring process and waits for it or for a signal. The measuring
 * process leads a process group of its own, so that ^C reaches this side only
 * and never a child that is being measured.
 */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/message.h"
#include "measure.h"

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(*ending_signals))

static sigset_t awaited, mask_before;

void worker_prepare_signals(void)
{
	struct sigaction action;

	/* Inherited as ignored it would take every child's status away. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	for (size_t i = 0; i < ENDING_SIGNALS; i++) {
		if (sigaction(ending_signals[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&awaited, ending_signals[i]);
	}
	sigprocmask(SIG_BLOCK, &awaited, &mask_before);
}

static __attribute__((noreturn)) void work(const struct shape *shape,
					   const struct method *const methods[],
					   const struct target *targets,
					   struct results *results, size_t count, pid_t supervisor)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(EXIT_FAILURE);
	setpgid(0, 0);
	sigdelset(&mask_before, SIGCHLD);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	if (parent_become(shape) < 0)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++) {
		if (measure(methods, &targets[i], &results[i]) < 0)
			exit(EXIT_FAILURE);
	}
	exit(EXIT_SUCCESS);
}

/* The end of the process: 0, or -1 with a word about it unless it said one itself. */
static int judge(int status)
{
	if (WIFSIGNALED(status))
		say("the measuring process was killed by signal %d", WTERMSIG(status));
	return status == 0 ? 0 : -1;
}

static int supervise(pid_t pid)
{
	int ending = 0, status;

	for (;;) {
		int signal_number = sigwaitinfo(&awaited, NULL);

		if (signal_number > 0 && signal_number != SIGCHLD) {
			ending = signal_number;
			kill(-pid, SIGKILL);
		}
		if (waitpid(pid, &status, ending ? 0 : WNOHANG) == pid)
			return ending ? ending : judge(status);
	}
}

int worker_run(const struct shape *shape, const struct method *const methods[],
	       const struct target *targets, struct results *results, size_t count)
{
	pid_t supervisor = getpid(), pid;

	/* What is buffered would be printed by both. */
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		say_errno(errno, "fork");
		return -1;
	}
	if (pid == 0)
		work(shape, methods, targets, results, count, supervisor);
	/* On both sides: whichever comes first, the group is there when it is needed. */
	setpgid(pid, pid);
	return supervise(pid);
}
