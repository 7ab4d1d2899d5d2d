/* SPDX-License-Identifier: MIT */
/* Files of variables, as systemd.exec(5) has them for EnvironmentFile=. Nothing is expanded. */
#ifndef SAFESPAWN_ENVFILE_H
#define SAFESPAWN_ENVFILE_H

struct env_file {
	char *at, *end;		/* what is left of the text; assignments are made where it was */
	unsigned line;		/* that at is in, from 1 */
};

/* The whole of it, with room for a NUL behind: 0 or a negative errno value. */
int env_file_read(const char *path, struct env_file *ret);

/*
 * The next NAME=VALUE, which stays as long as the text: 1; 0 at the end; -EINVAL and
 * *ret_why, a constant text. It never holds what the file does: that may be secret.
 */
int env_file_next(struct env_file *file, char **ret_assignment, const char **ret_why);

#endif
