/* SPDX-License-Identifier: MIT */
/* The shared samples: one mapping, four arrays in it. Only this file knows how they lie. */
#include "results.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/mman.h>

#include "clock.h"

#define MICROSECONDS (1.0 / NANOSECONDS_PER_MICROSECOND)

const struct metric_name metric_table[METRIC_COUNT] = {
	[METRIC_RETURNED] = {"returned_us", MICROSECONDS},
	[METRIC_EXEC] = {"exec_us", MICROSECONDS},
	[METRIC_REAPED] = {"reaped_us", MICROSECONDS},
	[METRIC_USER] = {"user_us", MICROSECONDS},
	[METRIC_SYSTEM] = {"system_us", MICROSECONDS},
	[METRIC_FAULTS] = {"faults", 1},
};

int results_init(struct results *results, size_t methods, size_t rounds, size_t jobs,
		 size_t launches)
{
	size_t turns = methods * rounds;
	size_t samples_size = turns * jobs * launches * sizeof(*results->samples);
	size_t walls_size = turns * sizeof(*results->walls);
	size_t counts_size = turns * jobs * sizeof(*results->counts);
	size_t size = samples_size + walls_size + counts_size + methods * REASON_SIZE;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	results->methods = methods;
	results->rounds = rounds;
	results->jobs = jobs;
	results->launches = launches;
	results->size = size;
	results->samples = (void *)memory;
	results->walls = (void *)(memory + samples_size);
	results->counts = (void *)(memory + samples_size + walls_size);
	results->reasons = (void *)(memory + samples_size + walls_size + counts_size);
	return 0;
}

void results_clear(struct results *results)
{
	munmap(results->samples, results->size);
}

static size_t turn_index(const struct results *results, size_t method, size_t round)
{
	return method * results->rounds + round;
}

static size_t lane_index(const struct results *results, struct lane lane)
{
	return turn_index(results, lane.method, lane.round) * results->jobs + lane.job;
}

int results_empty(const struct results *results)
{
	for (size_t i = 0; i < results->methods; i++) {
		if (results_reason(results, i) || results_total(results, i, NULL))
			return 0;
	}
	return 1;
}

const char *results_reason(const struct results *results, size_t method)
{
	return results->reasons[method][0] ? results->reasons[method] : NULL;
}

void results_refuse(struct results *results, size_t method, const char *reason)
{
	snprintf(results->reasons[method], REASON_SIZE, "%s", reason);
}

unsigned results_count(const struct results *results, struct lane lane)
{
	return __atomic_load_n(&results->counts[lane_index(results, lane)], __ATOMIC_ACQUIRE);
}

const struct sample *results_samples(const struct results *results, struct lane lane)
{
	return results->samples + lane_index(results, lane) * results->launches;
}

void results_add(struct results *results, struct lane lane, const struct sample *sample)
{
	size_t index = lane_index(results, lane);
	unsigned count = results->counts[index];

	results->samples[index * results->launches + count] = *sample;
	__atomic_store_n(&results->counts[index], count + 1, __ATOMIC_RELEASE);
}

void results_set_wall(struct results *results, size_t method, size_t round, uint64_t wall)
{
	__atomic_store_n(&results->walls[turn_index(results, method, round)], wall,
			 __ATOMIC_RELEASE);
}

static size_t turn_count(const struct results *results, size_t method, size_t round)
{
	size_t count = 0;

	for (size_t job = 0; job < results->jobs; job++)
		count += results_count(results, (struct lane){method, round, job});
	return count;
}

size_t results_total(const struct results *results, size_t method, size_t *ret_rounds)
{
	size_t total = 0, rounds = 0;

	for (size_t round = 0; round < results->rounds; round++) {
		size_t count = turn_count(results, method, round);

		total += count;
		rounds += count > 0;
	}
	if (ret_rounds)
		*ret_rounds = rounds;
	return total;
}

double results_rate(const struct results *results, size_t method)
{
	double seconds = 0, launches = 0;

	for (size_t round = 0; round < results->rounds; round++) {
		uint64_t wall = __atomic_load_n(&results->walls[turn_index(results, method, round)],
						__ATOMIC_ACQUIRE);

		if (wall == 0)
			continue;
		seconds += (double)wall / NANOSECONDS;
		launches += (double)turn_count(results, method, round);
	}
	return seconds > 0 ? launches / seconds : NAN;
}

size_t results_take(const struct results *results, size_t method, size_t round,
		    enum metric metric, double *ret)
{
	size_t taken = 0;

	for (size_t job = 0; job < results->jobs; job++) {
		struct lane lane = {method, round, job};
		const struct sample *samples = results_samples(results, lane);
		unsigned count = results_count(results, lane);

		for (unsigned i = 0; i < count; i++) {
			uint64_t value = samples[i].values[metric];

			if (value != NO_VALUE)
				ret[taken++] = (double)value * metric_table[metric].scale;
		}
	}
	return taken;
}
