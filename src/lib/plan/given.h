/* SPDX-License-Identifier: MIT */
/*
 * Where each descriptor of the child comes from, and in which order they are
 * moved there. Numbers only: nothing here calls the kernel.
 */
#ifndef LIB_GIVEN_H
#define LIB_GIVEN_H

#include <stddef.h>

#include "../../spawnutil.h"

enum given_kind {
	GIVEN_INHERIT,	/* 0 to 2 as they are, if open */
	GIVEN_MOVE,	/* from the caller's number "source" */
	GIVEN_FETCH,	/* the same, by pidfd_getfd: chosen when a plan is made */
	GIVEN_OPEN,	/* path, flags, mode */
	GIVEN_SAME,	/* a copy of the child's number "source", which is a GIVEN_OPEN */
	GIVEN_CLOSED
};

struct given {
	int fd;
	enum given_kind kind;
	int source;
	int flags;
	unsigned mode;
	const char *path;
	int index;		/* of the entry, or -1 */
	int entry;		/* what that was: SPU_FD_..., 0 for none */
	int from;		/* as the entry has it */
	int is_settled;		/* a GIVEN_SAME whose source is final */
};

/* An upper bound for spu__give(): the entries, and 0 to 2. */
#define GIVEN_ROOM(entries) ((entries) + 3)

/*
 * What a list of entries gives, sorted by number, each at most once, 0 to 2
 * always among them. ends[i] is the child's end of entry i where that is a
 * pipe or a terminal; ret has GIVEN_ROOM. The result is how many, or a negative errno
 * value. may_inherit: SAME of a number that isn't listed is the caller's.
 */
int spu__give(const struct spu_fd *entries, const int *ends, int may_inherit, struct given *ret,
	      struct spu_error *ret_error);

/* From there on; NULL. */
const struct spu_fd *spu__find_pty(const struct spu_fd *entries);

size_t spu__count_entries(const struct spu_fd *entries);

/* What the caller gives at that number stands in the place of what would be there. */
int spu__is_given(const struct spu_fd *entries, int fd);

/* By number; NULL. */
struct given *spu__find_given(struct given *given, size_t count, int fd);

/* One move of a descriptor, in the order in which they are to be done. */
enum move_kind {
	MOVE_KEEP,	/* already in place: only take close-on-exec off */
	MOVE_DUP,	/* source to fd */
	MOVE_SAVE,	/* source to a spare number, out of the way */
	MOVE_RESTORE,	/* the spare to fd */
	MOVE_DROP	/* the spare is no longer needed */
};

struct move {
	enum move_kind kind;
	int fd;
	int source;
	const struct given *given;
};

/*
 * Orders simultaneous moves of the GIVEN_MOVE entries so that none overwrites
 * what a later one reads; a cycle goes through a spare. ret_moves has room for
 * 3 a given entry; returns how many were written, or -ENOMEM.
 */
int spu__order_moves(const struct given *given, size_t count, struct move *ret_moves);

#endif
