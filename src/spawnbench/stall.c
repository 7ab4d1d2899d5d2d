/* SPDX-License-Identifier: MIT */
/*
 * The two threads that are watched and the one that launches. All that they
 * write to is there before they start: nothing is allocated, printed or computed
 * while a turn runs.
 */
#include "stall.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "common/message.h"
#include "memory.h"
#include "statistics.h"
#include "turn.h"

/* No two threads write to one line of the cache. */
#define CACHE_LINE 64

/* What the writer has in a parent without memory of its own. */
#define SMALL_MEMORY (64 * 1024)

#define WARM_UP_LAUNCHES 3
/* No launch for longer than that shows nothing to who looks whether we hang. */
#define PULSE (100 * (uint64_t)NANOSECONDS_PER_MILLISECOND)

struct watched {
	uint64_t work;		/* this thread's; the launching one reads it */
	uint64_t *longest;	/* where its longest pause goes now: the launching one's */
	unsigned stop;
	pthread_t thread;
} __attribute__((aligned(CACHE_LINE)));

struct experiment {
	struct watched watched[STALL_THREADS];
	const struct measurement *m;
	struct stall *stall;
	volatile char *memory;
	uint64_t memory_size, page;
	uint64_t unused;	/* pauses between turns go there */
};

/* As Go's syscall.ForkLock: held from before the launch until its call returns. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * Once round: how long that took. A pause belongs to the launch after which it
 * ends, for one that a launch causes doesn't end before that begins.
 */
static int went_round(struct watched *watched, uint64_t *last)
{
	uint64_t *longest = __atomic_load_n(&watched->longest, __ATOMIC_ACQUIRE);
	uint64_t now = clock_now(), pause = now - *last;

	*last = now;
	if (pause > __atomic_load_n(longest, __ATOMIC_RELAXED))
		__atomic_store_n(longest, pause, __ATOMIC_RELAXED);
	__atomic_store_n(&watched->work, watched->work + 1, __ATOMIC_RELEASE);
	return !__atomic_load_n(&watched->stop, __ATOMIC_RELAXED);
}

static void *write_pages(void *argument)
{
	struct experiment *experiment = argument;
	struct watched *watched = &experiment->watched[STALL_WRITER];
	uint64_t last = clock_now(), at = 0;

	do {
		experiment->memory[at] = 1;
		at += experiment->page;
		if (at >= experiment->memory_size)
			at = 0;
	} while (went_round(watched, &last));
	return NULL;
}

static void *take_lock(void *argument)
{
	struct experiment *experiment = argument;
	struct watched *watched = &experiment->watched[STALL_TAKER];
	uint64_t last = clock_now();

	do {
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	} while (went_round(watched, &last));
	return NULL;
}

static uint64_t work_of(const struct experiment *experiment, int thread)
{
	return __atomic_load_n(&experiment->watched[thread].work, __ATOMIC_ACQUIRE);
}

static void send_pauses(struct experiment *experiment, int thread, uint64_t *to)
{
	__atomic_store_n(&experiment->watched[thread].longest, to, __ATOMIC_RELEASE);
}

static void rest_until(struct experiment *experiment, uint64_t when)
{
	uint64_t now;

	while ((now = clock_now()) < when) {
		uint64_t until = when - now < PULSE ? when : now + PULSE;
		struct timespec time = {
			(time_t)(until / NANOSECONDS), (long)(until % NANOSECONDS),
		};

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
		progress_count_launch(experiment->m->progress);
	}
}

static void wait_for_work(struct experiment *experiment, const uint64_t more[STALL_THREADS])
{
	uint64_t until[STALL_THREADS];

	for (int i = 0; i < STALL_THREADS; i++)
		until[i] = work_of(experiment, i) + more[i];
	for (int i = 0; i < STALL_THREADS; i++) {
		while (work_of(experiment, i) < until[i])
			rest_until(experiment, clock_now() + NANOSECONDS_PER_MILLISECOND);
	}
}

/*
 * Until what a turn leaves behind is over: a pause that lasts still is noted, and
 * the writer has been at each page, for fork has write-protected them.
 */
static void settle(struct experiment *experiment)
{
	static const uint64_t once[STALL_THREADS] = {1, 1};
	uint64_t over[STALL_THREADS] = {
		[STALL_WRITER] = experiment->memory_size / experiment->page + 1,
	};

	wait_for_work(experiment, once);
	for (int i = 0; i < STALL_THREADS; i++)
		send_pauses(experiment, i, &experiment->unused);
	wait_for_work(experiment, over);
}

static int judge(const struct experiment *experiment, size_t row, int result, const char *why)
{
	if (result == 0)
		return 0;
	if (turn_is_refusal(result))
		snprintf(experiment->stall->reasons[row], REASON_SIZE, "%s",
			 why[0] ? why : strerror(-result));
	else
		turn_say_failure(experiment->m->methods[row - 1]->name,
				 experiment->m->target->path, result);
	return -1;
}

