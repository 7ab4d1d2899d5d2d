/* SPDX-License-Identifier: MIT */
/* The order of turns and the time for them. Launches nothing itself. */
#include "measure.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "common/message.h"
#include "stamps.h"
#include "statistics.h"
#include "turn.h"

/* From here on a fork leaves caches cold enough to be seen in what comes after it. */
#define BIG_PARENT ((uint64_t)16 << 20)

#define WARM_UP_LIMIT (100 * (uint64_t)NANOSECONDS_PER_MILLISECOND)

/* The methods that have their rounds together. */
struct group {
	size_t *methods, count;
	uint64_t deadline;
};

static void shuffle(size_t *order, size_t count, uint64_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = next_random(state) % i, other = order[j];

		order[j] = order[i - 1];
		order[i - 1] = other;
	}
}

/* Half as much again as there is for each, for some take longer than others; 0: no limit. */
static uint64_t turn_limit(const struct measurement *m, const struct group *group)
{
	uint64_t now = clock_now();

	if (!group->deadline)
		return 0;
	if (group->deadline <= now)
		return 1;
	return (group->deadline - now) / (m->results->rounds * group->count) * 3 / 2 + 1;
}

static int take_turn(const struct measurement *m, struct turn *turn, size_t method)
{
	int r = 0;

	m->progress->method = (uint32_t)method;
	turn->method = method;
	if (!results_reason(m->results, method))
		r = turn_take(turn);
	__atomic_fetch_add(&m->progress->steps, 1, __ATOMIC_RELAXED);
	return r;
}

/* Whether there is time for a round more, if it is as long as those before. */
static int is_over(const struct group *group, uint64_t begin, size_t rounds)
{
	uint64_t now = clock_now();

	return group->deadline && rounds && now + (now - begin) / rounds > group->deadline;
}

static int measure_group(const struct measurement *m, struct job *jobs, struct group *group)
{
	struct turn turn = {.m = m, .jobs = jobs, .limit = turn_limit(m, group)};
	uint64_t state = RANDOM_SEED, begin = clock_now();
	int r = 0;

	for (; turn.round < m->results->rounds && r == 0; turn.round++) {
		if (is_over(group, begin, turn.round))
			break;
		shuffle(group->methods, group->count, &state);
		for (size_t i = 0; i < group->count && r == 0; i++)
			r = take_turn(m, &turn, group->methods[i]);
	}
	m->progress->steps += (m->results->rounds - turn.round) * group->count;
	return r;
}

static int warm_up(const struct measurement *m, struct job *jobs)
{
	int r = 0;

	for (size_t i = 0; i < m->results->methods && r == 0; i++) {
		struct turn turn = {.m = m, .jobs = jobs, .method = i, .limit = WARM_UP_LIMIT};

		m->progress->method = (uint32_t)i;
		if (m->deadline && clock_now() >= m->deadline)
			turn.limit = 1;
		r = turn_warm_up(&turn);
	}
	return r;
}

static int is_alone(const struct measurement *m, size_t method)
{
	return m->shape->values[AXIS_RSS] >= BIG_PARENT &&
		m->methods[method]->flags & METHOD_COPIES;
}

/* Big forks in a group of their own, after the others. */
static int measure_groups(const struct measurement *m, struct job *jobs, size_t *order)
{
	struct group groups[2] = {{order, 0, 0}, {NULL, 0, 0}};
	uint64_t now = clock_now();
	int r;

	for (size_t i = 0; i < m->results->methods; i++)
		if (!is_alone(m, i))
			groups[0].methods[groups[0].count++] = i;
	groups[1].methods = order + groups[0].count;
	for (size_t i = 0; i < m->results->methods; i++)
		if (is_alone(m, i))
			groups[1].methods[groups[1].count++] = i;
	groups[0].deadline = groups[1].deadline = m->deadline;
	if (m->deadline > now && groups[1].count)
		groups[0].deadline = now + (m->deadline - now) / 2;
	r = groups[0].count ? measure_group(m, jobs, &groups[0]) : 0;
	if (r == 0 && groups[1].count)
		r = measure_group(m, jobs, &groups[1]);
	return r;
}

int measure(const struct measurement *m)
{
	size_t count = m->results->jobs, *order = calloc(m->results->methods, sizeof(*order));
	struct job *jobs = jobs_new(m->target, count);
	int r = jobs && order ? 0 : -ENOMEM;

	if (r == 0)
		r = m->target->stamps ? stamps_open(count) : stamps_close();
	if (r < 0) {
		say_errno(r, "%s", NAMED(m->target->path));
	} else {
		r = warm_up(m, jobs);
		if (r == 0)
			r = measure_groups(m, jobs, order);
	}
	if (jobs)
		jobs_free(jobs, count);
	free(order);
	return r < 0 ? -1 : 0;
}
