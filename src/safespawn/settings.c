/* SPDX-License-Identifier: MIT */
/* The rules between options. Single values were checked when they were read. */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "common/message.h"

/* The first pair that is given and makes no sense together, as text. */
static const char *find_conflict(const struct settings *s)
{
	const struct {
		int is_wrong;
		const char *what;
	} rules[] = {
		{s->exec && s->background, "--exec and --background exclude each other"},
		{s->exec && s->timeout_given,
		 "--exec and --timeout exclude each other: nobody waits"},
		{s->exec && s->stats, "--exec and --stats exclude each other: nobody waits"},
		{s->exec && s->method == SPU_METHOD_POSIX_SPAWN,
		 "--exec and --method=posix_spawn exclude each other"},
		{s->background && s->timeout_given,
		 "--background and --timeout exclude each other: nobody waits"},
		{s->background && s->stats,
		 "--background and --stats exclude each other: nobody waits"},
		{s->setsid && s->pgroup.set,
		 "--setsid and --setpgid exclude each other: a session has its group"},
		{s->background && s->pgroup.set,
		 "--background and --setpgid exclude each other: a session has its group"},
		{s->timeout_given && s->pgroup.set && s->pgroup.value,
		 "--timeout and --setpgid=PGID exclude each other: it would end that group"},
		{s->kill_after_ms && !s->timeout_given, "--kill-after needs --timeout"},
		{s->signal && !s->timeout_given, "--signal needs --timeout"},
		{!s->command && !s->audit, "no COMMAND"},
		{!s->command && s->assignments.count, "NAME=VALUE needs a COMMAND"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].is_wrong)
			return rules[i].what;
	return NULL;
}

int settings_check(const struct settings *s)
{
	const char *conflict = find_conflict(s);

	if (conflict) {
		say("%s", conflict);
		return -EINVAL;
	}
	for (size_t i = 0; i < s->unset.count; i++) {
		if (*s->unset.items[i] && !strchr(s->unset.items[i], '='))
			continue;
		say("--unset=%s: not the name of a variable", s->unset.items[i]);
		return -EINVAL;
	}
	for (size_t i = 0; i < s->assignments.count; i++) {
		if (*s->assignments.items[i] != '=')
			continue;
		say("%s: an assignment without a name", s->assignments.items[i]);
		return -EINVAL;
	}
	return 0;
}
