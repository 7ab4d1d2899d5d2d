/* SPDX-License-Identifier: MIT */
/* Data in which a lost, doubled or moved byte shows. */
#ifndef BULK_DATA_H
#define BULK_DATA_H

#include <stdint.h>
#include <string.h>

#define BULK_CHUNK 65536

struct bulk {
	uint64_t state;
};

#define BULK_INIT {88172645463325252u}

/* The next BULK_CHUNK bytes (xorshift). */
static inline void fill_bulk(struct bulk *bulk, unsigned char *ret)
{
	size_t i;

	for (i = 0; i < BULK_CHUNK; i += sizeof(bulk->state)) {
		bulk->state ^= bulk->state << 13;
		bulk->state ^= bulk->state >> 7;
		bulk->state ^= bulk->state << 17;
		memcpy(ret + i, &bulk->state, sizeof(bulk->state));
	}
}

#endif
