/* SPDX-License-Identifier: MIT */
/*
 * What each stop of a program, its threads and its children means, and what a trace
 * has found by them. What a launch is, window.c knows.
 */
#ifndef SPAWNAUDIT_STOPS_H
#define SPAWNAUDIT_STOPS_H

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

/* A thread has stopped, as siginfo's si_status says; it goes on where it is to. */
void stops_take(struct trace *trace, pid_t tid, int stop);

/* A thread has ended, and is reaped. */
void stops_take_end(struct trace *trace, pid_t tid);

#endif
