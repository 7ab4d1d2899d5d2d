/* SPDX-License-Identifier: MIT */
/* The clock around a launch, and the threads. Knows no method by name. */
#include "turn.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "clock.h"
#include "common/message.h"
#include "outside.h"
#include "stamps.h"

/* Launches that aren't counted: at the start, and in each turn, after another's cold caches. */
#define WARM_UP_LAUNCHES 10
#define TURN_LAUNCHES 2
/* One is enough when they are long: what is warm after it was worth little. */
#define TURN_LIMIT (20 * (uint64_t)NANOSECONDS_PER_MILLISECOND)

/* How the threads begin at once: each says that it is warm, then all may go. */
struct gate {
	sem_t warm, go;
	int closed;		/* they may not: end */
};

struct job {
	const struct turn *turn;
	struct gate *gate;
	size_t number;
	struct target target;
	pthread_t thread;
	uint64_t begin, end;
	int result;
	char why[REASON_SIZE];
};

struct job *jobs_new(const struct target *target, size_t count)
{
	struct job *jobs = calloc(count, sizeof(*jobs));

	for (size_t i = 0; jobs && i < count; i++) {
		jobs[i].number = i;
		if (target_copy(&jobs[i].target, target, i) < 0) {
			jobs_free(jobs, i);
			return NULL;
		}
	}
	return jobs;
}

void jobs_free(struct job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		target_clear(&jobs[i].target);
	free(jobs);
}

static uint64_t nanoseconds(struct timeval from, struct timeval to)
{
	return ((uint64_t)(to.tv_sec - from.tv_sec) * 1000000u + (uint64_t)to.tv_usec -
		(uint64_t)from.tv_usec) * NANOSECONDS_PER_MICROSECOND;
}

static void take_usage(const struct rusage *from, const struct rusage *to, struct sample *sample)
{
	sample->values[METRIC_USER] = nanoseconds(from->ru_utime, to->ru_utime);
	sample->values[METRIC_SYSTEM] = nanoseconds(from->ru_stime, to->ru_stime);
	sample->values[METRIC_FAULTS] = (uint64_t)(to->ru_minflt - from->ru_minflt +
						   to->ru_majflt - from->ru_majflt);
}

/* 0; a negative errno value of the launch; or the child's wait status, if it isn't 0. */
static int launch(struct job *job, const struct method *method, struct sample *sample)
{
	struct rusage before, after;
	struct launched launched;
	uint64_t start, returned, reaped, stamp;
	int r, status = 0;

	launched.error.text[0] = '\0';
	stamps_reset(job->number);
	getrusage(RUSAGE_THREAD, &before);
	start = clock_now();
	r = method->start(&job->target, &launched);
	returned = clock_now();
	if (r < 0) {
		snprintf(job->why, sizeof(job->why), "%s",
			 launched.error.text[0] ? launched.error.text : strerror(-r));
		return r;
	}
	r = method->finish(&launched, &status);
	reaped = clock_now();
	getrusage(RUSAGE_THREAD, &after);
	stamp = stamps_take(job->number);
	sample->values[METRIC_RETURNED] = (method->flags & METHOD_WAITS) ? NO_VALUE :
		returned - start;
	sample->values[METRIC_EXEC] = stamp > start ? stamp - start : NO_VALUE;
	sample->values[METRIC_REAPED] = reaped - start;
	take_usage(&before, &after, sample);
	progress_count_launch(job->turn->m->progress);
	return r < 0 ? r : status;
}

static const struct method *method_of(const struct turn *turn)
{
	return turn->m->methods[turn->method];
}

static int launch_uncounted(struct job *job, int launches, uint64_t limit)
{
	uint64_t begin = clock_now();
	struct sample unused;
	int result = 0;

	for (int i = 0; i < launches && result == 0 && (i == 0 || clock_now() - begin < limit); i++)
		result = launch(job, method_of(job->turn), &unused);
	return result;
}

static void count_launches(struct job *job)
{
	const struct turn *turn = job->turn;
	struct results *results = turn->m->results;
	struct sample sample;

	job->begin = job->end = clock_now();
	for (size_t i = 0; i < results->launches && job->result == 0; i++) {
		if (i > 0 && turn->limit && job->end - job->begin > turn->limit)
			break;
		job->result = launch(job, method_of(turn), &sample);
		if (job->result == 0)
			results_add(results, (struct lane){turn->method, turn->round, job->number},
				    &sample);
		job->end = clock_now();
	}
}

static void await(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
}

static void *run_job(void *argument)
{
	struct job *job = argument;

	job->result = launch_uncounted(job, TURN_LAUNCHES, TURN_LIMIT);
	sem_post(&job->gate->warm);
	await(&job->gate->go);
	if (!job->gate->closed)
		count_launches(job);
	return NULL;
}

