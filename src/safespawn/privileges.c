/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "exit_status.h"

/* musl knows no name service switch: the files are all that it reads. */
#ifdef __GLIBC__
#define NO_SUCH_USER "no such user"
#define NO_SUCH_GROUP "no such group"
#else
#define NO_SUCH_USER "not in /etc/passwd"
#define NO_SUCH_GROUP "not in /etc/group"
#endif

static gid_t *make_room(gid_t *groups, size_t count)
{
	gid_t *grown = reallocarray(groups, count + 1, sizeof(*grown));

	if (!grown)
		die_errno(EXIT_SETUP, ENOMEM, "list of groups");
	return grown;
}

/*
 * name: which part of the option's value. The functions leave errno alone, or say
 * ENOENT, when there is simply nothing found.
 */
static int say_missing(const char *option, const char *value, const char *name,
		       const char *missing)
{
	if (errno != 0 && errno != ENOENT && errno != ESRCH)
		say_errno(errno, "--%s=%s", option, NAMED(value));
	else if (name == value)
		say("--%s=%s: %s", option, NAMED(value), missing);
	else
		say("--%s=%s: %s: %s", option, NAMED(value), NAMED(name), missing);
	return -EINVAL;
}

#define OUT_OF_RANGE "out of range (0 to 4294967294)"

static int parse_id(const char *text, long *ret)
{
	return parse_long(text, 0, UINT_MAX - 1l, ret);
}

/* ---- groups ---- */

/* A name may consist of digits, so names are looked for first. */
static int find_group(const char *option, const char *value, const char *name, long *ret)
{
	struct group *group;
	int r = 0;

	errno = 0;
	group = getgrnam(name);
	if (group)
		*ret = group->gr_gid;
	else
		r = parse_id(name, ret);
	return r == 0 ? 0 : say_missing(option, value, name,
					r == -ERANGE ? OUT_OF_RANGE : NO_SUCH_GROUP);
}

static int set_group_list(const char *list, struct privileges *privileges,
			  struct spu_options *options)
{
	char *copy = strdup(list), *rest = copy, *item;
	int r = 0;
	long gid = 0;

	if (!copy)
		die_errno(EXIT_SETUP, ENOMEM, "list of groups");
	while (r == 0 && (item = strsep(&rest, ","))) {
		if (!*item) {
			say("--groups=%s: not a list of groups (27,audio; or none, or keep)",
			    NAMED(list));
			r = -EINVAL;
			break;
		}
		r = find_group("groups", list, item, &gid);
		privileges->groups = make_room(privileges->groups, options->group_count);
		privileges->groups[options->group_count++] = (gid_t)gid;
	}
	free(copy);
	options->groups = privileges->groups;
	return r;
}

static int set_groups(const char *text, struct privileges *privileges,
		      struct spu_options *options)
{
	if (strcmp(text, "keep") == 0) {
		options->flags |= SPU_KEEP_GROUPS;
		return 0;
	}
	if (strcmp(text, "none") == 0) {
		options->groups = privileges->groups = make_room(NULL, 0);
		return 0;
	}
	return set_group_list(text, privileges, options);
}

static void set_groups_of(const struct passwd *user, struct privileges *privileges,
			  struct spu_options *options)
{
	int room = 64, count = room;

	privileges->groups = make_room(NULL, (size_t)room);
	/* What it wants is stored in count; with some libcs only as much as it was given */
	while (getgrouplist(user->pw_name, user->pw_gid, privileges->groups, &count) < 0) {
		room = count = count > room ? count : 2 * room;
		privileges->groups = make_room(privileges->groups, (size_t)room);
	}
	options->groups = privileges->groups;
	options->group_count = (size_t)count;
}

/* ---- users ---- */

static void set_variable(struct privileges *privileges, int at, const char *name,
			 const char *value)
{
	char *variable;

	if (asprintf(&variable, "%s=%s", name, value) < 0)
		die_errno(EXIT_SETUP, ENOMEM, "--user-env");
	privileges->variables[at] = variable;
}

/* What is empty in the entry is what login(1) makes of that. */
static int set_variables(const struct settings *settings, const struct passwd *user,
			 struct privileges *privileges)
{
	if (!user) {
		say("--user-env: %s has no entry, and so no home; write HOME=DIR",
		    NAMED(settings->user));
		return -EINVAL;
	}
	set_variable(privileges, 0, "HOME", *user->pw_dir ? user->pw_dir : "/");
	set_variable(privileges, 1, "USER", user->pw_name);
	set_variable(privileges, 2, "LOGNAME", user->pw_name);
	set_variable(privileges, 3, "SHELL", *user->pw_shell ? user->pw_shell : "/bin/sh");
	return 0;
}

/* group: behind the colon, or NULL. It is the only one then, as in a container's USER. */
static int set_user_and_group(const struct settings *settings, const char *name,
			      const char *group, struct privileges *privileges,
			      struct spu_options *options)
{
	const struct passwd *user;
	long uid, gid = 0;
	int is_number = parse_id(name, &uid) == 0;

