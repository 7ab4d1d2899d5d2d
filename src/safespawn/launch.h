/* SPDX-License-Identifier: MIT */
/* From settings to the library's options, and the launch itself in its four forms. */
#ifndef SAFESPAWN_LAUNCH_H
#define SAFESPAWN_LAUNCH_H

#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#include "descriptors.h"
#include "fdlist.h"
#include "pidfile.h"
#include "privileges.h"
#include "settings.h"
#include "signals.h"

struct launch {
	const struct settings *settings;
	struct spu_options options;	/* points into settings and into what follows */
	struct fd_list fds;
	int output;		/* where we speak of COMMAND; why there is none is said on stderr */
	struct privileges privileges;
	char *const *argv;
	char *file;
	char *preload;		/* "LD_PRELOAD=...", or NULL */
	struct pid_file pid_file;
	struct signals signals;
	struct termios modes;	/* of COMMAND's terminal */
	struct winsize size;
	int terminal;		/* our side of it */
	sigset_t early;		/* came when there was perhaps no command to get them with us */
	struct timespec begun, launched;	/* where somebody asks */
};

/* Opens the redirections, blocks signals: 0, or the exit status, after saying why. */
int launch_prepare(struct launch *launch, const struct settings *settings);

/* 0 and the child, or the exit status, after saying why: above 128 what we are to die of. */
int launch_spawn(struct launch *launch, struct spu_child *ret_child);

/* The exit status, after saying why: there is nothing else to return. */
int launch_exec(struct launch *launch);

/* Does the command begin as the leader of a process group? */
int launch_leads_group(const struct launch *launch);

/* Says why; the exit status. */
int launch_failed(const struct launch *launch, const struct spu_error *error);

#endif
