/* SPDX-License-Identifier: MIT */
/*
 * The command line: one argp table, and a parser that fills struct settings and
 * does nothing else. What a value means is known to values.c.
 */
#include <errno.h>
#include <string.h>

#include "common/arguments.h"
#include "common/message.h"
#include "exit_status.h"
#include "keys.h"
#include "lists.h"
#include "names.h"
#include "settings.h"
#include "values.h"

#define SIGNAL_LIST "SIG[,SIG]"

static const struct argp_option table[] = {
	{0, 0, 0, 0, "Launch:", 1},
	{"method", 'm', "METHOD", 0, "How it is launched (vfork)", 0},
	{"exec", KEY_EXEC, 0, 0, "Replace this process: no child at all", 0},
	{"explain", KEY_EXPLAIN, 0, 0, "Print every step and the PATH look-up; launch nothing", 0},
	{"stats", KEY_STATS, 0, 0, "Say on stderr what the command took", 0},

	{0, 0, 0, 0, "Descriptors:", 2},
	{"audit", KEY_AUDIT, 0, 0, "Report descriptors that would leak; without COMMAND: "
	 "on stdout, exit 1 if there are any", 0},
	{"leaks", KEY_LEAKS, "POLICY", 0, "What becomes of descriptors that nobody named "
	 "(close)", 0},
	{"keep-fd", KEY_KEEP, "N[,N-M]", 0, "The command gets these as they are", 0},
	{"redirect", 'r', "SPEC", 0, "As in a shell, quoted: '0<FILE', '1>>FILE', '2>&1', "
	 "'4>&-'; in order", 0},

	{0, 0, 0, 0, "Environment:", 3},
	{"chdir", 'C', "DIR", 0, "Working directory", 0},
	{"root", KEY_ROOT, "DIR", 0, "Root directory; the working directory is / there", 0},
	{"ignore-environment", 'i', 0, 0, "Begin with an empty environment", 0},
	{"unset", 'u', "VARIABLE", 0, "Take a variable out", 0},
	{"env-file", KEY_ENV_FILE, "FILE", 0, "Put its variables in: NAME=VALUE lines, as "
	 "systemd's EnvironmentFile", 0},
	{"argv0", 'a', "ARG", 0, "The zeroth argument", 0},
	{"preload", KEY_PRELOAD, 0, 0, "The command's system and popen are those of "
	 "libspawnutil", 0},

	{0, 0, 0, 0, "Privileges and resources:", 4},
	{"user", KEY_USER, "USER[:GROUP]", 0, "Run as that user, with the user's groups or "
	 "that one alone", 0},
	{"user-env", KEY_USER_ENV, 0, 0, "HOME, USER, LOGNAME and SHELL are those of --user", 0},
	{"uid", KEY_UID, "N", 0, "User id alone; needs --groups", 0},
	{"gid", KEY_GID, "GROUP", 0, "Group id alone, by name or number; needs --groups", 0},
	{"groups", KEY_GROUPS, "GROUP[,GROUP]", 0, "Supplementary groups, names or numbers: "
	 "27,audio; none; keep", 0},
	{"no-new-privs", KEY_NO_NEW_PRIVS, 0, 0, "exec grants nothing: no set-user-ID", 0},
	{"ambient-caps", KEY_AMBIENT, "CAP[,CAP]", 0, "Capabilities that exec leaves it, for any "
	 "user: +net_bind_service, -all", 0},
	{"inh-caps", KEY_INHERITABLE, "CAP[,CAP]", 0, "Inheritable capabilities", 0},
	{"bounding-set", KEY_BOUNDING, "CAP[,CAP]", 0, "Capabilities that root's ids or a file's "
	 "may give it: -all", 0},
	{"securebits", KEY_SECUREBITS, "BIT[,BIT]", 0, "What root means: +noroot,+noroot_locked",
	 0},
	{"seccomp", KEY_SECCOMP, "FILE", 0, "Enter the filter of system calls in FILE", 0},
	{"landlock-access", KEY_ACCESS, "fs[:ACCESS]", 0, "Take rights in the file system away, "
	 "all or some: fs:write-file", 0},
	{"landlock-rule", KEY_RULE, "RULE", 0, "And leave these beneath a path: "
	 "path-beneath:read-file,read-dir:/srv", 0},
	{"rlimit", KEY_RLIMIT, "LIMIT=SOFT[:HARD]", 0, "Resource limit: nofile=1024, as=2G, "
	 "core=0:unlimited", 0},
	{"nice", 'n', "N", 0, "Add N to the niceness", 0},
	{"oom-score-adj", KEY_OOM, "N", 0, "Be ended first (1000) or never (-1000) when memory "
	 "runs out", 0},
	{"cpu-list", KEY_CPUS, "N[,N-M[:S]]", 0, "Run on these processors: 1,3-5,8-30:2", 0},
	{"scheduler", KEY_SCHEDULER, "SCHEDULER[:N]", 0, "Scheduling policy, and the priority in "
	 "it: batch, rr:10", 0},
	{"reset-on-fork", KEY_RESET_ON_FORK, 0, 0, "What the command launches has no real-time "
	 "policy", 0},
	{"ionice", KEY_IONICE, "CLASS[:N]", 0, "I/O priority, 0 to 7 in the class (4): idle, "
	 "best-effort:7", 0},
	{"cgroup", KEY_CGROUP, "DIR", 0, "Join the control group with that directory", 0},
	{"umask", KEY_UMASK, "MODE", 0, "File mode creation mask: 027, or u=rwx,g=rx,o=", 0},

	{0, 0, 0, 0, "Session and signals:", 5},
	{"setsid", KEY_SETSID, 0, 0, "A session of its own", 0},
	{"pty", KEY_PTY, 0, 0, "A terminal of its own: standard input is typed there, and what "
	 "it shows is standard output", 0},
	{"setpgid", KEY_SETPGID, "PGID", OPTION_ARG_OPTIONAL,
	 "A process group of its own, or that one", 0},
	{"pdeathsig", KEY_PDEATHSIG, "SIG", 0, "Sent to the command when safespawn ends", 0},
	{"default-signal", KEY_DEFAULT, SIGNAL_LIST, OPTION_ARG_OPTIONAL,
	 "Reset to default; all", 0},
	{"ignore-signal", KEY_IGNORE, SIGNAL_LIST, OPTION_ARG_OPTIONAL, "Ignore; all", 0},
	{"block-signal", KEY_BLOCK, SIGNAL_LIST, OPTION_ARG_OPTIONAL, "Block; all", 0},
	{"rewrite-signal", KEY_REWRITE, "SIG:SIG[,SIG:SIG]", 0, "Pass on another in the place "
	 "of one: TERM:QUIT; 0 drops it", 0},

	{0, 0, 0, 0, "Waiting:", 6},
	{"timeout", 't', "DURATION", 0, "End the command's process group after that long: "
	 "1.5, 10s, 2m, 1h, 1d, inf", 0},
	{"launch-timeout", KEY_LAUNCH_TIMEOUT, "DURATION", 0, "Give up if the command hasn't been "
	 "executed after that long", 0},
	{"kill-after", 'k', "DURATION", 0, "SIGKILL that long after the time-out, or after "
	 "a signal to end was passed on", 0},
	{"signal", 's', "SIG", 0, "What the time-out sends (TERM)", 0},
	{"foreground", KEY_FOREGROUND, 0, 0, "The time-out is the command's alone, which stays in "
	 "the caller's group", 0},
	{"kill-tree", KEY_KILL_TREE, 0, 0, "End all that the command has left running, TERM "
	 "first", 0},
	{"preserve-status", KEY_PRESERVE, 0, 0, "Exit as the command did also after the time-out",
	 0},
	{"map-status", KEY_MAP, "FROM:TO[,FROM:TO]", 0, "Exit TO where it would be FROM: 143:0", 0},
	{"pid-file", KEY_PID_FILE, "FILE", 0, "Write the pid there before the command starts, and "
	 "remove it at its end", 0},
	{"background", 'b', 0, 0, "Print the pid and don't wait: new session, "
	 "0 to 2 from and to /dev/null", 0},

	{0, 0, 0, 0, "Output:", 7},
	{"output", 'o', "FILE", 0, "Append what safespawn says to FILE, but for why it launched "
	 "nothing", 0},
	{"status-fd", KEY_STATUS_FD, "N", 0, "Write to descriptor N how the command ended: a line "
	 "of JSON", 0},
	{"json", KEY_JSON, 0, 0, "--audit, --stats and --explain as JSON", 0},
	{"quiet", 'q', 0, 0, "No word about descriptors that were closed", 0},
	{"verbose", 'v', 0, 0, "Say what is closed and launched, and how it ended; with "
	 "--explain: what this kernel has", 0},
	{0, 0, 0, 0, 0, 0},
};

