/* SPDX-License-Identifier: MIT */
/*
 * All that a launch sends to its server's child, acquired once; or why it can't be
 * sent there.
 */
#ifndef LIB_CARGO_H
#define LIB_CARGO_H

#include "../launch/launch.h"
#include "channel.h"
#include "request.h"

/*
 * A child ends by itself, if it hasn't executed anything, so long after the deadline:
 * the caller, who looks first, may have no right to kill it.
 */
#define MOMENT_US 20000

/* Too large for the stack of a small thread, as its request is alone. */
struct cargo {
	const struct launch *launch;
	struct spu_fd *fds;	/* of the request: one for each that the launch has given */
	int descriptors[DESCRIPTORS_AT_ONCE];
	size_t count;		/* of them; the last one is the working directory */
	int program;		/* which of them is program_fd's, if that is set */
	int directory;		/* -1 */
	struct request request;
	char *bytes;		/* that one, once it is packed */
	size_t size;
};

/* Before anything is opened for the launch. */
int spu__refuse_cargo(const struct spu_options *options, struct spu_error *ret_error);

/* The descriptors. On failure nothing stays, and it is not to be unloaded. */
int spu__load_cargo(struct cargo **ret, const struct launch *launch);
/* The request: after all else, since a server can make its child meanwhile. */
int spu__pack_cargo(struct cargo *cargo);
void spu__unload_cargo(struct cargo *cargo);

/*
 * What the child says of a descriptor is about the number that it got there: here it
 * is about the caller's.
 */
void spu__retell(const struct cargo *cargo, struct spu_error *error);

#endif
