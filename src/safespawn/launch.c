/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "common/message.h"
#include "environment.h"
#include "exit_status.h"
#include "keyboard.h"
#include "preload.h"
#include "terminal.h"

/* Of these a line says at which step; the others were sent, and met it there by chance. */
#define TELLING_SIGNALS (SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSYS) | SPU_SIGNAL(SIGSEGV) | \
			 SPU_SIGNAL(SIGBUS))

int launch_failed(const struct launch *launch, const struct spu_error *error)
{
	int number = error->err == ECANCELED ? error->signal : 0;
	char buffer[ADVICE_SIZE];

	if (!number || TELLING_SIGNALS & SPU_SIGNAL(number))
		say("%s%s", error->text, advice(error, &launch->options, buffer));
	if (error->step == SPU_STEP_OPTIONS && error->err == EINVAL)
		say_hint();
	/* As if it had died of it just after exec */
	if (number)
		return 128 + number;
	if (error->err == ETIMEDOUT && launch->options.timeout_ms)
		return EXIT_TIMED_OUT;
	if (error->step != SPU_STEP_EXEC)
		return EXIT_SETUP;
	return error->err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/*
 * libc's posix_spawn doesn't say where it failed, and can't search another
 * PATH than ours: so the look-up is done here.
 */
static int resolve(struct launch *launch, const char *file)
{
	int err = command_find(launch->settings, file, &launch->file, NULL);

	if (err == 0) {
		launch->options.file = launch->file;
		return 0;
	}
	say_errno(err, "exec %s%s", NAMED(file),
		  err == ENOENT && *file && !strchr(file, '/') ? ": not in PATH" : "");
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static char *const *with_argv0(char *const *command, const char *argv0)
{
	size_t count = 1;
	char **argv;

	while (command[count])
		count++;
	argv = reallocarray(NULL, count + 1, sizeof(*argv));
	if (!argv)
		die_errno(EXIT_SETUP, ENOMEM, "arguments");
	memcpy(argv, command, (count + 1) * sizeof(*argv));
	argv[0] = (char *)argv0;
	return argv;
}

static int set_command(struct launch *launch)
{
	const struct settings *settings = launch->settings;
	const char *file = settings->command[0];
	int path_changed;
	const char *path = command_path(settings, &path_changed);

	launch->argv = settings->command;
	if (settings->argv0) {
		launch->argv = with_argv0(settings->command, settings->argv0);
		launch->options.file = file;
	}
	if (settings->method == SPU_METHOD_POSIX_SPAWN)
		return resolve(launch, file);
	if (path_changed)
		launch->options.path = path;
	return 0;
}

static int set_environment(struct launch *launch)
{
	static char *const empty[] = {NULL};
	const struct settings *settings = launch->settings;
	int tells_pid = !settings->exec && command_sockets(settings) > 0;

	if (tells_pid)
		launch->options.pid_variable = "LISTEN_PID";
	if (settings->ignore_environment)
		launch->options.env = empty;
	else	/* this one would say that the number is another process's */
		launch->options.env_unset =
			command_removals(settings, tells_pid ? "LISTEN_PIDFDID" : NULL);
	if (settings->preload) {
		launch->preload = preload_assignment(settings);
		if (!launch->preload)
			return EXIT_SETUP;
	}
	launch->options.env_set = command_assignments(settings, launch->privileges.variables,
						      launch->preload);
	return 0;
}

static void set_signals(struct launch *launch)
{
	const struct settings *settings = launch->settings;
	struct spu_options *options = &launch->options;

	options->default_signals = settings->default_signals;
	options->ignore_signals = settings->ignore_signals;
	options->block_signals = launch->signals.blocked | settings->block_signals;
	/* We need it at default; the command shall find it as it was */
	if (!settings->exec && launch->signals.child_was_ignored)
		options->ignore_signals |= SPU_SIGNAL(SIGCHLD) & ~settings->default_signals;
}

int launch_leads_group(const struct launch *launch)
{
	const struct spu_options *options = &launch->options;

	return options->flags & SPU_SETSID ||
	       (options->pgroup.set && options->pgroup.value == 0);
}

/*
 * A command in a group of its own is in the terminal's background, and is
 * stopped when it reads. In plain interactive use it is made the foreground
 * from the start; elsewhere (a pager behind us in the pipeline may read the
 * keyboard) it gets the terminal when it is stopped for it, see supervise.c.
 * With SIGTTIN ignored, as in a shell's $(...), reading fails instead.
 */
static int wants_foreground(const struct launch *launch)
{
	const struct spu_options *options = &launch->options;
	uint64_t now, ignored;

	if (!launch_leads_group(launch) || options->flags & SPU_SETSID ||
	    launch->settings->method == SPU_METHOD_POSIX_SPAWN || launch->settings->exec)
		return 0;
	if (fd_list_find(&launch->fds, 0) || !terminal_is_ours(0))
		return 0;
	now = signals_is_ignored(SIGTTIN) ? SPU_SIGNAL(SIGTTIN) : 0;
	ignored = (now & ~options->default_signals) | options->ignore_signals;
	return ignored & SPU_SIGNAL(SIGTTIN) ||
	       (!fd_list_find(&launch->fds, 1) && terminal_is_ours(1));
}

static void set_group(struct launch *launch)
{
	const struct settings *settings = launch->settings;
	struct spu_options *options = &launch->options;

	if (settings->setsid || settings->background || settings->pty)
		options->flags |= SPU_SETSID;
	options->pgroup = settings->pgroup;
	if (settings->timeout_ms && !(options->flags & SPU_SETSID) && !settings->foreground)
		options->pgroup = SPU_SET(0);
	if (wants_foreground(launch))
		options->foreground = SPU_SET(0);
}

static int open_output(struct launch *launch)
{
	const char *file = launch->settings->output;

	launch->output = STDERR_FILENO;
	if (!file || launch->settings->explain)
		return 0;
	launch->output = redirect_open_own(file, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (launch->output >= 0)
		return 0;
	say_errno(launch->output, "--output=%s", NAMED(file));
	return EXIT_SETUP;
}

/* It is one, wherever the redirections have copied it to. */
static int set_terminal(struct launch *launch)
{
	struct spu_fd *entry = launch->fds.entries;
	int r = keyboard_model(&launch->modes, &launch->size), first = -1;

	if (r < 0) {
		say_errno(r, "--pty: /dev/ptmx");
		return -1;
	}
	for (; entry && entry->kind; entry++) {
		if (entry->kind != SPU_FD_PTY)
			continue;
		if (first >= 0)
			*entry = (struct spu_fd)SPU_SAME(entry->fd, first);
		else
			*entry = (struct spu_fd)SPU_PTY_WITH(first = entry->fd, &launch->terminal,
							     &launch->modes, &launch->size);
	}
	if (first < 0)
		say("--pty: 0 to 2 are all redirected, and nothing is left for the terminal");
	return first < 0 ? -1 : 0;
}

static int set_descriptors(struct launch *launch)
{
	const struct settings *settings = launch->settings;
	int kind = settings->background ? SPU_FD_NULL : settings->pty ? SPU_FD_PTY : 0;

	for (int fd = 0; kind && fd <= STDERR_FILENO; fd++)
		fd_list_set(&launch->fds, kind, fd, 0);
	if (descriptors_collect(settings, &launch->fds) < 0)
		return EXIT_SETUP;
	if (redirections_open(settings->redirections, settings->redirection_count,
			      settings->explain, &launch->fds) < 0)
		return EXIT_SETUP;
	if (settings->pty && set_terminal(launch) < 0)
		return EXIT_SETUP;
	if (settings->status_fd.set &&
	    descriptors_reserve(&launch->fds, (int)settings->status_fd.value) < 0)
		return EXIT_SETUP;
	launch->options.fds = launch->fds.entries;
	return 0;
}

#define CHILDREN_NAMESPACE "/proc/self/ns/pid_for_children"

/* The first process of a new pid namespace can't be given up, and with it the namespace ends. */
static int will_be_init(void)
{
	char target[32];

	return readlink(CHILDREN_NAMESPACE, target, sizeof(target)) < 0;
}

/* In a pid namespace that isn't ours, where they know themselves by other numbers? */
static int children_are_elsewhere(void)
{
	char ours[32] = "", theirs[32] = "";

	return readlink("/proc/self/ns/pid", ours, sizeof(ours) - 1) > 0 &&
	       (readlink(CHILDREN_NAMESPACE, theirs, sizeof(theirs) - 1) < 0 ||
		strcmp(ours, theirs) != 0);
}

/* The shorter one of the two. Where no launch can be given up, -t is for the command alone. */
static int time_for_launch(const struct settings *settings)
{
	int64_t ms = settings->timeout_ms, launch_ms = settings->launch_timeout_ms;

	if (launch_ms && (!ms || launch_ms < ms))
		ms = launch_ms;
	if (ms == 0 || ms > INT_MAX ||
	    (!launch_ms && (settings->method == SPU_METHOD_POSIX_SPAWN || will_be_init())))
		return 0;
	return (int)ms;
}

int launch_prepare(struct launch *launch, const struct settings *settings)
{
	int status;

	*launch = (struct launch){.settings = settings, .options = SPU_OPTIONS_INIT};
	launch->options.method = settings->method;
	launch->options.leaks = settings->leaks;
	launch->options.cwd = settings->chdir;
	launch->options.umask = settings->umask;
	launch->options.pid_file = settings->pid_file;
	launch->options.cgroup = settings->cgroup;
	launch->options.timeout_ms = time_for_launch(settings);
	launch->options.flags = SPU_NO_PIDFD;	/* supervise.c goes by the pid */
	if (privileges_set(settings, &launch->privileges, &launch->options) < 0)
		return EXIT_SETUP;
	signals_read(&launch->signals);
	status = open_output(launch);
	if (status == 0)
		status = set_descriptors(launch);
	if (status == 0)
		status = set_environment(launch);
	if (status)
		return status;
	set_signals(launch);
	set_group(launch);
	return set_command(launch);
}

static int claim_pid_file(struct launch *launch)
{
	const char *path = launch->settings->pid_file;

	if (!path)
		return 0;
	if (!launch->settings->exec && children_are_elsewhere()) {
		say("--pid-file=%s: COMMAND is for another pid namespace, and would write the "
		    "number that it has there (unshare has --fork)", NAMED(path));
		return -EXDEV;
	}
	return pid_file_claim(path, &launch->pid_file);
}

/* Where nobody asks, not even a look: the vdso's pages are a few more to map. */
static void look_at_clock(const struct settings *settings, struct timespec *ret)
{
	if (settings->stats || settings->status_fd.set || settings->timeout_ms)
		clock_gettime(CLOCK_MONOTONIC, ret);
}

/* The child may have come as far as taking it, and have had a ^C meant for our group too. */
static void give_back_terminal(const struct launch *launch, const struct spu_error *error)
{
	if (!launch->options.foreground.set)
		return;
	terminal_take(STDIN_FILENO);
	if (error->err == ECANCELED && (error->signal == SIGINT || error->signal == SIGQUIT))
		kill(0, error->signal);
}

/*
 * Who was killed there, by its timer or by somebody, had one. There is none where
 * libc's posix_spawn is all that the processor has.
 */
static int has_no_timer(const struct spu_error *error)
{
	if (error->step == SPU_STEP_OPTIONS)
		return error->err == ENOTSUP;
	return error->step == SPU_STEP_DEADLINE && error->err != ETIMEDOUT &&
	       error->err != ECANCELED;
}

int launch_spawn(struct launch *launch, struct spu_child *ret_child)
{
	struct spu_error error;
	int r;

	signals_block(&launch->signals);
	if (claim_pid_file(launch) < 0)
		return EXIT_SETUP;
	look_at_clock(launch->settings, &launch->begun);
	r = spu_spawn(ret_child, launch->argv, &launch->options, &error);
	if (r < 0 && has_no_timer(&error) && !launch->settings->launch_timeout_ms) {
		launch->options.timeout_ms = 0;
		r = spu_spawn(ret_child, launch->argv, &launch->options, &error);
	}
	/*
	 * Looked at after and not before: what comes between a look and the clone
	 * would reach nobody. What the command has had already it gets twice.
	 */
	sigpending(&launch->early);
	if (r < 0) {
		give_back_terminal(launch, &error);
		pid_file_remove(&launch->pid_file, 0);
		return launch_failed(launch, &error);
	}
	look_at_clock(launch->settings, &launch->launched);
	message_set_fd(launch->output);
	descriptors_say_closed(launch->settings, &launch->fds);
	if (launch->settings->verbose)
		say("launched %s as %d", NAMED(launch->settings->command[0]), (int)ret_child->pid);
	return 0;
}

/* 2 may lead elsewhere when exec fails: the message goes to the old one. */
int launch_exec(struct launch *launch)
{
	struct spu_error error;
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);

	if (claim_pid_file(launch) < 0)
		return EXIT_SETUP;
	message_set_fd(launch->output);
	descriptors_say_closed(launch->settings, &launch->fds);
	if (launch->settings->verbose)
		say("becoming %s as %d", NAMED(launch->settings->command[0]), (int)getpid());
	message_set_fd(fd >= 0 ? fd : STDERR_FILENO);
	spu_exec(launch->argv, &launch->options, &error);
	pid_file_remove(&launch->pid_file, 0);
	return launch_failed(launch, &error);
}
