/* SPDX-License-Identifier: MIT */
/* Where the value of each option goes, and how it is read. */
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "capabilities.h"
#include "common/message.h"
#include "common/parse.h"
#include "keys.h"
#include "landlock.h"
#include "lists.h"
#include "names.h"

enum kind {
	FLAG, TEXT, TEXTS, DURATION, SIGNAL, SIGNALS, MODE, GROUP, METHOD, LEAKS, KEEP, REDIRECT,
	ID, NICE, OOM, LIMIT, CPUS, ENV_FILE, NUMBER, STATUSES, REWRITE, SCHEDULER, IONICE,
	INHERITABLE, AMBIENT, BOUNDING, SECUREBITS, ACCESS, RULE,
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
	TO(KEY_ENV_FILE, ENV_FILE, "env-file", assignments),
	TO('a', TEXT, "argv0", argv0),
	TO(KEY_PRELOAD, FLAG, "preload", preload),
	TO(KEY_ROOT, TEXT, "root", root),
	TO(KEY_USER, TEXT, "user", user),
	TO(KEY_USER_ENV, FLAG, "user-env", user_env),
	TO(KEY_UID, ID, "uid", uid),
	TO(KEY_GID, TEXT, "gid", gid),
	TO(KEY_GROUPS, TEXT, "groups", groups),
	TO(KEY_NO_NEW_PRIVS, FLAG, "no-new-privs", no_new_privs),
	TO(KEY_INHERITABLE, INHERITABLE, "inh-caps", inheritable_caps),
	TO(KEY_AMBIENT, AMBIENT, "ambient-caps", ambient_caps),
	TO(KEY_BOUNDING, BOUNDING, "bounding-set", bounding_set),
	TO(KEY_SECUREBITS, SECUREBITS, "securebits", securebits),
	TO(KEY_SECCOMP, TEXT, "seccomp", seccomp),
	TO(KEY_ACCESS, ACCESS, "landlock-access", landlock_access),
	TO(KEY_RULE, RULE, "landlock-rule", rules),
	TO(KEY_RLIMIT, LIMIT, "rlimit", limits),
	TO('n', NICE, "nice", nice),
	TO(KEY_OOM, OOM, "oom-score-adj", oom_score_adj),
	TO(KEY_CPUS, CPUS, "cpu-list", cpus),
	TO(KEY_SCHEDULER, SCHEDULER, "scheduler", scheduler),
	TO(KEY_RESET_ON_FORK, FLAG, "reset-on-fork", reset_on_fork),
	TO(KEY_IONICE, IONICE, "ionice", io_class),
	TO(KEY_CGROUP, TEXT, "cgroup", cgroup),
	TO(KEY_UMASK, MODE, "umask", umask),
	TO(KEY_SETSID, FLAG, "setsid", setsid),
	TO(KEY_PTY, FLAG, "pty", pty),
	TO(KEY_SETPGID, GROUP, "setpgid", pgroup),
	TO(KEY_PDEATHSIG, SIGNAL, "pdeathsig", pdeathsig),
	TO(KEY_DEFAULT, SIGNALS, "default-signal", default_signals),
	TO(KEY_IGNORE, SIGNALS, "ignore-signal", ignore_signals),
	TO(KEY_BLOCK, SIGNALS, "block-signal", block_signals),
	TO(KEY_REWRITE, REWRITE, "rewrite-signal", rewritten),
	TO('t', DURATION, "timeout", timeout_ms),
	TO(KEY_LAUNCH_TIMEOUT, DURATION, "launch-timeout", launch_timeout_ms),
	TO('k', DURATION, "kill-after", kill_after_ms),
	TO('s', SIGNAL, "signal", signal),
	TO(KEY_FOREGROUND, FLAG, "foreground", foreground),
	TO(KEY_KILL_TREE, FLAG, "kill-tree", kill_tree),
	TO(KEY_PRESERVE, FLAG, "preserve-status", preserve_status),
	TO(KEY_MAP, STATUSES, "map-status", map),
	TO(KEY_PID_FILE, TEXT, "pid-file", pid_file),
	TO('b', FLAG, "background", background),
	TO('o', TEXT, "output", output),
	TO(KEY_STATUS_FD, NUMBER, "status-fd", status_fd),
	TO(KEY_JSON, FLAG, "json", json),
	TO('q', FLAG, "quiet", quiet),
	TO('v', FLAG, "verbose", verbose),
#undef TO
};

