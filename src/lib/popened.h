/* SPDX-License-Identifier: MIT */
/*
 * The streams that popen() has opened. POSIX: a child doesn't hold those of
 * earlier calls.
 */
#ifndef LIB_POPENED_H
#define LIB_POPENED_H

#include <stdio.h>
#include <sys/types.h>

#include "../spawnutil.h"

struct popened {
	struct popened *next;
	int fd;			/* 0: this place is free */
	int crosses_exec;	/* open, and without 'e': children close it */
	dev_t device;		/* these two are the pipe's */
	ino_t inode;
	FILE *stream;
	char *buffer;
	pid_t shell;		/* 0: none yet, or none to wait for */
};

/* For our end of a pipe. NULL: no memory. */
struct popened *spu__take_place(int fd);
/* Its end is about to be closed: who launches from here on doesn't, so exec does. */
void spu__withdraw(struct popened *p);
void spu__leave_place(struct popened *p);
/* musl's only. NULL: the stream is none of ours. */
struct popened *spu__find_popened(const FILE *stream);

/*
 * The child's descriptors, for free(): what it is given, and behind that its end of the
 * pipe and room for so many more. NULL: no memory.
 */
struct spu_fd *spu__list_given(const struct spu_fd *given, struct spu_fd end, size_t room);
/*
 * For a child that has what it isn't told to close: with what it is to close, too. No
 * stream is published until the end of the launch. NULL: no memory, and nothing to end.
 */
struct spu_fd *spu__begin_launch(const struct popened *own, struct spu_fd end,
				 const struct spu_fd *given);
void spu__end_launch(void);
/* Close-on-exec comes off: from here on children are told to close it. */
void spu__publish(struct popened *own);

#endif