	errno = 0;
	user = getpwnam(name);
	if (!user && is_number)
		user = getpwuid((uid_t)uid);
	if (!user && !(is_number && group))
		return say_missing("user", settings->user, settings->user, is_number ?
				   NO_SUCH_USER ", and so no group; write USER:GROUP" :
				   NO_SUCH_USER);
	if (group && find_group("user", settings->user, group, &gid) < 0)
		return -EINVAL;
	options->uid = SPU_SET(user ? (long)user->pw_uid : uid);
	options->gid = SPU_SET(group ? gid : (long)user->pw_gid);
	if (!settings->groups && group)
		set_groups("none", privileges, options);
	else if (!settings->groups)
		set_groups_of(user, privileges, options);
	return settings->user_env ? set_variables(settings, user, privileges) : 0;
}

static int set_user(const struct settings *settings, struct privileges *privileges,
		    struct spu_options *options)
{
	char *group = strdup(settings->user), *name = strsep(&group, ":");
	const char *fault = NULL;
	int r = -EINVAL;

	if (!name)
		die_errno(EXIT_SETUP, ENOMEM, "--user");
	if (group && !*name)
		fault = "no user before the colon; for a group alone: --gid";
	else if (group && !*group)
		fault = "no group behind the colon";
	if (fault)
		say("--user=%s: %s", NAMED(settings->user), fault);
	else
		r = set_user_and_group(settings, name, group, privileges, options);
	free(name);
	return r;
}

static int set_gid(const struct settings *settings, struct spu_options *options)
{
	long gid;
	int r = find_group("gid", settings->gid, settings->gid, &gid);

	if (r == 0)
		options->gid = SPU_SET(gid);
	return r;
}

/* The number that isn't given is ionice(1)'s: 4 where there are some. */
static void set_io_priority(const struct settings *settings, struct spu_options *options)
{
	long class = settings->io_class.value, level = settings->io_level.value;

	if (!settings->io_level.set &&
	    (class == SPU_IOPRIO_REALTIME || class == SPU_IOPRIO_BEST_EFFORT))
		level = 4;
	if (settings->io_class.set)
		options->ioprio = SPU_SET(SPU_IOPRIO(class, level));
}

/* As seccomp_export_bpf(3) writes it: the instructions, as they are in memory. */
static int set_filter(const char *file, struct privileges *privileges,
		      struct spu_options *options)
{
	char *filter = (char *)privileges->filter, byte;
	size_t size = 0;
	ssize_t got = 1;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && got > 0 && size < sizeof(privileges->filter)) {
		got = read(fd, filter + size, sizeof(privileges->filter) - size);
		size += got > 0 ? (size_t)got : 0;
	}
	if (got > 0 && fd >= 0)
		got = read(fd, &byte, 1);
	if (fd < 0 || got < 0) {
		say_errno(errno, "--seccomp=%s", NAMED(file));
		return -EINVAL;
	}
	close(fd);
	options->seccomp = privileges->filter;
	options->seccomp_count = size / sizeof(*privileges->filter);
	if (got == 0 && size > 0 && size % sizeof(*privileges->filter) == 0)
		return 0;
	say("--seccomp=%s: not a filter: that is 1 to %d instructions of 8 bytes", NAMED(file),
	    MOST_INSTRUCTIONS);
	return -EINVAL;
}

int privileges_set(const struct settings *settings, struct privileges *privileges,
		   struct spu_options *options)
{
	options->uid = settings->uid;
	options->nice = settings->nice;
	options->oom_score_adj = settings->oom_score_adj;
	options->scheduler = settings->scheduler;
	options->sched_priority = settings->sched_priority;
	if (settings->reset_on_fork)
		options->scheduler.value |= SCHED_RESET_ON_FORK;
	options->inheritable_caps = settings->inheritable_caps;
	options->ambient_caps = settings->ambient_caps;
	options->bounding_set = settings->bounding_set;
	options->securebits = settings->securebits;
	options->landlock_access = settings->landlock_access;
	options->landlock_rules = settings->rules;
	set_io_priority(settings, options);
	options->cpus = settings->cpus;
	options->cpu_count = settings->cpu_count;
	options->root = settings->root;
	if (settings->pdeathsig)
		options->pdeathsig = SPU_SET(settings->pdeathsig);
	if (settings->no_new_privs)
		options->flags |= SPU_NO_NEW_PRIVS;
	if (settings->user && set_user(settings, privileges, options) < 0)
		return -EINVAL;
	if (settings->gid && set_gid(settings, options) < 0)
		return -EINVAL;
	if (settings->groups && set_groups(settings->groups, privileges, options) < 0)
		return -EINVAL;
	if (settings->seccomp && set_filter(settings->seccomp, privileges, options) < 0)
		return -EINVAL;
	if (settings->limit_count == 0)
		return 0;
	options->limits = privileges->limits;
	return limits_resolve(settings->limits, settings->limit_count, privileges->limits);
}
