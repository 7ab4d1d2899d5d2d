/* SPDX-License-Identifier: MIT */
/*
 * Who reads what we write ourselves. From the launch on all signals are blocked: so
 * nobody is waited for while COMMAND runs, and afterwards no longer than we are left to.
 */
#ifndef SAFESPAWN_READER_H
#define SAFESPAWN_READER_H

#include <signal.h>
#include <stddef.h>

#include "settings.h"

/* Messages wait for nobody from here on. waited: the signals. */
void reader_begin(const struct settings *settings, const sigset_t *waited);

/* The time was over, or somebody has asked us to end: readers have a moment left. */
void reader_hurry(void);

/* Whether there is room, or an error to meet; else it is given up, for this and all others. */
int reader_wait(int fd);

/* All of it: 0, or a negative errno value; -EAGAIN where nobody has read. */
int reader_write(int fd, const char *text, size_t size);

/* What is left of messages; also by exit(). */
void reader_finish(void);

#endif
