/* SPDX-License-Identifier: MIT */
/* The environment that the command will get, and the PATH look-up in it. */
#ifndef SAFESPAWN_ENVIRONMENT_H
#define SAFESPAWN_ENVIRONMENT_H

#include "settings.h"

/* The value that the command will see, or NULL. */
const char *command_getenv(const struct settings *settings, const char *name);

/*
 * How many sockets, from 3 on, the service manager has opened for us (sd_listen_fds(3)),
 * and so for the command, which is told that they are its own.
 */
int command_sockets(const struct settings *settings);

/*
 * All that the command line sets, for spu_options.env_set: what it implies comes first
 * and may be replaced, what nothing may replace comes last. last may be NULL.
 */
const char *const *command_assignments(const struct settings *settings,
				       const char *const implied[], const char *last);

/* And all that it takes out, with one more, or NULL. */
const char *const *command_removals(const struct settings *settings, const char *last);

/* The PATH that the command will get, or libc's default; *ret_changed: not the caller's? */
const char *command_path(const struct settings *settings, int *ret_changed);

/*
 * Looks file up as exec will: calls see() for each candidate with 0 or the
 * errno value that speaks against it, until one is found. The result is 0 and
 * *ret_file, which is the caller's to free(), or what exec would fail with.
 * ret_file and see may be NULL.
 */
int command_find(const struct settings *settings, const char *file, char **ret_file,
		 void (*see)(const char *candidate, int err));

#endif