/* What the library takes */
#define MOST_NICE 40
#define MOST_OOM 1000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct name {
	const char *name;
	unsigned number;
};

static const struct name methods[] = {METHOD_NAMES(NAME_ROW) {0, 0}};
static const struct name policies[] = {LEAKS_NAMES(NAME_ROW) {0, 0}};
static const struct name io_classes[] = {IOPRIO_NAMES(NAME_ROW) {0, 0}};
static const struct name schedulers[] = {SCHEDULER_NAMES(NAME_ROW) {0, 0}};

static int find_name(const char *text, size_t length, const struct name *names, unsigned *ret)
{
	for (; names->name; names++) {
		if (strncmp(text, names->name, length) != 0 || names->name[length])
			continue;
		*ret = names->number;
		return 0;
	}
	return -EINVAL;
}

static int parse_name(const char *text, const struct name *names, unsigned *ret)
{
	return find_name(text, strlen(text), names, ret);
}

static int parse_number(const char *text, long min, long max, struct spu_value *ret)
{
	long value;
	int r = parse_long(text, min, max, &value);

	if (r == 0)
		*ret = SPU_SET(value);
	return r;
}

/* A name, and a number behind a colon; where there is none it isn't set. */
static int parse_pair(const char *text, const struct name *names, long max,
		      struct spu_value *ret_first, struct spu_value *ret_second)
{
	size_t length = strcspn(text, ":");
	unsigned number;
	int r = find_name(text, length, names, &number);

	if (r < 0)
		return r;
	*ret_first = SPU_SET(number);
	*ret_second = (struct spu_value){0, 0};
	return text[length] ? parse_number(text + length + 1, 0, max, ret_second) : 0;
}

static int parse_group(const char *text, struct spu_value *ret)
{
	*ret = SPU_SET(0);
	return text ? parse_number(text, 0, INT_MAX, ret) : 0;
}

/* What a symbolic one says is what it leaves of the permissions, from ours on. */
static int parse_umask(const char *text, struct spu_value *ret)
{
	int is_symbolic = *text && !isdigit((unsigned char)*text), r;
	unsigned mode;

	if (is_symbolic) {
		mode = umask(0);
		umask(mode);
		r = parse_symbolic_mode(text, ~mode & 0777, &mode);
	} else {
		r = parse_mode(text, &mode);
	}
	if (r == 0 && mode > 0777)
		r = -ERANGE;
	if (r == 0)
		*ret = SPU_SET(is_symbolic ? ~mode & 0777 : mode);
	return r;
}

static int read_value(struct settings *settings, const struct destination *to, const char *text,
		      void *member)
{
	switch (to->kind) {
	case DURATION:
		settings->timeout_given |= to->key == 't';
		return parse_duration_ms(text, member);
	case SIGNAL:
		return parse_signal(text, member);
	case SIGNALS:
		return list_signals(settings, to->key, text, member);
	case REWRITE:
		return list_rewritten(settings, text);
	case MODE:
		return parse_umask(text, member);
	case GROUP:
		return parse_group(text, member);
	case ID:
		return parse_number(text, 0, UINT_MAX - 1l, member);
	case NUMBER:
		return parse_number(text, 0, INT_MAX, member);
	case NICE:
		return parse_number(text, -MOST_NICE, MOST_NICE, member);
	case OOM:
		return parse_number(text, -MOST_OOM, MOST_OOM, member);
	case SCHEDULER:
		return parse_pair(text, schedulers, 99, member, &settings->sched_priority);
	case INHERITABLE:
		return capabilities_parse(text, SET_INHERITABLE, member);
	case AMBIENT:
		return capabilities_parse(text, SET_AMBIENT, member);
	case BOUNDING:
		return capabilities_parse(text, SET_BOUNDING, member);
	case ACCESS:
		return landlock_parse_access(text, member);
	case RULE:
		return list_rule(settings, text);
	case SECUREBITS:
		return capabilities_parse(text, SET_SECUREBITS, member);
	case IONICE:
		return parse_pair(text, io_classes, 7, member, &settings->io_level);
	case METHOD:
		return parse_name(text, methods, member);
	case LEAKS:
		return parse_name(text, policies, member);
	case KEEP:
		return list_kept(settings, text);
	case STATUSES:
		return list_statuses(settings, text);
	case CPUS:
		return list_cpus(settings, text);
	case LIMIT:
		return list_limit(settings, text);
	case ENV_FILE:
		return list_env_file(settings, text);
	case REDIRECT:
		return list_redirection(settings, text);
	default:
		return -EINVAL;
	}
}

