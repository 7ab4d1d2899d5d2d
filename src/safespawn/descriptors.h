/* SPDX-License-Identifier: MIT */
/* Which of the inherited descriptors the command gets, and what is said about the others. */
#ifndef SAFESPAWN_DESCRIPTORS_H
#define SAFESPAWN_DESCRIPTORS_H

#include <stddef.h>

#include "fdlist.h"
#include "settings.h"

/*
 * Puts into the list what --keep-fd, an argument, make or the service manager
 * names. Before anything is opened. Says what is wrong: 0, or -EBADF.
 */
int descriptors_collect(const struct settings *settings, struct fd_list *fds);

/*
 * One that the caller gave to us: to the command it is closed unless something else
 * names it. Says what is wrong: 0, or -EBADF.
 */
int descriptors_reserve(const struct fd_list *fds, int fd);

/*
 * The line about what the command didn't get although somebody may have opened it
 * for that. We have it all as we found it: the look is for when the command runs
 * already, or, with --exec, for just before.
 */
void descriptors_say_closed(const struct settings *settings, const struct fd_list *fds);

#endif
