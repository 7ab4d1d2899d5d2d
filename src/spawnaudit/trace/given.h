/* SPDX-License-Identifier: MIT */
/*
 * The descriptors above 2 that exec gave to a program, by number and by what they
 * are: names are for those that are told. Copies of the process share it; NULL is
 * none.
 */
#ifndef SPAWNAUDIT_GIVEN_H
#define SPAWNAUDIT_GIVEN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct holding {
	int fd;
	int is_ours;		/* what we were given under this number ourselves */
	uint64_t device, inode;	/* of others */
};

struct given {
	struct holding *list;	/* by ascending number */
	size_t count;
	int is_unseen;		/* any may have been among them */
	int users;
};

/* The process stands still: 0, or a negative errno value; they are unseen then. */
int given_look(struct given *given, pid_t pid);

/* Was the same given under the same number? given may be NULL. */
int given_has(const struct given *given, const struct holding *holding);

struct given *given_share(struct given *given);
void given_let_go(struct given *given);

#endif
