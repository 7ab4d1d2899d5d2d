/* SPDX-License-Identifier: MIT */
/* Tracing a command, or a process: begins it, reports, and knows how to exit. */
#ifndef SPAWNAUDIT_AUDIT_H
#define SPAWNAUDIT_AUDIT_H

#include "options.h"

/* The exit status; dies of the signal that the command died of. */
int audit_run(const struct options *options);

/* The same by watching: MODE_WATCH. */
int audit_watch(const struct options *options);

#endif