void turn_say_failure(const char *method, const char *path, int result)
{
	ticker_clear();
	if (result < 0)
		say_errno(result, "%s: %s", method, NAMED(path));
	else if (WIFSIGNALED(result))
		say("%s: %s: killed by signal %d", method, NAMED(path), WTERMSIG(result));
	else
		say("%s: %s: exit status %d", method, NAMED(path), WEXITSTATUS(result));
}

int turn_is_refusal(int result)
{
	static const int errors[] = {ENOTSUP, EBADFD, ENOMEM, EAGAIN, EMFILE};

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (result == -errors[i])
			return 1;
	}
	return 0;
}

static int judge(const struct turn *turn, const struct job *job)
{
	if (job->result == 0)
		return 0;
	if (turn_is_refusal(job->result)) {
		results_refuse(turn->m->results, turn->method, job->why);
		return 0;
	}
	turn_say_failure(method_of(turn)->name, job->target.path, job->result);
	return -1;
}

/* Where the lines of an outside program go. */
struct lines {
	const struct turn *turn;
	size_t uncounted;
	uint64_t wall;
};

static void add_line(void *context, const struct sample *sample)
{
	struct lines *lines = context;
	const struct turn *turn = lines->turn;

	progress_count_launch(turn->m->progress);
	if (lines->uncounted) {
		lines->uncounted--;
		return;
	}
	if (__builtin_add_overflow(lines->wall, sample->values[METRIC_REAPED], &lines->wall))
		lines->wall = UINT64_MAX;
	results_add(turn->m->results, (struct lane){turn->method, turn->round, 0}, sample);
}

static int take_outside(const struct turn *turn, size_t uncounted, size_t counted)
{
	struct lines lines = {turn, uncounted, 0};

	if (outside_run(method_of(turn), turn->m->target->path, uncounted + counted, add_line,
			&lines) < 0)
		return -1;
	if (counted)
		results_set_wall(turn->m->results, turn->method, turn->round, lines.wall);
	return 0;
}

/* Few launches, so that what fails does so before anything is measured. */
static int warm_up_outside(const struct turn *turn)
{
	const char *why = outside_refusal(turn->m->shape, turn->m->target);

	if (!why)
		return take_outside(turn, TURN_LAUNCHES, 0);
	results_refuse(turn->m->results, turn->method, why);
	return 0;
}

int turn_warm_up(const struct turn *turn)
{
	struct job *job = &turn->jobs[0];

	if (method_of(turn)->flags & METHOD_OUTSIDE)
		return warm_up_outside(turn);
	job->turn = turn;
	job->result = launch_uncounted(job, WARM_UP_LAUNCHES, turn->limit);
	return judge(turn, job);
}

static int start_threads(struct job *jobs, size_t count, struct gate *gate, size_t *ret_started)
{
	int r = 0;

	for (*ret_started = 0; *ret_started < count && r == 0; *ret_started += r == 0) {
		struct job *job = &jobs[*ret_started];

		job->gate = gate;
		r = pthread_create(&job->thread, NULL, run_job, job);
	}
	return -r;
}

/* The first job is this thread's, the others have one each. */
static int run_jobs(struct job *jobs, size_t count)
{
	struct gate gate = {.closed = 0};
	size_t started;
	int r;

	sem_init(&gate.warm, 0, 0);
	sem_init(&gate.go, 0, 0);
	r = start_threads(jobs + 1, count - 1, &gate, &started);
	if (r == 0)
		jobs[0].result = launch_uncounted(&jobs[0], TURN_LAUNCHES, TURN_LIMIT);
	for (size_t i = 0; i < started; i++)
		await(&gate.warm);
	gate.closed = r < 0;
	for (size_t i = 0; i < started; i++)
		sem_post(&gate.go);
	if (r == 0)
		count_launches(&jobs[0]);
	for (size_t i = 0; i < started; i++)
		pthread_join(jobs[i + 1].thread, NULL);
	sem_destroy(&gate.warm);
	sem_destroy(&gate.go);
	if (r == 0)
		return 0;
	ticker_clear();
	say_errno(r, "--jobs: thread %zu of %zu", started + 2, count);
	return -1;
}

int turn_take(const struct turn *turn)
{
	struct results *results = turn->m->results;
	uint64_t begin = UINT64_MAX, end = 0;

	if (method_of(turn)->flags & METHOD_OUTSIDE)
		return take_outside(turn, TURN_LAUNCHES, results->launches);
	for (size_t i = 0; i < results->jobs; i++)
		turn->jobs[i].turn = turn;
	if (run_jobs(turn->jobs, results->jobs) < 0)
		return -1;
	for (size_t i = 0; i < results->jobs; i++) {
		struct job *job = &turn->jobs[i];

		if (judge(turn, job) < 0)
			return -1;
		begin = job->begin < begin ? job->begin : begin;
		end = job->end > end ? job->end : end;
	}
	results_set_wall(results, turn->method, turn->round, end - begin);
	return 0;
}
