/* SPDX-License-Identifier: MIT */
#include "knowledge.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>

/* Launches until what was refused is tried again; INT_MAX: it never is. */
#define LAUNCHES_WITHOUT 16
#define FOR_EVER INT_MAX

static atomic_int memory_is_shared = -1;
static atomic_uint best_way;
static atomic_int without[FEATURES];

int spu__memory_is_shared(void)
{
	return atomic_load_explicit(&memory_is_shared, memory_order_relaxed);
}

void spu__learn_memory(int is_shared)
{
	if (spu__memory_is_shared() != is_shared)
		atomic_store_explicit(&memory_is_shared, is_shared, memory_order_relaxed);
}

unsigned spu__known_way(void)
{
	return atomic_load_explicit(&best_way, memory_order_relaxed);
}

void spu__learn_way(unsigned way)
{
	atomic_store_explicit(&best_way, way, memory_order_relaxed);
}

int spu__may_use(enum feature feature)
{
	return atomic_load_explicit(&without[feature], memory_order_relaxed) == 0;
}

void spu__learn_refusal(enum feature feature, int err)
{
	atomic_store_explicit(&without[feature], err == EPERM ? LAUNCHES_WITHOUT : FOR_EVER,
			      memory_order_relaxed);
}

void spu__skip(enum feature feature)
{
	int left = atomic_load_explicit(&without[feature], memory_order_relaxed);

	/* of two that count at once one may be lost, and another may have learned anew */
	if (left > 0 && left != FOR_EVER)
		atomic_compare_exchange_strong_explicit(&without[feature], &left, left - 1,
							memory_order_relaxed,
							memory_order_relaxed);
}
