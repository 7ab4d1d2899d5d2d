/* SPDX-License-Identifier: MIT */
/* For what bounds a wait whose end never comes when something is broken. */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdlib.h>

/* PATIENCE times as much as an ordinary machine needs: an emulated one is 20 times slower. */
static inline int patience(int amount)
{
	const char *times = getenv("PATIENCE");

	return amount * (times ? atoi(times) : 1);
}

#endif
