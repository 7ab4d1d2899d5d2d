/* SPDX-License-Identifier: MIT */
/* The rules between options. Single values were checked when they were read. */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "common/message.h"

struct rule {
	int is_wrong;
	const char *what;
};

#define FIND_WRONG(rules) find_wrong(rules, sizeof(rules) / sizeof((rules)[0]))

static const char *find_wrong(const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].is_wrong)
			return rules[i].what;
	return NULL;
}

/* The first pair that is given and makes no sense together, as text. */
static const char *find_conflict(const struct settings *s)
{
	const struct rule rules[] = {
		{s->exec && s->background, "--exec and --background exclude each other"},
		{s->exec && s->timeout_given,
		 "--exec and --timeout exclude each other: nobody waits"},
		{s->exec && s->launch_timeout_ms,
		 "--exec and --launch-timeout exclude each other: nobody is left to give up"},
		{s->exec && s->kill_after_ms,
		 "--exec and --kill-after exclude each other: nobody waits"},
		{s->launch_timeout_ms && s->method == SPU_METHOD_POSIX_SPAWN,
		 "--launch-timeout and --method=posix_spawn exclude each other"},
		{s->exec && s->stats, "--exec and --stats exclude each other: nobody waits"},
		{s->exec && s->map_count,
		 "--exec and --map-status exclude each other: nobody waits"},
		{s->exec && s->status_fd.set,
		 "--exec and --status-fd exclude each other: nobody waits"},
		{s->exec && s->method == SPU_METHOD_POSIX_SPAWN,
		 "--exec and --method=posix_spawn exclude each other"},
		{s->background && s->timeout_given,
		 "--background and --timeout exclude each other: nobody waits"},
		{s->background && s->kill_after_ms,
		 "--background and --kill-after exclude each other: nobody waits"},
		{s->background && s->stats,
		 "--background and --stats exclude each other: nobody waits"},
		{s->background && s->map_count,
		 "--background and --map-status exclude each other: nobody waits"},
		{s->background && s->status_fd.set,
		 "--background and --status-fd exclude each other: nobody waits"},
		{s->background && s->pdeathsig,
		 "--background and --pdeathsig exclude each other: safespawn ends at once"},
		{s->setsid && s->pgroup.set,
		 "--setsid and --setpgid exclude each other: a session has its group"},
		{s->background && s->pgroup.set,
		 "--background and --setpgid exclude each other: a session has its group"},
		{s->pty && s->exec,
		 "--pty and --exec exclude each other: nobody is left to show what it shows"},
		{s->pty && s->background,
		 "--pty and --background exclude each other: nobody shows what it shows"},
		{s->pty && s->pgroup.set,
		 "--pty and --setpgid exclude each other: a session has its group"},
		{s->pty && s->method == SPU_METHOD_POSIX_SPAWN,
		 "--pty and --method=posix_spawn exclude each other"},
		{s->preload && s->root,
		 "--preload and --root exclude each other: the library lies outside"},
		{s->foreground && (s->setsid || s->pty || s->pgroup.set),
		 "--foreground excludes --setsid, --pty and --setpgid: it is the caller's group"},
		{s->kill_tree && s->exec,
		 "--kill-tree and --exec exclude each other: nobody waits"},
		{s->kill_tree && s->background,
		 "--kill-tree and --background exclude each other: nobody waits"},
		{s->timeout_given && s->pgroup.set && s->pgroup.value,
		 "--timeout and --setpgid=PGID exclude each other: it would end that group"},
	};

	return FIND_WRONG(rules);
}

static const char *find_fault_in_ids(const struct settings *s)
{
	const struct rule rules[] = {
		{s->user && s->uid.set,
		 "--user and --uid exclude each other: --user gives the uid"},
		{s->user && s->gid,
		 "--user and --gid exclude each other: --user=USER:GROUP gives the gid"},
		{s->user_env && !s->user, "--user-env needs --user"},
		{s->uid.set && !s->groups,
		 "--uid needs --groups: a list, none, or keep; or --user=USER, which gives all"},
		{s->gid && !s->groups, "--gid needs --groups: a list, none, or keep"},
		{s->root && s->chdir && *s->chdir != '/',
		 "--root needs --chdir to begin with /: it counts from the new root"},
	};

	return FIND_WRONG(rules);
}

/* What is given without the thing that it belongs to. */
static const char *find_missing(const struct settings *s)
{
	const struct rule rules[] = {
		{s->signal && !s->timeout_given && !s->kill_tree,
		 "--signal needs --timeout or --kill-tree"},
		{s->preserve_status && !s->timeout_given, "--preserve-status needs --timeout"},
		{s->foreground && !s->timeout_given, "--foreground needs --timeout"},
		{s->rules && !s->landlock_access, "--landlock-rule needs --landlock-access"},
		{s->reset_on_fork && !s->scheduler.set, "--reset-on-fork needs --scheduler"},
		{s->json && !s->audit && !s->stats && !s->explain,
		 "--json needs --audit, --stats or --explain"},
		{!s->command && !s->audit, "no COMMAND"},
		{!s->command && s->assignments.count, "NAME=VALUE needs a COMMAND"},
		{!s->command && s->preload, "--preload needs a COMMAND"},
		{!s->command && s->cgroup, "--cgroup needs a COMMAND"},
		{!s->command && s->pty, "--pty needs a COMMAND"},
		{!s->command && s->pid_file, "--pid-file needs a COMMAND"},
		{!s->command && s->output, "--output needs a COMMAND"},
		{!s->command && s->status_fd.set, "--status-fd needs a COMMAND"},
	};

	return FIND_WRONG(rules);
}

int settings_check(const struct settings *s)
{
	const char *fault = find_conflict(s);

	if (!fault)
		fault = find_fault_in_ids(s);
	if (!fault)
		fault = find_missing(s);
	if (fault) {
		say("%s", fault);
		return -EINVAL;
	}
	for (size_t i = 0; i < s->unset.count; i++) {
		if (*s->unset.items[i] && !strchr(s->unset.items[i], '='))
			continue;
		say("--unset=%s: not the name of a variable", NAMED(s->unset.items[i]));
		return -EINVAL;
	}
	for (size_t i = 0; i < s->assignments.count; i++) {
		if (*s->assignments.items[i] != '=')
			continue;
		say("%s: an assignment without a name", NAMED(s->assignments.items[i]));
		return -EINVAL;
	}
	return 0;
}
