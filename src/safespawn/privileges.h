/* SPDX-License-Identifier: MIT */
/* Whom the command runs as, and what it may use: names become numbers here. */
#ifndef SAFESPAWN_PRIVILEGES_H
#define SAFESPAWN_PRIVILEGES_H

#include "settings.h"

#define MOST_INSTRUCTIONS 4096	/* of a filter; the kernel takes no more */

/* What the library's options point into. */
struct privileges {
	gid_t *groups;
	const char *variables[5];	/* of --user-env; NULL ends */
	struct spu_limit limits[LIMIT_KINDS + 1];
	uint64_t filter[MOST_INSTRUCTIONS];
};

/*
 * Looks up names and the limits that we have, and puts all into the options.
 * Says what is wrong: 0, or -EINVAL.
 */
int privileges_set(const struct settings *settings, struct privileges *privileges,
		   struct spu_options *options);

#endif
