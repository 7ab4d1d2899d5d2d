/* SPDX-License-Identifier: MIT */
/* The clock and the order of launches. Knows no method by name. */
#include "measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "common/message.h"

/* Launches that aren't counted: at the start, and in each turn, after another's cold caches. */
#define WARM_UP_LAUNCHES 10
#define TURN_LAUNCHES 2

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* 0; a negative errno value of the launch; or the child's wait status, if it isn't 0. */
static int launch(const struct method *method, const struct target *target, struct sample *sample)
{
	struct launched launched;
	uint64_t start, returned;
	int r, status = 0;

	start = now();
	r = method->start(target, &launched);
	returned = now();
	if (r < 0)
		return r;
	r = method->finish(&launched, &status);
	sample->reaped = now() - start;
	sample->returned = returned - start;
	return r < 0 ? r : status;
}

static void say_failure(const struct method *method, const struct target *target, int result)
{
	if (result < 0)
		say_errno(result, "%s: %s", method->name, target->path);
	else if (WIFSIGNALED(result))
		say("%s: %s: killed by signal %d", method->name, target->path, WTERMSIG(result));
	else
		say("%s: %s: exit status %d", method->name, target->path, WEXITSTATUS(result));
}

static int is_of_method(int result)
{
	return result == -ENOTSUP || result == -ENOMEM || result == -EAGAIN;
}

/* Some launches that don't count; -1 when the failure isn't the method's own. */
static int warm_up(const struct method *method, const struct target *target, int launches,
		   int *ret_failed)
{
	struct sample unused;
	int result = 0;

	for (int i = 0; i < launches && result == 0; i++)
		result = launch(method, target, &unused);
	if (result != 0 && !is_of_method(result)) {
		say_failure(method, target, result);
		return -1;
	}
	*ret_failed = -result;
	return 0;
}

static int take_turn(const struct method *const methods[], size_t method, size_t round,
		     const struct target *target, struct results *results)
{
	if (results->failed[method])
		return 0;
	if (warm_up(methods[method], target, TURN_LAUNCHES, &results->failed[method]) < 0)
		return -1;
	for (size_t i = 0; i < results->launches && !results->failed[method]; i++) {
		struct sample sample;
		int result = launch(methods[method], target, &sample);

		if (result != 0) {
			say_failure(methods[method], target, result);
			return -1;
		}
		results_add(results, method, round, &sample);
	}
	return 0;
}

/* xorshift64 (Marsaglia 2003) from a fixed seed: two runs have the same order. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void shuffle(size_t *order, size_t count, uint64_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = next_random(state) % i, other = order[j];

		order[j] = order[i - 1];
		order[i - 1] = other;
	}
}

static int measure_rounds(const struct method *const methods[], const struct target *target,
			  struct results *results, size_t *order)
{
	uint64_t state = 88172645463325252u;

	for (size_t round = 0; round < results->rounds; round++) {
		shuffle(order, results->methods, &state);
		for (size_t i = 0; i < results->methods; i++) {
			if (take_turn(methods, order[i], round, target, results) < 0)
				return -1;
		}
	}
	return 0;
}

int measure(const struct method *const methods[], const struct target *target,
	    struct results *results)
{
	size_t *order = calloc(results->methods, sizeof(*order));
	int r = 0;

	if (!order) {
		say_errno(ENOMEM, "the order of methods");
		return -1;
	}
	for (size_t i = 0; i < results->methods && r == 0; i++) {
		order[i] = i;
		r = warm_up(methods[i], target, WARM_UP_LAUNCHES, &results->failed[i]);
	}
	if (r == 0)
		r = measure_rounds(methods, target, results, order);
	free(order);
	return r;
}
