/* SPDX-License-Identifier: MIT */
/* Why a process may not be looked at, and what would help. */
#ifndef SPAWNAUDIT_PERMISSION_H
#define SPAWNAUDIT_PERMISSION_H

#include <stddef.h>
#include <sys/types.h>

/*
 * For after an -EPERM or -EACCES: a sentence without a full stop. It names the
 * user, the tracer, the missing dumpable flag, or Yama's setting, whichever
 * stands in the way as far as can be seen.
 */
void permission_explain(pid_t pid, char *ret, size_t size);

#endif
