/* SPDX-License-Identifier: MIT */
/*
 * Bytes between standard input and output and COMMAND's own terminal, in both
 * directions at once: nothing here waits for one of them alone, nor for longer than
 * until a signal comes.
 */
#ifndef SAFESPAWN_RELAY_H
#define SAFESPAWN_RELAY_H

#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "deadline.h"

struct bytes {
	char data[16384];
	size_t size;
};

struct relay {
	int signals;		/* readable when one is pending */
	int in, out;		/* -1: no more */
	int terminal;		/* our side of COMMAND's; -1: it has been hung up */
	int other_side;		/* open so that it never has an end while COMMAND runs; or -1 */
	int may_read;		/* in is no terminal, or we are in its foreground */
	int is_at_end;		/* in is: each who reads there reads an end of file */
	int end_is_typed;	/* and it can't be seen when that was read */
	int is_typing_over;	/* our terminal is ours again, for good */
	int pause_ms;		/* between two looks */
	struct deadline next_look;
	int is_output_lost;	/* not because nobody wants it */
	size_t left;		/* so much may still be shown when COMMAND has ended */
	struct bytes typed, shown;
};

/* Before the launch. waited: the signals. 0, or the exit status, after saying why. */
int relay_prepare(struct relay *relay, const sigset_t *waited);

/* terminal: our side, which is the relay's from here on. */
void relay_begin(struct relay *relay, int terminal);

/* Until something has moved, a signal is pending, or the time is over. NULL: none */
void relay_turn(struct relay *relay, const struct timespec *left);

/* Whether the signal is about our terminal alone. */
int relay_take_signal(struct relay *relay, int number);

/* Around our stop. */
void relay_leave(struct relay *relay);
void relay_enter(struct relay *relay);

/*
 * COMMAND has ended: what is typed is for us and our terminal again. What it has shown
 * goes out before, as far as it is taken now.
 */
void relay_command_ended(struct relay *relay);

/*
 * What COMMAND has shown goes out, but not what others that have its
 * terminal go on to show. Whether that is done; it isn't where nobody takes it now.
 */
int relay_drain(struct relay *relay);
void relay_end(struct relay *relay);

#endif
