/* SPDX-License-Identifier: MIT */
/*
 * Job control: we and our group stop, go on and are interrupted with the
 * command, as if it were in the group, and the terminal goes to and fro.
 */
#ifndef SAFESPAWN_JOB_H
#define SAFESPAWN_JOB_H

#include "supervisor.h"

void job_stopped(struct supervisor *s, int number);

/* We alone, for a stop that has come when the command has ended. */
void job_stop(const struct supervisor *s);

/* For SIGCONT, and for a command that was stopped because it asked for the terminal. */
void job_resume(struct supervisor *s);

/*
 * While the command is to go on: the next signal that came with what made it go on,
 * as the TERM of "kill %1", or, when none is left, -1, and it goes on.
 */
int job_take_signal(struct supervisor *s, siginfo_t *info);

/*
 * The command has ended, as s->ending says. Returns a signal that our group is to
 * have as well, or 0.
 */
int job_ended(struct supervisor *s);

#endif
