/* SPDX-License-Identifier: MIT */
/* The descriptors that a program is told of: somebody meant it to have them. */
#ifndef SPAWNAUDIT_ANNOUNCED_H
#define SPAWNAUDIT_ANNOUNCED_H

#include <sys/types.h>

#include "spawnutil.h"

struct announced {
	int *numbers;		/* that arguments and variables name; they go up */
	size_t count;
	int has_jobserver, reader, writer;	/* make's */
	int listened;		/* so many from 3 on, */
	pid_t listener, pid;	/* if both are the same process */
	int is_jspawnhelper;
};

/* The process stands at its exec. */
void announced_read(struct announced *announced, pid_t pid);

/* Somebody else has read them. */
void announced_take(struct announced *announced, pid_t pid, const char *arguments,
		    size_t arguments_size, const char *environment, size_t environment_size);
void announced_clear(struct announced *announced);

/* Do its arguments or its environment name this one of all that it has? */
int announced_has(const struct announced *announced, const struct spu_audit *all,
		  const struct spu_audit_fd *fd);

#endif
