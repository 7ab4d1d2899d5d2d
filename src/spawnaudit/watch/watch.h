/* SPDX-License-Identifier: MIT */
/*
 * Follows all processes by what the kernel tells of them, and stops none. Fills the
 * same records as tracing does, without the system calls.
 */
#ifndef SPAWNAUDIT_WATCH_H
#define SPAWNAUDIT_WATCH_H

#include <stddef.h>

#include "../options.h"
#include "../record/launch.h"

struct watch {
	const struct options *options;
	void (*take)(struct launch *launch);	/* gets each when it is over, and frees it */

	size_t reexecuted;	/* execs by what had executed a program before */
	size_t lost;		/* events for which there was no room */
};

/* Until the time is over or a signal comes: 0, or -errno after saying why not. */
int watch_run(struct watch *watch);

#endif
