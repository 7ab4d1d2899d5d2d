/* SPDX-License-Identifier: MIT */
/* The environment that options make of another one. */
#ifndef LIB_ENVIRONMENT_H
#define LIB_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#include "../../spawnutil.h"

/* An entry of env_set or env_unset. */
struct change {
	uint64_t begin;	/* of the name, as bytes of a number: most names differ there */
	const char *const *entry;
};

/*
 * How many strings the environment may come to, the closing NULL included (0: it
 * is unchanged), and how many changes of it there are.
 */
size_t spu__measure_environment(const struct spu_options *options, char *const *environ,
				size_t *ret_changes);

/*
 * Makes it in a room of that size, with another for the changes. last is the
 * pid's variable, or NULL.
 */
char *const *spu__write_environment(const struct spu_options *options, char *const *environ,
				    const char *last, const char **room, size_t size,
				    struct change *changes);

#endif
