/* SPDX-License-Identifier: MIT */
/*
 * The file with the command's number. The child writes it (spu_options.pid_file);
 * whose it is, and for how long, is seen to here.
 */
#ifndef SAFESPAWN_PIDFILE_H
#define SAFESPAWN_PIDFILE_H

#include <sys/types.h>

struct pid_file {
	const char *path;	/* NULL: there is none */
	int fd;			/* holds a lock as long as we wait */
};

/*
 * Makes it, or takes one whose process is gone. Says what is wrong: 0, or a negative
 * errno value.
 */
int pid_file_claim(const char *path, struct pid_file *ret);

/*
 * At the end of the command, whose number it holds unless somebody has put something
 * else there; 0: none was launched, and any number goes.
 */
void pid_file_remove(const struct pid_file *file, pid_t pid);

#endif
