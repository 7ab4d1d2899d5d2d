/* SPDX-License-Identifier: MIT */
/* The shared samples: one mapping, three arrays in it. */
#include "results.h"

#include <errno.h>
#include <sys/mman.h>

int results_init(struct results *results, size_t methods, size_t rounds, size_t launches)
{
	size_t turns = methods * rounds;
	size_t samples_size = turns * launches * sizeof(*results->samples);
	size_t counts_size = turns * sizeof(*results->counts);
	size_t size = samples_size + counts_size + methods * sizeof(*results->failed);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	results->methods = methods;
	results->rounds = rounds;
	results->launches = launches;
	results->size = size;
	results->samples = memory;
	results->counts = (void *)((char *)memory + samples_size);
	results->failed = (void *)((char *)memory + samples_size + counts_size);
	return 0;
}

void results_clear(struct results *results)
{
	munmap(results->samples, results->size);
}

int results_empty(const struct results *results)
{
	unsigned found = 0;

	for (size_t i = 0; i < results->methods * results->rounds; i++)
		found |= results->counts[i];
	for (size_t i = 0; i < results->methods; i++)
		found |= results->failed[i] != 0;
	return !found;
}

static size_t turn_index(const struct results *results, size_t method, size_t round)
{
	return method * results->rounds + round;
}

unsigned results_count(const struct results *results, size_t method, size_t round)
{
	return __atomic_load_n(&results->counts[turn_index(results, method, round)],
			       __ATOMIC_ACQUIRE);
}

const struct sample *results_samples(const struct results *results, size_t method, size_t round)
{
	return results->samples + turn_index(results, method, round) * results->launches;
}

void results_add(struct results *results, size_t method, size_t round,
		 const struct sample *sample)
{
	size_t turn = turn_index(results, method, round);
	unsigned count = results->counts[turn];

	results->samples[turn * results->launches + count] = *sample;
	__atomic_store_n(&results->counts[turn], count + 1, __ATOMIC_RELEASE);
}
