/* SPDX-License-Identifier: MIT */
#include "audit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/message.h"
#include "look/process.h"
#include "report/output.h"
#include "report/report.h"
#include "report/suppressions.h"
#include "trace/entries.h"
#include "trace/start.h"
#include "trace/trace.h"
#include "watch/watch.h"

/* As the command did, so that a calling shell knows; without a core of ours over its. */
static int die_as(int status)
{
	const struct rlimit none = {0, 0};
	sigset_t set;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(status));
	kill(getpid(), WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + WTERMSIG(status);
}

/* A thread's children are its process's, and a number without a process has none. */
static int are_processes(const struct options *options)
{
	struct process_status status;

	for (size_t i = 0; i < options->pid_count; i++) {
		pid_t pid = options->pids[i];
		int r = process_status(pid, 0, &status);

		if (r < 0)
			say_errno(r, "%d", (int)pid);
		else if (status.group != pid)
			say("%d is a thread: ask about its process, %d", (int)pid,
			    (int)status.group);
		else
			continue;
		return 0;
	}
	return 1;
}

static int begin(const struct options *options, struct trace *trace)
{
	*trace = (struct trace){.options = options, .start_fd = -1};
	signals_block();
	if (options->mode == MODE_ATTACH) {
		trace->pid = options->pids[0];
		return 0;
	}
	trace->pid = start_command(options->command, options->provenance,
				   &trace->start_fd);
	if (trace->pid > 0)
		return 0;
	say_errno(trace->pid, "%s: no process", NAMED(options->command[0]));
	return trace->pid;
}

static int exit_status(const struct options *options, const struct trace *trace)
{
	unsigned found = report_findings() & options->fail_on;

	if (suppressions_close() < 0 || output_close() < 0)
		return EXIT_TROUBLE;
	if (found)
		return options->findings_status;
	return options->mode == MODE_COMMAND && trace->ended ? die_as(trace->status) : EXIT_SUCCESS;
}

int audit_watch(const struct options *options)
{
	struct watch watch = {.options = options, .take = report_launch};
	struct trace told = {.options = options};
	int status;

	if (!are_processes(options))
		return EXIT_TROUBLE;
	report_setup(options);
	if (watch_run(&watch) < 0)
		return EXIT_TROUBLE;
	told.reexecuted = watch.reexecuted;
	told.lost = watch.lost;
	report_end(&told);
	status = exit_status(options, &told);
	report_free();
	return status;
}

int audit_run(const struct options *options)
{
	struct trace trace;
	int status;

	if (!are_processes(options) || begin(options, &trace) < 0)
		return EXIT_TROUBLE;
	report_setup(options);
	trace.take = report_launch;
	trace.take_race = report_race;
	trace_run(&trace);
	if (trace.failure < 0)
		return EXIT_TROUBLE;
	if (trace.executed || options->mode == MODE_ATTACH)
		report_end(&trace);
	status = exit_status(options, &trace);
	report_free();
	entries_free();
	free(trace.unprivileged);
	return status;
}
