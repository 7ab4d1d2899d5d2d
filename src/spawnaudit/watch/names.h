/* SPDX-License-Identifier: MIT */
/* Names of files from what the kernel's own structures say, as /proc/PID/fd has them. */
#ifndef SPAWNAUDIT_NAMES_H
#define SPAWNAUDIT_NAMES_H

#include "events.h"

/* A path, for free(); "..." stands for what is above the part that was read. NULL: none. */
char *name_of_path(const struct event_path *path);

/* For free(); NULL: no memory. */
char *name_of_file(const struct event_crossed *file);

#endif
