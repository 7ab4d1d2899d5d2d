/* SPDX-License-Identifier: MIT */
/* What --audit, --stats and --status-fd say, as text or as one JSON object on one line. */
#ifndef SAFESPAWN_REPORT_H
#define SAFESPAWN_REPORT_H

#include <sys/types.h>

#include "ending.h"
#include "fdlist.h"
#include "launch.h"

/* What would leak, to stdout or where messages go: how many, or a negative errno value. */
int report_audit(const struct fd_list *fds, int as_json, int prints);

/* What --stats and --status-fd want to know. */
void report_ending(const struct launch *launch, pid_t pid, const struct ending *ending);

#endif
