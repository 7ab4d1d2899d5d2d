/* SPDX-License-Identifier: MIT */
/* Who is in the foreground of the terminal: we and our group, or the command's. */
#ifndef SAFESPAWN_TERMINAL_H
#define SAFESPAWN_TERMINAL_H

#include <sys/types.h>

/* Our controlling terminal: a descriptor, or -1. */
int terminal_find(void);

/* Is it a terminal, and our group in the foreground of it? */
int terminal_is_ours(int fd);

/* Is it in the hands of that group, or of one that is gone? */
int terminal_is_with(int fd, pid_t group);

/* SIGTTOU must be blocked or ignored for both: the kernel stops us otherwise. */
void terminal_give(int fd, pid_t group);
void terminal_take(int fd);

#endif
