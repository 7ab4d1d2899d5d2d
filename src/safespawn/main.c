/* SPDX-License-Identifier: MIT */
/* safespawn: parse, check, run. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "ending.h"
#include "exit_status.h"
#include "explain.h"
#include "launch.h"
#include "reader.h"
#include "report.h"
#include "supervise.h"

static void die_of(int number)
{
	reader_finish();
	ending_die(number);
}

static void say_ending(pid_t pid, const struct ending *ending)
{
	const char *timed_out = ending->timed_out ? " (timed out)" : "";
	char buffer[SIGNAL_NAME_SIZE];

	if (WIFSIGNALED(ending->wait_status))
		say("%d died of signal %s%s", (int)pid,
		    signal_name(WTERMSIG(ending->wait_status), buffer), timed_out);
	else
		say("%d exited with status %d%s", (int)pid, WEXITSTATUS(ending->wait_status),
		    timed_out);
}

/* A time-out and a death are mapped whoever met them. */
static int nothing_launched(const struct settings *settings, int status)
{
	struct ending ending = {
		.exit_status = status,
		.signal = status > 128 ? status - 128 : 0,
	};

	if (status == EXIT_TIMED_OUT || ending.signal)
		ending_map(settings, &ending);
	if (ending.signal)
		die_of(ending.signal);
	return ending.exit_status;
}

static int run_in_background(struct launch *launch)
{
	struct spu_child child;
	char text[16];
	int status, r;

	if (!fd_was_inherited(STDOUT_FILENO)) {
		say("standard output is closed, and the pid goes there");
		return EXIT_SETUP;
	}
	status = launch_spawn(launch, &child);
	if (status)
		return nothing_launched(launch->settings, status);
	r = reader_write(STDOUT_FILENO, text, (size_t)snprintf(text, sizeof(text), "%d\n",
							       (int)child.pid));
	if (r == 0)
		return EXIT_SUCCESS;
	say_errno(r, "launched as %d, but standard output", (int)child.pid);
	return EXIT_SETUP;
}

static int run_in_foreground(struct launch *launch)
{
	static struct tree tree;
	static struct relay relay;
	int ends_tree = launch->settings->kill_tree, has_relay = launch->settings->pty, status;
	struct spu_child child;
	struct ending ending;

	status = has_relay ? relay_prepare(&relay, &launch->signals.waited) : 0;
	if (status)
		return status;
	if (ends_tree && tree_begin(&tree, launch->settings->cgroup) < 0)
		return EXIT_SETUP;
	status = launch_spawn(launch, &child);
	if (status)
		return nothing_launched(launch->settings, status);
	if (has_relay)
		relay_begin(&relay, launch->terminal);
	supervise(launch, &child, ends_tree ? &tree : NULL, has_relay ? &relay : NULL, &ending);
	pid_file_remove(&launch->pid_file, child.pid);
	spu_child_release(&child);
	if (launch->settings->verbose)
		say_ending(child.pid, &ending);
	report_ending(launch, child.pid, &ending);
	if (ending.signal)
		die_of(ending.signal);
	return ending.exit_status;
}

static int audit(const struct settings *settings, const struct fd_list *fds, int prints)
{
	int found = report_audit(fds, settings->json, prints);

	if (found < 0)
		return EXIT_SETUP;
	return found ? EXIT_FINDINGS : EXIT_SUCCESS;
}

/* What is allocated lives as long as we do: static, so that leak checkers see its owner. */
static int audit_alone(const struct settings *settings)
{
	static struct fd_list fds;

	if (descriptors_collect(settings, &fds) < 0)
		return EXIT_SETUP;
	return audit(settings, &fds, 1);
}

static int run(const struct settings *settings)
{
	static struct launch launch;
	int status;

	if (!settings->command)
		return audit_alone(settings);
	status = launch_prepare(&launch, settings);
	if (status)
		return status;
	if (settings->audit) {
		message_set_fd(launch.output);
		if (audit(settings, &launch.fds, 0) == EXIT_SETUP)
			return EXIT_SETUP;
		message_set_fd(STDERR_FILENO);
	}
	if (settings->explain)
		return explain(&launch);
	if (settings->exec)
		return launch_exec(&launch);
	reader_begin(settings, &launch.signals.waited);
	if (settings->background)
		return run_in_background(&launch);
	return run_in_foreground(&launch);
}

int main(int argc, char **argv)
{
	static struct settings settings;

	message_set_program("safespawn");
	stdout_finish_at_exit(EXIT_SETUP);
	if (options_parse(argc, argv, &settings) < 0 || settings_check(&settings) < 0) {
		say_hint();
		return EXIT_SETUP;
	}
	return run(&settings);
}
