/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/draft.h"
#include "common/json.h"
#include "common/message.h"
#include "common/parse.h"
#include "exit_status.h"
#include "reader.h"

/*
 * What is made in memory reaches a stderr that others write to as well in one
 * piece.
 */
static void begin(struct draft *draft)
{
	if (draft_begin(draft) < 0)
		die_errno(EXIT_SETUP, ENOMEM, "report");
}

/* For free(). */
static char *end(struct draft *draft, size_t *ret_size)
{
	char *text;

	if (draft_end(draft, &text, ret_size) < 0)
		die_errno(EXIT_SETUP, ENOMEM, "report");
	return text;
}

/* ---- descriptors ---- */

static void audit_as_text(const struct spu_audit *audit, const struct fd_list *fds, FILE *stream)
{
	char mode[24];
	int found = 0;

	for (size_t i = 0; i < audit->count; i++) {
		const struct spu_audit_fd *entry = &audit->fds[i];

		if (fd_list_mentions(fds, entry->fd))
			continue;
		if (!found++)
			fprintf(stream, "%5s  %-8s  %s\n", "FD", "MODE", "NAME");
		snprintf(mode, sizeof(mode), "%s%s%s", access_name(entry->flags),
			 (entry->flags & O_APPEND) ? ",append" : "",
			 (entry->flags & O_NONBLOCK) ? ",nonblock" : "");
		fprintf(stream, "%5d  %-8s  ", entry->fd, mode);
		put_visible(entry->name ? entry->name : "", stream);
		putc('\n', stream);
	}
	if (!found)
		fprintf(stream, "no descriptor would leak\n");
}

static void audit_as_json(const struct spu_audit *audit, const struct fd_list *fds, FILE *stream)
{
	struct json json = {.stream = stream};

	json_object(&json, NULL);
	json_string(&json, "type", "audit");
	json_unsigned(&json, "open", audit->open);
	json_array(&json, "leaks");
	for (size_t i = 0; i < audit->count; i++) {
		const struct spu_audit_fd *entry = &audit->fds[i];

		if (fd_list_mentions(fds, entry->fd))
			continue;
		json_object(&json, NULL);
		json_integer(&json, "fd", entry->fd);
		json_string(&json, "access", access_name(entry->flags));
		json_boolean(&json, "append", entry->flags & O_APPEND);
		json_boolean(&json, "nonblock", entry->flags & O_NONBLOCK);
		json_string(&json, "name", entry->name);
		json_end(&json);
	}
	json_finish(&json);
}

int report_audit(const struct fd_list *fds, int as_json, int prints)
{
	struct spu_audit *audit;
	struct draft draft;
	char *text;
	size_t size;
	int found = 0;
	int r = spu_audit(0, SPU_AUDIT_NAMES, &audit);

	if (r < 0) {
		say_errno(r, "audit of descriptors");
		return r;
	}
	for (size_t i = 0; i < audit->count; i++)
		found += !fd_list_mentions(fds, audit->fds[i].fd);
	begin(&draft);
	(as_json ? audit_as_json : audit_as_text)(audit, fds, draft.stream);
	text = end(&draft, &size);
	if (prints)
		fwrite(text, 1, size, stdout);
	else
		message_write(text, size);
	free(text);
	spu_audit_free(audit);
	return found;
}

/* ---- the launch and what it took ---- */

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void stats_as_text(double launch_us, double wall, const struct rusage *usage)
{
	say("launch %.0f us, wall %.3f s, user %.3f s, system %.3f s, maximum RSS %ld KiB",
	    launch_us, wall, seconds(&usage->ru_utime), seconds(&usage->ru_stime),
	    usage->ru_maxrss);
	say("page faults %ld minor, %ld major; context switches %ld voluntary, %ld involuntary",
	    usage->ru_minflt, usage->ru_majflt, usage->ru_nvcsw, usage->ru_nivcsw);
}

/* What was asked for about an ending, and how long the command had. */
struct account {
	pid_t pid;
	const struct ending *ending;
	double launch_us, wall;
};

/* As one line; for free(). */
static char *account_as_json(const struct account *account, const char *type, size_t *ret_size)
{
	const struct ending *ending = account->ending;
	const struct rusage *usage = &ending->usage;
	int status = ending->wait_status, is_signalled = WIFSIGNALED(status);
	char name[SIGNAL_NAME_SIZE];
	struct draft draft;
	struct json json;

	begin(&draft);
	json = (struct json){.stream = draft.stream};
	json_object(&json, NULL);
	json_string(&json, "type", type);
	json_integer(&json, "pid", account->pid);
	json_integer(&json, "exit_status", ending->exit_status);
	if (is_signalled)
		json_null(&json, "exited");
	else
		json_integer(&json, "exited", WEXITSTATUS(status));
	json_string(&json, "signal", is_signalled ? signal_name(WTERMSIG(status), name) : NULL);
	json_boolean(&json, "core", is_signalled && WCOREDUMP(status));
	json_boolean(&json, "timed_out", ending->timed_out);
	json_decimal(&json, "launch_us", account->launch_us, 1);
	json_decimal(&json, "wall_s", account->wall, 6);
	json_decimal(&json, "user_s", seconds(&usage->ru_utime), 6);
	json_decimal(&json, "system_s", seconds(&usage->ru_stime), 6);
	json_integer(&json, "max_rss_kib", usage->ru_maxrss);
	json_integer(&json, "minor_faults", usage->ru_minflt);
	json_integer(&json, "major_faults", usage->ru_majflt);
	json_integer(&json, "voluntary_switches", usage->ru_nvcsw);
	json_integer(&json, "involuntary_switches", usage->ru_nivcsw);
	json_finish(&json);
	return end(&draft, ret_size);
}

static void report_status(const struct account *account, int fd)
{
	size_t size;
	char *text = account_as_json(account, "status", &size);
	int r;

	r = reader_write(fd, text, size);
	if (r == -EAGAIN)
		say("--status-fd=%d is full, and nobody reads it", fd);
	else if (r < 0)
		say_errno(r, "--status-fd=%d", fd);
	free(text);
}

static void report_stats(const struct account *account, int as_json)
{
	size_t size;
	char *text;

	if (!as_json) {
		stats_as_text(account->launch_us, account->wall, &account->ending->usage);
		return;
	}
	text = account_as_json(account, "stats", &size);
	message_write(text, size);
	free(text);
}

void report_ending(const struct launch *launch, pid_t pid, const struct ending *ending)
{
	const struct settings *settings = launch->settings;
	struct account account = {.pid = pid, .ending = ending};
	struct timespec now;

	if (!settings->stats && !settings->status_fd.set)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	account.launch_us = seconds_between(&launch->begun, &launch->launched) * 1e6;
	account.wall = seconds_between(&launch->begun, &now);
	if (settings->stats)
		report_stats(&account, settings->json);
	if (settings->status_fd.set)
		report_status(&account, (int)settings->status_fd.value);
}
