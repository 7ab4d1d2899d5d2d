/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/parse.h"

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

/* The functions leave errno alone, or say ENOENT, when there is simply nothing found. */
static int say_missing(const char *option, const char *name, const char *missing)
{
	if (errno == 0 || errno == ENOENT || errno == ESRCH)
		say("--%s=%s: %s", option, NAMED(name), missing);
	else
		say_errno(errno, "--%s=%s", option, NAMED(name));
	return -EINVAL;
}

/* ---- groups ---- */

/* A name may consist of digits, so names are looked for first. */
static int parse_group(const char *list, const char *text, gid_t *ret)
{
	struct group *group;
	long number;

	if (!*text) {
		say("--groups=%s: not a list of groups (27,audio; or none, or keep)", NAMED(list));
		return -EINVAL;
	}
	errno = 0;
	group = getgrnam(text);
	if (group) {
		*ret = group->gr_gid;
		return 0;
	}
	if (parse_long(text, 0, UINT_MAX - 1l, &number) == 0) {
		*ret = (gid_t)number;
		return 0;
	}
	if (errno == 0 || errno == ENOENT || errno == ESRCH)
		say("--groups=%s: %s: " NO_SUCH_GROUP, NAMED(list), NAMED(text));
	else
		say_errno(errno, "--groups=%s", NAMED(list));
	return -EINVAL;
}

static int set_group_list(const char *list, struct privileges *privileges,
			  struct spu_options *options)
{
	char *copy = strdup(list), *rest = copy, *item;
	int r = 0;

	if (!copy)
		die_errno(EXIT_SETUP, ENOMEM, "list of groups");
	while (r == 0 && (item = strsep(&rest, ","))) {
		privileges->groups = make_room(privileges->groups, options->group_count);
		r = parse_group(list, item, &privileges->groups[options->group_count++]);
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

static int set_user(const struct settings *settings, struct privileges *privileges,
		    struct spu_options *options)
{
	struct passwd *user;
	long number;
	int is_number = parse_long(settings->user, 0, UINT_MAX - 1l, &number) == 0;

	errno = 0;
	user = getpwnam(settings->user);
	if (!user && is_number)
		user = getpwuid((uid_t)number);
	if (!user)
		return say_missing("user", settings->user, is_number ?
				   NO_SUCH_USER "; a bare number: --uid, --gid and --groups" :
				   NO_SUCH_USER);
	options->uid = SPU_SET(user->pw_uid);
	options->gid = SPU_SET(user->pw_gid);
	if (!settings->groups)
		set_groups_of(user, privileges, options);
	return 0;
}

int privileges_set(const struct settings *settings, struct privileges *privileges,
		   struct spu_options *options)
{
	options->uid = settings->uid;
	options->gid = settings->gid;
	options->nice = settings->nice;
	options->oom_score_adj = settings->oom_score_adj;
	options->cpus = settings->cpus;
	options->cpu_count = settings->cpu_count;
	options->root = settings->root;
	if (settings->pdeathsig)
		options->pdeathsig = SPU_SET(settings->pdeathsig);
	if (settings->no_new_privs)
		options->flags |= SPU_NO_NEW_PRIVS;
	if (settings->user && set_user(settings, privileges, options) < 0)
		return -EINVAL;
	if (settings->groups && set_groups(settings->groups, privileges, options) < 0)
		return -EINVAL;
	if (settings->limit_count == 0)
		return 0;
	options->limits = privileges->limits;
	return limits_resolve(settings->limits, settings->limit_count, privileges->limits);
}
