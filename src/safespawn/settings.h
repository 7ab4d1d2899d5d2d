/* SPDX-License-Identifier: MIT */
/* What the command line says; options.c fills it, nothing changes it later. */
#ifndef SAFESPAWN_SETTINGS_H
#define SAFESPAWN_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "redirect.h"
#include "spawnutil.h"

#define LAST_SIGNAL 64	/* the kernel's */

struct range {
	int first, last;
};

/* Texts, with a NULL behind the last; items is NULL when there are none. */
struct texts {
	const char **items;
	size_t count;
};

struct settings {
	/* launch */
	unsigned method;
	int exec, explain, stats;

	/* descriptors */
	int audit;
	unsigned leaks;
	struct range *keep;
	size_t keep_count;
	struct redirection *redirections;
	size_t redirection_count;

	/* environment */
	const char *chdir, *root;
	int ignore_environment;
	struct texts unset;
	struct texts assignments;	/* the files' among them */
	struct texts env_files;
	const char *argv0;
	int preload;

	/* privileges and resources */
	const char *user, *gid, *groups;	/* as they are written: names or numbers */
	struct spu_value uid, nice, oom_score_adj, umask, scheduler, sched_priority;
	int reset_on_fork;
	const char *seccomp;
	uint64_t landlock_access;
	struct spu_landlock *rules;	/* and one of zeros; NULL: none */
	size_t rule_count;
	struct spu_value io_class, io_level;
	struct spu_value inheritable_caps, ambient_caps, bounding_set, securebits;
	int user_env, no_new_privs;
	struct limit limits[LIMIT_KINDS];	/* each resource once */
	size_t limit_count;
	int *cpus;
	size_t cpu_count;
	const char *cgroup;

	/* session and signals */
	struct spu_value pgroup;
	int setsid, pty;
	int pdeathsig;		/* 0: none */
	uint64_t default_signals, ignore_signals, block_signals;
	signed char rewritten[LAST_SIGNAL + 1];	/* passed on in its place; 0: itself, -1: nothing */

	/* waiting */
	int timeout_given;
	int64_t timeout_ms;	/* 0: none */
	int64_t launch_timeout_ms;	/* 0: none */
	int64_t kill_after_ms;	/* 0: never */
	int signal;		/* 0: TERM */
	int foreground, kill_tree;
	int background;
	const char *pid_file;
	int preserve_status;
	struct range *map;	/* from an exit status to another */
	size_t map_count;

	/* output */
	const char *output;
	struct spu_value status_fd;
	int json, quiet, verbose;

	char *const *command;	/* COMMAND and its arguments, or NULL */
};

/* Fills *ret or says what is wrong: 0, or -EINVAL. --help and --version exit. */
int options_parse(int argc, char **argv, struct settings *ret);

/* What no option can see alone. Says what is wrong: 0, or -EINVAL. */
int settings_check(const struct settings *settings);

#endif
