/* SPDX-License-Identifier: MIT */
/* Follows a program, its threads and its children by ptrace(2): the loop over their stops. */
#ifndef SPAWNAUDIT_TRACE_H
#define SPAWNAUDIT_TRACE_H

#include "stops.h"

/*
 * Traces in a thread of its own until the program ends or a signal says enough.
 * When that thread is gone, all is untraced again, and nothing had to be stopped
 * for it. Signals must have been blocked by signals_block() of start.h.
 */
void trace_run(struct trace *trace);

#endif
