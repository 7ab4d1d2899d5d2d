/* SPDX-License-Identifier: MIT */
/* System calls as people read them. */
#ifndef SPAWNAUDIT_CALL_TEXT_H
#define SPAWNAUDIT_CALL_TEXT_H

#include <sys/types.h>

#include "../look/machine.h"

/* At the beginning of a call: "name(arguments)", for free(). */
char *call_text(pid_t tid, const struct registers *entry);

/*
 * The same when the program has gone on: kept is what stood where its path is, which is
 * argument number call_path() (calls.h); NULL: that couldn't be read.
 */
char *call_text_kept(const struct registers *entry, const char *kept);

#endif
