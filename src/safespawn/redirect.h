/* SPDX-License-Identifier: MIT */
/*
 * Redirections as a shell has them: parsed here, opened here, in order, and
 * resolved to where each number leads in the end.
 */
#ifndef SAFESPAWN_REDIRECT_H
#define SAFESPAWN_REDIRECT_H

#include <stddef.h>
#include <sys/types.h>

#include "fdlist.h"

struct redirection {
	const char *spec;	/* as it was written */
	int kind;
	int fd;
	int from;		/* COPY */
	int flags;		/* FILE */
	const char *file;	/* FILE */
};

/* To where no shell looks, close-on-exec; -1 with errno, and it is closed, as -1 is. */
int redirect_lift(int fd);

/* Opens for ourselves, close-on-exec, where no shell looks: a number, or a negative errno value. */
int redirect_open_own(const char *file, int flags, mode_t mode);

#define REDIRECT_FILE 1
#define REDIRECT_COPY 2
#define REDIRECT_CLOSE 3

/* 0, or -EINVAL and *ret_why, a constant text. Pure. */
int redirection_parse(const char *spec, struct redirection *ret, const char **ret_why);

/*
 * Opens the files and puts all into the list. For --explain nothing is opened
 * but /dev/null in their places. Says what is wrong: 0, or a negative errno value.
 */
int redirections_open(const struct redirection *redirections, size_t count, int explain,
		      struct fd_list *fds);

#endif
