/* SPDX-License-Identifier: MIT */
/*
 * Starting an outside program, reading a line of each of its launches, and its
 * end. Knows no clock: the program times itself, and who hangs is seen elsewhere.
 */
#include "outside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/message.h"
#include "progress.h"
#include "spawnutil.h"

/* Two numbers, a space, a newline: more isn't a line of ours. */
#define LINE_SIZE 64

struct reading {
	const char *name;
	size_t wanted, count;
};

const char *outside_refusal(const struct shape *shape, const struct target *target)
{
	static const enum axis_id own[] = {
		AXIS_RSS, AXIS_THP, AXIS_THREADS, AXIS_FDS, AXIS_CLOEXEC, AXIS_JOBS,
	};

	if (target->argv[1] && !target->stamps)
		return "an outside program gives the child no arguments";
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (shape->values[own[i]] != axis_table[own[i]].usual)
			return "an outside program has memory, threads and descriptors of its own";
	}
	return NULL;
}

static int parse_nanoseconds(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno || *ret > INT64_MAX ? -EINVAL : 0;
}

/* "RETURNED REAPED\n"; cuts the line up. */
static int parse_line(char *line, struct sample *ret)
{
	uint64_t returned = 0, reaped;
	char *space = strchr(line, ' '), *end = strchr(line, '\n');
	int unknown;

	if (!space || !end)
		return -EINVAL;
	*space = *end = '\0';
	unknown = strcmp(line, "-") == 0;
	if (!unknown && parse_nanoseconds(line, &returned) < 0)
		return -EINVAL;
	if (parse_nanoseconds(space + 1, &reaped) < 0 || returned > reaped)
		return -EINVAL;
	for (size_t i = 0; i < METRIC_COUNT; i++)
		ret->values[i] = NO_VALUE;
	ret->values[METRIC_REAPED] = reaped;
	if (!unknown)
		ret->values[METRIC_RETURNED] = returned;
	return 0;
}

static int say_line(const struct reading *reading, char *line, const char *why)
{
	line[strcspn(line, "\n")] = '\0';
	ticker_clear();
	say("%s: line %zu: '%s' %s", reading->name, reading->count + 1, line, why);
	return -EINVAL;
}

static int read_lines(struct reading *reading, FILE *stream,
		      void (*add)(void *context, const struct sample *sample), void *context)
{
	char line[LINE_SIZE], copy[LINE_SIZE];
	struct sample sample;

	while (fgets(line, sizeof(line), stream)) {
		if (reading->count == reading->wanted)
			return say_line(reading, line, "is one more than was asked for");
		memcpy(copy, line, strlen(line) + 1);
		if (parse_line(copy, &sample) < 0)
			return say_line(reading, line, "isn't RETURNED (or -), a space and "
					"REAPED, not less, in nanoseconds");
		add(context, &sample);
		reading->count++;
	}
	return 0;
}

static int judge(const struct reading *reading, int status)
{
	char how[64] = "";

	if (status == 0 && reading->count == reading->wanted)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "killed by signal %d after ", WTERMSIG(status));
	else if (status != 0)
		snprintf(how, sizeof(how), "exit status %d after ", WEXITSTATUS(status));
	ticker_clear();
	say("%s: %s%zu of the %zu lines that were asked for", reading->name, how,
	    reading->count, reading->wanted);
	return -EINVAL;
}

static int start(const struct method *method, const char *child, size_t count,
		 struct spu_child *ret_program, int *ret_fd)
{
	const char *command = ((const struct outside *)method)->command;
	struct spu_error error;
	char number[24], *script;
	int r;

	/* In "$@" the arguments are what they were, whatever is in them. */
	if (asprintf(&script, "%s \"$@\"", command) < 0)
		return -ENOMEM;
	snprintf(number, sizeof(number), "%zu", count);
	r = spu_spawn(ret_program, SPU_ARGV("/bin/sh", "-c", script, method->name, child, number),
		      SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_OUT(STDOUT_FILENO, ret_fd))), &error);
	free(script);
	if (r < 0)
		say("%s: %s", method->name, error.text);
	return r;
}

int outside_run(const struct method *method, const char *child, size_t count,
		void (*add)(void *context, const struct sample *sample), void *context)
{
	struct reading reading = {method->name, count, 0};
	struct spu_child program;
	FILE *stream;
	int fd, status, r;

	r = start(method, child, count, &program, &fd);
	if (r < 0)
		return r;
	stream = fdopen(fd, "r");
	r = stream ? read_lines(&reading, stream, add, context) : -ENOMEM;
	if (stream)
		fclose(stream);
	if (r < 0)
		spu_stop(&program, SIGKILL, 0, 0, &status);
	else
		r = spu_wait(&program, -1, &status);
	if (r == 0)
		r = judge(&reading, status);
	spu_child_release(&program);
	return r;
}
