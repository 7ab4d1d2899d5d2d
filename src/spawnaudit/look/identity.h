/* SPDX-License-Identifier: MIT */
/* What a descriptor of a process is, and how it is open. */
#ifndef SPAWNAUDIT_IDENTITY_H
#define SPAWNAUDIT_IDENTITY_H

#include <stdint.h>
#include <sys/types.h>

/* All 0 where it can't be told, and that is the same as nothing. */
struct identity {
	uint64_t device, inode;
	unsigned mode;		/* the type of the file, and how it was opened */
};

/* directory: an open /proc/PID/fd. Asks no server, which may not answer. */
void identity_read(int directory, int fd, struct identity *ret);

/* The same, of a process or a thread */
void identity_of(pid_t tid, int fd, struct identity *ret);

int identity_is_same(const struct identity *one, const struct identity *other);

/* As open(2) has them, O_CLOEXEC as it is now; -1: it isn't open, or can't be looked at. */
int descriptor_flags(pid_t tid, int fd);

#endif
