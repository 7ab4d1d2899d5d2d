/* SPDX-License-Identifier: MIT */
/* The list of descriptors for the library, each target once: what is said later replaces. */
#ifndef SAFESPAWN_FDLIST_H
#define SAFESPAWN_FDLIST_H

#include <stddef.h>

#include "spawnutil.h"

struct fd_list {
	struct spu_fd *entries;	/* ended by kind 0 when count isn't 0 */
	size_t count;
	int *named;		/* numbers that need no warning although the command loses them */
	size_t named_count;
};

/*
 * kind: SPU_FD_KEEP, SPU_FD_MAP (from: our number), SPU_FD_NULL, SPU_FD_CLOSE, or
 * SPU_FD_PTY, which launch.c completes.
 */
void fd_list_set(struct fd_list *list, int kind, int fd, int from);

/* The entry whose target is fd, or NULL. */
const struct spu_fd *fd_list_find(const struct fd_list *list, int fd);

void fd_list_name(struct fd_list *list, int fd);

/* Is the number spoken of at all: as a target, as a source, or by name? */
int fd_list_mentions(const struct fd_list *list, int fd);

/* Open, and not by us: what exec left open is not close-on-exec, and all that we open is. */
int fd_was_inherited(int fd);

#endif
