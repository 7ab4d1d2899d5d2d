/* SPDX-License-Identifier: MIT */
/* --rlimit: as it is written, and as the library takes it. */
#ifndef SAFESPAWN_LIMITS_H
#define SAFESPAWN_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "spawnutil.h"

#define X(name, number) +1
enum { LIMIT_KINDS = 0 LIMIT_NAMES(X) };
#undef X

struct limit {
	const char *name;
	int resource;
	int keeps_soft, keeps_hard;	/* written as nothing: what we have */
	uint64_t soft, hard;
};

/* LIMIT=SOFT[:HARD]: 0, or -EINVAL and *ret_why, a constant text. Pure. */
int limit_parse(const char *text, struct limit *ret, const char **ret_why);

/*
 * Fills in what is kept; ret has room for count and the end. Says what is
 * wrong: 0, or -EINVAL.
 */
int limits_resolve(const struct limit *limits, size_t count, struct spu_limit *ret);

#endif