static int store(struct settings *settings, const struct destination *to, char *text)
{
	void *member = (char *)settings + to->offset;

	switch (to->kind) {
	case FLAG:
		*(int *)member = 1;
		return 0;
	case TEXT:
		*(const char **)member = text;
		return 0;
	case TEXTS:
		list_text(member, text);
		return 0;
	default:
		return read_value(settings, to, text, member);
	}
}

#define NOT_CAPABILITIES \
	"not a list of capabilities with + or - (+net_raw,-chown); --help has their names"

static const char *describe(enum kind kind, int err)
{
	static const char *const kinds[] = {
		[DURATION] = "not a duration (1.5, 10s, 2m, 1h, 1d, inf)",
		[SIGNAL] = "not a signal",
		[SIGNALS] = "not a signal",
		[REWRITE] = "not pairs of signals (TERM:QUIT,HUP:0)",
		[MODE] = "not a mode (027, or u=rwx,g=rx,o=)",
		[GROUP] = "not a process group",
		[METHOD] = "no such method; there are:" METHOD_NAMES(NAME_LISTED),
		[LEAKS] = "no such policy; there are:" LEAKS_NAMES(NAME_LISTED),
		[KEEP] = "not a list of descriptors (3,5-7)",
		[ID] = "not a number; for a name: --user",
		[STATUSES] = "not a list of exit statuses (143:0,2:1)",
		[NUMBER] = "not the number of a descriptor",
		[NICE] = "not a number",
		[OOM] = "not a number",
		[CPUS] = "not a list of processors (1,3-5,8-30:2)",
		[INHERITABLE] = NOT_CAPABILITIES,
		[AMBIENT] = NOT_CAPABILITIES,
		[BOUNDING] = NOT_CAPABILITIES,
		[ACCESS] = "not fs, nor fs:ACCESS with commas between; there are:"
			   LANDLOCK_NAMES(NAME_LISTED),
		[RULE] = "not a rule: path-beneath:ACCESS,ACCESS:PATH",
		[SECUREBITS] = "not a list of securebits with + or -; there are:"
			       SECUREBIT_NAMES(NAME_LISTED),
		[IONICE] = "not a class of I/O, or one with a number (idle, best-effort:7); "
			   "there are:" IOPRIO_NAMES(NAME_LISTED),
		[SCHEDULER] = "not a scheduling policy, or one with a priority (batch, rr:10); "
			      "there are:" SCHEDULER_NAMES(NAME_LISTED),
	};
	static const char *const ranges[] = {
		[SIGNAL] = "no such signal",
		[SIGNALS] = "no such signal",
		[REWRITE] = "no such signal, or one that isn't passed on (KILL, STOP, CHLD)",
		[ID] = "out of range (0 to 4294967294)",
		[NICE] = "out of range (-40 to 40)",
		[OOM] = "out of range (-1000 to 1000)",
		[STATUSES] = "out of range (0 to 255)",
		[CPUS] = "out of range (0 to 8191, the lower number first)",
		[IONICE] = "the number is out of range (0 to 7)",
		[SCHEDULER] = "the priority is out of range (1 to 99)",
	};

	if (err == -ERANGE)
		return (size_t)kind < COUNT(ranges) && ranges[kind] ? ranges[kind] : "out of range";
	if (err == -EPERM)
		return "KILL and STOP can't be changed";
	return err == -EINVAL && (size_t)kind < COUNT(kinds) && kinds[kind] ? kinds[kind]
									    : strerror(-err);
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
			say("--%s=%s: %s", destinations[i].option, NAMED(text),
			    describe(destinations[i].kind, r));
		return -EINVAL;
	}
	return -ENOENT;
}
