/* SPDX-License-Identifier: MIT */
/* Where the value of each option goes, and how it is read. */
#include "values.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/parse.h"
#include "names.h"

enum kind {
	FLAG, TEXT, TEXTS, DURATION, SIGNAL, SIGNALS, MODE, GROUP, METHOD, LEAKS, KEEP, REDIRECT,
};

static const struct destination {
	int key;
	enum kind kind;
	const char *option;
	size_t offset;
} destinations[] = {
#define TO(key, kind, option, member) {key, kind, option, offsetof(struct settings, member)}
	TO('m', METHOD, "method", method),
	TO(KEY_EXEC, FLAG, "exec", exec),
	TO(KEY_EXPLAIN, FLAG, "explain", explain),
	TO(KEY_STATS, FLAG, "stats", stats),
	TO(KEY_AUDIT, FLAG, "audit", audit),
	TO(KEY_LEAKS, LEAKS, "leaks", leaks),
	TO(KEY_KEEP, KEEP, "keep-fd", keep),
	TO('r', REDIRECT, "redirect", redirections),
	TO('C', TEXT, "chdir", chdir),
	TO('i', FLAG, "ignore-environment", ignore_environment),
	TO('u', TEXTS, "unset", unset),
	TO('a', TEXT, "argv0", argv0),
	TO(KEY_UMASK, MODE, "umask", umask),
	TO(KEY_SETSID, FLAG, "setsid", setsid),
	TO(KEY_SETPGID, GROUP, "setpgid", pgroup),
	TO(KEY_DEFAULT, SIGNALS, "default-signal", default_signals),
	TO(KEY_IGNORE, SIGNALS, "ignore-signal", ignore_signals),
	TO(KEY_BLOCK, SIGNALS, "block-signal", block_signals),
	TO('t', DURATION, "timeout", timeout_ms),
	TO('k', DURATION, "kill-after", kill_after_ms),
	TO('s', SIGNAL, "signal", signal),
	TO('b', FLAG, "background", background),
	TO('q', FLAG, "quiet", quiet),
	TO('v', FLAG, "verbose", verbose),
#undef TO
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct name {
	const char *name;
	unsigned number;
};

#define X(name, number) {name, number},
static const struct name methods[] = {METHOD_NAMES(X) {0, 0}};
static const struct name policies[] = {LEAKS_NAMES(X) {0, 0}};
#undef X

static int parse_name(const char *text, const struct name *names, unsigned *ret)
{
	for (; names->name; names++) {
		if (strcmp(text, names->name) != 0)
			continue;
		*ret = names->number;
		return 0;
	}
	return -EINVAL;
}

static int add_range(void *context, long first, long last)
{
	struct settings *settings = context;
	struct range *grown;

	grown = reallocarray(settings->keep, settings->keep_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	settings->keep = grown;
	grown[settings->keep_count++] = (struct range){(int)first, (int)last};
	return 0;
}

/* As in env(1): without SIG all that can be; of default and ignore the later wins. */
static int add_signals(struct settings *settings, int key, const char *text, uint64_t *set)
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
	if (given & fixed && key != KEY_DEFAULT)
		return -EPERM;
	if (key == KEY_DEFAULT)
		settings->ignore_signals &= ~given;
	if (key == KEY_IGNORE)
		settings->default_signals &= ~given;
	*set |= given & ~fixed;
	return 0;
}

static int add_redirection(struct settings *settings, const char *spec)
{
	struct redirection *redirection = &settings->redirections[settings->redirection_count];
	const char *why;

	if (redirection_parse(spec, redirection, &why) < 0) {
		say("redirect %s: %s", spec, why);
		return -ECANCELED;	/* said already */
	}
	settings->redirection_count++;
	return 0;
}

static int parse_group(const char *text, struct spu_value *ret)
{
	ret->set = 1;
	ret->value = 0;
	return text ? parse_long(text, 0, INT_MAX, &ret->value) : 0;
}

static int parse_umask(const char *text, struct spu_value *ret)
{
	unsigned mode;
	int r = parse_mode(text, &mode);

	if (r == 0 && mode > 0777)
		r = -ERANGE;
	if (r == 0)
		*ret = SPU_SET(mode);
	return r;
}

static int store(struct settings *settings, const struct destination *to, char *text)
{
	void *member = (char *)settings + to->offset;
	struct texts *texts = member;

	switch (to->kind) {
	case FLAG:
		*(int *)member = 1;
		return 0;
	case TEXT:
		*(const char **)member = text;
		return 0;
	case TEXTS:
		texts->items[texts->count++] = text;
		return 0;
	case DURATION:
		settings->timeout_given |= to->key == 't';
		return parse_duration_ms(text, member);
	case SIGNAL:
		return parse_signal(text, member);
	case SIGNALS:
		return add_signals(settings, to->key, text, member);
	case MODE:
		return parse_umask(text, member);
	case GROUP:
		return parse_group(text, member);
	case METHOD:
		return parse_name(text, methods, member);
	case LEAKS:
		return parse_name(text, policies, member);
	case KEEP:
		return parse_ranges(text, 0, INT_MAX, add_range, settings);
	case REDIRECT:
		return add_redirection(settings, text);
	}
	return -EINVAL;
}

static const char *describe(enum kind kind, int err)
{
	static const char *const kinds[] = {
		[DURATION] = "not a duration (1.5, 10s, 2m, 1h, 1d)",
		[SIGNAL] = "not a signal",
		[SIGNALS] = "not a signal",
		[MODE] = "not an octal mode",
		[GROUP] = "not a process group",
		[METHOD] = "no such method (vfork, posix_spawn)",
		[LEAKS] = "no such policy (close, allow, fail)",
		[KEEP] = "not a list of descriptors (3,5-7)",
	};

	if (err == -ERANGE)
		return kind == SIGNAL || kind == SIGNALS ? "no such signal" : "out of range";
	if (err == -EPERM)
		return "KILL and STOP can't be changed";
	return err == -EINVAL && kinds[kind] ? kinds[kind] : strerror(-err);
}

int value_store(struct settings *settings, int key, char *text)
{
	int r;

	for (size_t i = 0; i < COUNT(destinations); i++) {
		if (destinations[i].key != key)
			continue;
		r = store(settings, &destinations[i], text);
		if (r == 0)
			return 0;
		if (r != -ECANCELED)
			say("--%s=%s: %s", destinations[i].option, text,
			    describe(destinations[i].kind, r));
		return -EINVAL;
	}
	return -ENOENT;
}
