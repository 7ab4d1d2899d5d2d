/* SPDX-License-Identifier: MIT */
/* The methods that are functions of libc, used as a plain program uses them. */
#include "methods.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#define HAS_CLOSEFROM 1
#endif
#endif

int posix_spawn_start(const struct target *target, struct launched *launched)
{
	return -posix_spawn(&launched->pid, target->path, NULL, NULL, target->argv, environ);
}

#ifdef HAS_CLOSEFROM

static int spawn_closing(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions,
			 const struct target *target, struct launched *launched)
{
	sigset_t all;
	int r;

	sigfillset(&all);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (r == 0)
		r = posix_spawn(&launched->pid, target->path, actions, attributes, target->argv,
				environ);
	return -r;
}

/* What a careful program asks for: default dispositions, nothing above 2 open. */
int closefrom_start(const struct target *target, struct launched *launched)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_init(&actions);
	r = spawn_closing(&attributes, &actions, target, launched);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return r;
}

#else

int closefrom_start(const struct target *target, struct launched *launched)
{
	(void)target;
	snprintf(launched->error.text, sizeof(launched->error.text),
		 "this libc has no posix_spawn_file_actions_addclosefrom_np");
	return -ENOTSUP;
}

#endif

int system_start(const struct target *target, struct launched *launched)
{
	launched->status = system(target->command);
	return launched->status == -1 ? -errno : 0;
}

/* For writing: the child's standard output is needed, its input isn't. */
int popen_start(const struct target *target, struct launched *launched)
{
	launched->stream = popen(target->command, "we");
	return launched->stream ? 0 : -errno;
}

int popen_finish(struct launched *launched, int *ret_status)
{
	*ret_status = pclose(launched->stream);
	return *ret_status == -1 ? -errno : 0;
}
