/* SPDX-License-Identifier: MIT */
/* What --audit and --stats say, as text or as one JSON object on one line. */
#ifndef SAFESPAWN_REPORT_H
#define SAFESPAWN_REPORT_H

#include <sys/types.h>

#include "ending.h"
#include "fdlist.h"
#include "launch.h"

/* What would leak, to stdout or stderr (fd 1 or 2): how many, or a negative errno value. */
int report_audit(const struct fd_list *fds, int as_json, int fd);

/* On stderr. */
void report_stats(const struct launch *launch, pid_t pid, const struct ending *ending);

#endif
