/* SPDX-License-Identifier: MIT */
#ifndef SPAWNAUDIT_STUCK_H
#define SPAWNAUDIT_STUCK_H

#include "options.h"

/* --stuck: reports on each process. Gives the exit status. */
int stuck_run(const struct options *options);

#endif
