/* SPDX-License-Identifier: MIT */
/* What the environment says about how long a test may take, and how much it does. */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdlib.h>

/* A number, or what is usual. */
static inline long knob(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? atol(value) : otherwise;
}

/*
 * For what bounds a wait whose end never comes when something is broken: PATIENCE times as
 * much as an ordinary machine needs. An emulated one is 20 times slower.
 */
static inline int patience(int amount)
{
	return amount * (int)knob("PATIENCE", 1);
}

#endif