/* NAME=VALUE before COMMAND; behind "--" nothing is an assignment. */
static void take_argument(struct argp_state *state, char *text, struct settings *settings)
{
	int quoted = state->quoted && state->next > state->quoted;

	if (!quoted && strchr(text, '=')) {
		list_text(&settings->assignments, text);
		return;
	}
	settings->command = &state->argv[state->next - 1];
	state->next = state->argc;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		take_argument(state, text, state->input);
		return 0;
	case ARGP_KEY_INIT:
	case ARGP_KEY_ARGS:
	case ARGP_KEY_NO_ARGS:
	case ARGP_KEY_END:
	case ARGP_KEY_SUCCESS:
	case ARGP_KEY_ERROR:
	case ARGP_KEY_FINI:
		return 0;
	}
	switch (value_store(state->input, key, text)) {
	case 0:
		return 0;
	case -ENOENT:
		return ARGP_ERR_UNKNOWN;
	}
	return EINVAL;
}

int options_parse(int argc, char **argv, struct settings *ret)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.children = arguments_children,
		.args_doc = "[NAME=VALUE...] [--] COMMAND [ARG...]",
		.doc = "Launch COMMAND without fork and without leaked descriptors, pass signals "
		       "on, wait, and exit as it did.\v"
		       "METHOD:" METHOD_NAMES(NAME_LISTED) "\n"
		       "POLICY:" LEAKS_NAMES(NAME_LISTED) "\n"
		       "LIMIT:" LIMIT_NAMES(NAME_LISTED) "\n"
		       "ACCESS:" LANDLOCK_NAMES(NAME_LISTED) "\n"
		       "CAP: all" CAPABILITY_NAMES(NAME_LISTED) "\n"
		       "BIT:" SECUREBIT_NAMES(NAME_LISTED) "\n"
		       "CLASS:" IOPRIO_NAMES(NAME_LISTED) "\n"
		       "SCHEDULER:" SCHEDULER_NAMES(NAME_LISTED) "\n"
		       "SIG:" SIGNAL_NAMES(NAME_LISTED) " RTMIN RTMAX\n\n"
		       "Exit status: that of COMMAND; 124 timed out; 125 safespawn failed; 126 "
		       "found but not executable; 127 not found; 128+N died of signal N.",
	};
	*ret = (struct settings){0};
	return arguments_parse(&argp, argc, argv, ARGP_IN_ORDER, ret, EXIT_SETUP) ? -EINVAL : 0;
}
