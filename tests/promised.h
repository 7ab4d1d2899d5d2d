/* SPDX-License-Identifier: MIT */
/*
 * What the manual promises of a child's descriptors, number by number, said without a
 * look at how the library comes to it.
 */
#ifndef PROMISED_H
#define PROMISED_H

#include <stddef.h>
#include <string.h>

#include "spawnutil.h"

/* What is open at a number; of nothing both are 0. */
struct held_fd {
	unsigned long long device, inode;
	long cloexec;
};

struct promise {
	const struct spu_fd *fds;
	const struct held_fd *own;	/* the caller's */
	int numbers;			/* so many are looked at */
	int allows;			/* SPU_LEAKS_ALLOW */
	/* What such an entry opens or makes */
	struct held_fd (*made)(const struct spu_fd *fd);
};

static inline int is_same_file(const struct held_fd *a, const struct held_fd *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static inline const struct spu_fd *find_target(const struct spu_fd *fds, int n)
{
	while (fds->kind && fds->fd != n)
		fds++;
	return fds->kind ? fds : NULL;
}

/* SAME is what the other one is in the end. NULL: nothing is, since they go round. */
static inline const struct spu_fd *find_end(const struct spu_fd *fds, const struct spu_fd *fd,
					    int *ret_n)
{
	const struct spu_fd *slow = fd;
	int turn = 0;

	for (*ret_n = fd->fd; fd && fd->kind == SPU_FD_SAME; turn++) {
		*ret_n = fd->from;
		fd = find_target(fds, *ret_n);
		if (turn % 2)
			slow = find_target(fds, slow->from);
		if (fd == slow)
			*ret_n = -1;
		if (*ret_n < 0)
			return NULL;
	}
	return fd;
}

/* Without an entry. */
static inline struct held_fd promised_before(const struct promise *promise, int n)
{
	if ((n <= 2 || promise->allows) && !promise->own[n].cloexec)
		return promise->own[n];
	return (struct held_fd){0, 0, 0};
}

static inline struct held_fd promised_by(const struct promise *promise, const struct spu_fd *fd)
{
	struct held_fd held = {0, 0, 0};
	int n;

	fd = find_end(promise->fds, fd, &n);
	if (!fd)
		return n < 0 ? held : promised_before(promise, n);
	if (fd->kind == SPU_FD_CLOSE)
		return held;
	if (fd->kind != SPU_FD_KEEP && fd->kind != SPU_FD_MAP)
		return promise->made(fd);
	held = promise->own[fd->kind == SPU_FD_KEEP ? n : fd->from];
	held.cloexec = 0;
	return held;
}

static inline void promise_table(const struct promise *promise, struct held_fd *ret)
{
	const struct spu_fd *fd;
	int n;

	for (n = 0; n < promise->numbers; n++)
		ret[n] = promised_before(promise, n);
	for (fd = promise->fds; fd->kind; fd++)
		ret[fd->fd] = promised_by(promise, fd);
}

#endif