/* -1 when it failed, or when the method can't launch here, which is noted. */
static int launch(const struct experiment *experiment, size_t row, uint64_t *ret_held)
{
	const struct measurement *m = experiment->m;
	const struct method *method = m->methods[row - 1];
	struct launched launched;
	uint64_t start;
	int r, status = 0;

	launched.error.text[0] = '\0';
	pthread_mutex_lock(&lock);
	start = clock_now();
	r = method->start(m->target, &launched);
	*ret_held = clock_now() - start;
	pthread_mutex_unlock(&lock);
	if (r == 0) {
		r = method->finish(&launched, &status);
		progress_count_launch(m->progress);
	}
	return judge(experiment, row, r < 0 ? r : status, launched.error.text);
}

/* Row 0 has all that the others have, but the launches. */
static int launch_at_rate(struct experiment *experiment, size_t row, size_t round)
{
	struct stall *stall = experiment->stall;
	struct stall_turn *turn = stall_turn(stall, row, round);
	uint64_t start = clock_now(), step = NANOSECONDS / stall->rate;
	uint64_t end = start + stall->launches * step;
	int r = 0;

	for (size_t i = 0; i < stall->launches && r == 0 && clock_now() < end; i++) {
		rest_until(experiment, start + i * step);
		for (int j = 0; j < STALL_THREADS; j++)
			send_pauses(experiment, j, stall_entries(stall, row, round, j) + i);
		if (row > 0)
			r = launch(experiment, row,
				   stall_entries(stall, row, round, STALL_HELD) + i);
		turn->launches++;
	}
	if (r == 0)
		rest_until(experiment, end);
	turn->span = clock_now() - start;
	return r;
}

/* 0 also when the method was found not to launch here: the turn then doesn't count. */
static int take_turn(struct experiment *experiment, size_t row, size_t round)
{
	struct stall *stall = experiment->stall;
	struct stall_turn *turn = stall_turn(stall, row, round);
	uint64_t before[STALL_THREADS];
	int r;

	if (stall->reasons[row][0])
		return 0;
	experiment->m->progress->method = row ? (uint32_t)row - 1 : 0;
	for (int i = 0; i < STALL_THREADS; i++)
		before[i] = work_of(experiment, i);
	r = launch_at_rate(experiment, row, round);
	for (int i = 0; i < STALL_THREADS; i++)
		turn->work[i] = work_of(experiment, i) - before[i];
	settle(experiment);
	if (r == 0)
		__atomic_store_n(&turn->complete, 1, __ATOMIC_RELEASE);
	return stall->reasons[row][0] ? 0 : r;
}

static int warm_up(const struct experiment *experiment)
{
	const struct stall *stall = experiment->stall;
	uint64_t unused;
	int r = 0;

	for (size_t row = 1; row < stall->rows && r == 0; row++) {
		for (int i = 0; i < WARM_UP_LAUNCHES && r == 0; i++)
			r = launch(experiment, row, &unused);
		if (stall->reasons[row][0])
			r = 0;
	}
	return r;
}

/* Each round begins with no launches, then the methods in an order of its own. */
static int take_rounds(struct experiment *experiment)
{
	const struct stall *stall = experiment->stall;
	struct progress *progress = experiment->m->progress;
	uint64_t deadline = experiment->m->deadline, state = RANDOM_SEED;
	size_t methods = stall->rows - 1, round = 0;
	int r = 0;

	for (; round < stall->rounds && r == 0; round++) {
		size_t first = next_random(&state) % methods;

		if (round > 0 && deadline && clock_now() > deadline)
			break;
		r = take_turn(experiment, 0, round);
		for (size_t i = 0; i < methods && r == 0; i++) {
			r = take_turn(experiment, 1 + (first + i) % methods, round);
			__atomic_fetch_add(&progress->steps, 1, __ATOMIC_RELAXED);
		}
	}
	progress->steps += (stall->rounds - round) * methods;
	return r;
}

static int start_threads(struct experiment *experiment)
{
	static void *(*const threads[STALL_THREADS])(void *) = {
		[STALL_WRITER] = write_pages, [STALL_TAKER] = take_lock,
	};
	int started = 0, r = 0;

	while (started < STALL_THREADS && r == 0) {
		experiment->watched[started].longest = &experiment->unused;
		r = pthread_create(&experiment->watched[started].thread, NULL, threads[started],
				   experiment);
		started += r == 0;
	}
	if (r != 0)
		say_errno(r, "--stall: a thread to watch");
	return started;
}

static void stop_threads(struct experiment *experiment, int started)
{
	while (started-- > 0) {
		__atomic_store_n(&experiment->watched[started].stop, 1, __ATOMIC_RELAXED);
		pthread_join(experiment->watched[started].thread, NULL);
	}
}

int stall_measure(const struct measurement *m, struct stall *stall)
{
	static char small_memory[SMALL_MEMORY];
	struct experiment experiment = {
		.m = m, .stall = stall, .page = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	int started, r;

	experiment.memory = memory_held(&experiment.memory_size);
	if (!experiment.memory) {
		experiment.memory = small_memory;
		experiment.memory_size = sizeof(small_memory);
	}
	r = warm_up(&experiment);
	if (r < 0)
		return r;
	started = start_threads(&experiment);
	r = started == STALL_THREADS ? 0 : -1;
	if (r == 0) {
		settle(&experiment);
		r = take_rounds(&experiment);
	}
	stop_threads(&experiment, started);
	return r;
}
