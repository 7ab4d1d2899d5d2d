/* SPDX-License-Identifier: MIT */
/*
 * Follows a program, its threads and its children by ptrace(2): the loop over
 * their stops. What a launch is, window.c knows.
 */
#ifndef SPAWNAUDIT_TRACE_H
#define SPAWNAUDIT_TRACE_H

#include <sys/types.h>

#include "../record/race.h"
#include "window.h"

struct trace {
	const struct options *options;
	window_taker *take;
	void (*take_race)(struct race *race);	/* at the end */
	pid_t pid;		/* the command, or the first process that we attach to */
	size_t running;		/* how many of these haven't ended */
	int start_fd;		/* the command waits for a byte here; -1: none */

	int failure;		/* -errno: it couldn't be traced, and a message has said why */
	int executed;		/* the command's program was */
	int ended;		/* all of them have; the wait status of pid */
	int status;
	int interrupted;	/* by a signal: the process goes on */
	char *unprivileged;	/* a set-user-ID program that got no privileges; NULL: none */
	size_t reexecuted;	/* execs by what had executed a program before */
	size_t lost;		/* events of --watch that found no room */
	size_t left;		/* processes that go on */
};

/*
 * Traces in a thread of its own until the program ends or a signal says enough.
 * When that thread is gone, all is untraced again, and nothing had to be stopped
 * for it. Signals must have been blocked by signals_block() of start.h.
 */
void trace_run(struct trace *trace);

#endif
