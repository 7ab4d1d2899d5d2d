/* SPDX-License-Identifier: MIT */
/*
 * Many threads that are never done: they lock, sleep, launch programs, queue
 * signals and wait for events, until SIGUSR1. Then it says what was lost:
 * signals, launches that failed, waits that were broken off.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 60

extern char **environ;

static atomic_int over, none_follows;
static atomic_long sent, received, launched, failed, broken, rounds;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counted;

static void on_signal(int number)
{
	(void)number;
	received++;
}

static void *work(void *context)
{
	const struct timespec moment = {0, 1000000};

	while (!over) {
		pthread_mutex_lock(&mutex);
		counted++;
		pthread_mutex_unlock(&mutex);
		rounds++;
		nanosleep(&moment, NULL);
	}
	return context;
}

static void *launch(void *context)
{
	static char *const command[] = {"/bin/true", NULL};
	int status;
	pid_t pid;

	while (!over) {
		launched++;
		if (posix_spawn(&pid, command[0], NULL, NULL, command, environ) ||
		    waitpid(pid, &status, 0) != pid || status != 0)
			failed++;
	}
	return context;
}

/*
 * Only this thread takes them; the queue has room for few, so that it fails at times.
 * The sleep that begins after the last was sent delivers what is pending still.
 */
static void *take_signals(void *context)
{
	const struct timespec moment = {0, 1000000};
	sigset_t set;
	int is_last;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	do {
		is_last = none_follows;
		nanosleep(&moment, NULL);
	} while (!is_last);
	return context;
}

static void *send_signals(void *context)
{
	const struct timespec moment = {0, 100000};

	while (!over) {
		if (sigqueue(getpid(), SIGRTMIN, (union sigval){0}) == 0)
			sent++;
		nanosleep(&moment, NULL);
	}
	return context;
}

/* Nothing comes, and every signal is blocked: EINTR would be somebody else's doing. */
static void *wait_for_events(void *context)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	while (!over)
		if (epoll_wait(epoll, &event, 1, 20) < 0 && errno == EINTR)
			broken++;
	close(epoll);
	return context;
}

int main(void)
{
	void *(*const others[])(void *context) = {launch, take_signals, send_signals,
						  wait_for_events};
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t threads[WORKERS + 4];
	sigset_t all;
	int number;

	sigaction(SIGRTMIN, &action, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < WORKERS + 4; i++)
		if (pthread_create(&threads[i], NULL, i < WORKERS ? work : others[i - WORKERS],
				   NULL))
			abort();
	printf("%d\n", (int)getpid());
	fflush(stdout);
	sigemptyset(&all);
	sigaddset(&all, SIGUSR1);
	sigwait(&all, &number);
	/* who takes signals ends after who sends them */
	over = 1;
	for (int i = 0; i < WORKERS + 4; i++) {
		if (i == WORKERS + 1)
			continue;
		pthread_join(threads[i], NULL);
	}
	none_follows = 1;
	pthread_join(threads[WORKERS + 1], NULL);
	printf("lost %ld signals, %ld launches, %ld counts, %ld waits; %s\n", sent - received,
	       (long)failed, rounds - counted, (long)broken,
	       sent > 0 && launched > 0 ? "busy" : "idle");
	return 0;
}
