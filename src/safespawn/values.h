/* SPDX-License-Identifier: MIT */
/* The options by their keys, and the way of a value into the settings. */
#ifndef SAFESPAWN_VALUES_H
#define SAFESPAWN_VALUES_H

#include "settings.h"

/* Those with a short name have it as their key. */
enum {
	KEY_EXEC = 256, KEY_EXPLAIN, KEY_STATS, KEY_AUDIT, KEY_LEAKS, KEY_KEEP, KEY_ENV_FILE,
	KEY_PRELOAD, KEY_ROOT, KEY_USER, KEY_USER_ENV, KEY_UID, KEY_GID, KEY_GROUPS,
	KEY_NO_NEW_PRIVS, KEY_RLIMIT, KEY_OOM, KEY_CPUS, KEY_UMASK, KEY_SETSID, KEY_SETPGID,
	KEY_PDEATHSIG, KEY_DEFAULT, KEY_IGNORE, KEY_BLOCK, KEY_JSON,
	KEY_STATUS_FD, KEY_PRESERVE, KEY_MAP,
};

/* 0; -ENOENT for a key that is no option; -EINVAL after saying what is wrong. */
int value_store(struct settings *settings, int key, char *text);

#endif
