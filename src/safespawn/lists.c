/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/parse.h"
#include "envfile.h"
#include "exit_status.h"
#include "keys.h"
#include "landlock.h"

#define LAST_CPU 8191	/* what the library takes */

void list_text(struct texts *texts, const char *text)
{
	/* Doubled when it is full, a power of two */
	size_t room = texts->count + 1;
	const char **grown = texts->items;

	if ((room & (room - 1)) == 0)
		grown = reallocarray(texts->items, 2 * room, sizeof(*grown));
	if (!grown)
		die_errno(EXIT_SETUP, ENOMEM, "command line");
	texts->items = grown;
	grown[texts->count++] = text;
	grown[texts->count] = NULL;
}

int list_env_file(struct settings *settings, const char *path)
{
	size_t before = settings->assignments.count;
	struct env_file file;
	char *text, *assignment;
	const char *why;
	int r = env_file_read(path, &file);

	if (r < 0)
		die_errno(EXIT_SETUP, r, "--env-file=%s", NAMED(path));
	text = file.at;
	while ((r = env_file_next(&file, &assignment, &why)) > 0)
		list_text(&settings->assignments, assignment);
	if (r < 0)
		die(EXIT_SETUP, "--env-file=%s: line %u: %s", NAMED(path), file.line, why);
	/* else it holds the assignments */
	if (settings->assignments.count == before)
		free(text);
	list_text(&settings->env_files, path);
	return 0;
}

static int append(struct range **list, size_t *count, long first, long last)
{
	struct range *grown = reallocarray(*list, *count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	grown[(*count)++] = (struct range){(int)first, (int)last};
	return 0;
}

static int add_range(void *context, long first, long last)
{
	struct settings *settings = context;

	return append(&settings->keep, &settings->keep_count, first, last);
}

int list_kept(struct settings *settings, const char *text)
{
	return parse_ranges(text, 0, INT_MAX, add_range, settings);
}

static int add_pair(void *context, long first, long second)
{
	struct settings *settings = context;

	return append(&settings->map, &settings->map_count, first, second);
}

int list_statuses(struct settings *settings, const char *text)
{
	return parse_pairs(text, 0, 255, add_pair, settings);
}

struct cpus {
	struct settings *settings;
	long stride;
};

static int add_cpus(void *context, long first, long last)
{
	const struct cpus *cpus = context;
	struct settings *settings = cpus->settings;
	size_t count = settings->cpu_count + (size_t)(last - first) + 1;
	int *grown = reallocarray(settings->cpus, count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	settings->cpus = grown;
	for (; first <= last; first += cpus->stride)
		grown[settings->cpu_count++] = (int)first;
	return 0;
}

int list_cpus(struct settings *settings, const char *text)
{
	struct cpus cpus = {settings, 1};

	settings->cpu_count = 0;	/* the last list counts */
	return parse_strided_ranges(text, 0, LAST_CPU, &cpus.stride, add_cpus, &cpus);
}

int list_signals(struct settings *settings, int key, const char *text, uint64_t *set)
{
	const uint64_t fixed = SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP);
	const uint64_t standard = SPU_SIGNAL(32) - 1;
	uint64_t given = standard & ~fixed;
	int r = 0;

	if (text)
		r = parse_signals(text, &given);
	else
		for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
			given |= SPU_SIGNAL(number);
	if (r < 0)
		return r;
	if (given & fixed)
		return -EPERM;
	if (key == KEY_DEFAULT)
		settings->ignore_signals &= ~given;
	if (key == KEY_IGNORE)
		settings->default_signals &= ~given;
	*set |= given;
	return 0;
}

static int parse_pair(struct settings *settings, char *pair)
{
	char *second = strchr(pair, ':');
	int from, to = -1, r;

	if (!second)
		return -EINVAL;
	*second++ = '\0';
	r = parse_signal(pair, &from);
	if (r == 0 && (from == SIGKILL || from == SIGSTOP || from == SIGCHLD))
		r = -ERANGE;
	if (r == 0 && strcmp(second, "0") != 0)
		r = parse_signal(second, &to);
	if (r == 0)
		settings->rewritten[from] = (signed char)to;
	return r;
}

int list_rewritten(struct settings *settings, const char *text)
{
	char *copy = strdup(text), *rest = copy, *pair;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && (pair = strsep(&rest, ",")))
		r = parse_pair(settings, pair);
	free(copy);
	return r;
}

int list_rule(struct settings *settings, const char *text)
{
	struct spu_landlock *grown = reallocarray(settings->rules, settings->rule_count + 2,
						  sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	settings->rules = grown;
	grown[settings->rule_count + 1] = (struct spu_landlock){0};
	return landlock_parse_rule(text, &grown[settings->rule_count++]);
}

int list_redirection(struct settings *settings, const char *spec)
{
	struct redirection redirection, *grown;
	const char *why;

	if (redirection_parse(spec, &redirection, &why) < 0) {
		say("redirect %s: %s", NAMED(spec), why);
		return -ECANCELED;	/* said already */
	}
	grown = reallocarray(settings->redirections, settings->redirection_count + 1,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	settings->redirections = grown;
	grown[settings->redirection_count++] = redirection;
	return 0;
}

int list_limit(struct settings *settings, const char *text)
{
	struct limit limit, *at = settings->limits, *end = at + settings->limit_count;
	const char *why;

	if (limit_parse(text, &limit, &why) < 0) {
		say("--rlimit=%s: %s", NAMED(text), why);
		return -ECANCELED;
	}
	while (at < end && at->resource != limit.resource)
		at++;
	settings->limit_count += at == end;
	*at = limit;
	return 0;
}
