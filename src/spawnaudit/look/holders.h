/* SPDX-License-Identifier: MIT */
/* Which processes hold a pipe or a socket: a scan of all of /proc. */
#ifndef SPAWNAUDIT_HOLDERS_H
#define SPAWNAUDIT_HOLDERS_H

#include <stddef.h>

#include "process.h"

#define HOLDER_READS 1u
#define HOLDER_WRITES 2u

struct holder {
	size_t item;		/* index of the name that it holds */
	pid_t pid;
	char name[PROCESS_NAME_SIZE];
	unsigned access;
};

struct holders {
	struct holder *list;	/* by item, then by pid; a process once for each item; not us */
	size_t count;
	size_t unseen;		/* processes that we may not look into */
};

/*
 * names are as /proc/PID/fd has them: "pipe:[123]", the path of a FIFO; NULL
 * entries are held by nobody. 0, or -ENOMEM, or why /proc can't be read.
 */
int holders_find(struct holders *ret, const char *const names[], size_t count);
void holders_free(struct holders *holders);

#endif
