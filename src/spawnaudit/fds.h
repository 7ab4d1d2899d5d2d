/* SPDX-License-Identifier: MIT */
#ifndef SPAWNAUDIT_FDS_H
#define SPAWNAUDIT_FDS_H

#include "options.h"

/* --fds: reports on each process. Gives the exit status. */
int fds_run(const struct options *options);

#endif
