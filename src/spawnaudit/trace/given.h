/* SPDX-License-Identifier: MIT */
/*
 * The descriptors above 2 that exec gave to a program, or would give to the next, by
 * number and by what they are: names are for those that are told. Copies of the
 * process share it; NULL is unknown.
 */
#ifndef SPAWNAUDIT_GIVEN_H
#define SPAWNAUDIT_GIVEN_H

#include <stddef.h>
#include <sys/types.h>

#include "../look/identity.h"

struct holding {
	int fd;
	int is_ours;		/* what we were given under this number ourselves */
	struct identity identity;	/* of others */
};

struct given {
	struct holding *list;	/* by ascending number */
	size_t count;
	int is_unseen;		/* any may have been among them */
	int users;
};

struct given *given_new(void);

/* The process stands at its exec: 0, or a negative errno value; they are unseen then. */
int given_look(struct given *given, pid_t pid);

/* What an exec of it would leave open: the same; -E2BIG: more than so many are open. */
int given_look_ahead(struct given *given, pid_t pid, size_t most);

/* Nobody saw what its exec gave this process: that is what its parent holds as well. */
struct given *given_guess(pid_t pid);

/* Is the same among them, under the same number? given may be NULL. */
int given_has(const struct given *given, const struct holding *holding);

/* Would an exec of this thread's process leave the same open? */
int given_would_be(pid_t tid, const struct holding *holding);

struct given *given_share(struct given *given);
void given_let_go(struct given *given);

#endif
