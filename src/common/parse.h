/* SPDX-License-Identifier: MIT */
/*
 * Strict parsing of what people write on command lines: numbers, sizes,
 * durations, signals. Nothing is skipped and nothing may follow: " 1", "1x" and
 * "" are errors. Pure; nothing here prints.
 *
 * Results are 0, or -EINVAL for text that isn't of the kind, -ERANGE for a
 * value outside the limits; *ret is written on success only.
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* Decimal, with an optional "-" (or "+"). */
int parse_long(const char *text, long min, long max, long *ret);

/* Permission bits as chmod(1) and umask(1) have them: octal, 0 to 07777. */
int parse_mode(const char *text, unsigned *ret);

/*
 * As umask(1) has it too: u=rwx,g=rx,o= or g-w, with several operators in a clause and
 * a class for what it has (g=u). What it says changes now, the bits 0777 of a mode.
 */
int parse_symbolic_mode(const char *text, unsigned now, unsigned *ret);

/* Bytes: a decimal number, then nothing or one of K, M, G, T (powers of 1024). */
int parse_size(const char *text, uint64_t *ret);

/*
 * A duration as timeout(1) has it: 10, 1.5, .5, 1e3, 10s, 2m, 1h, 1d, inf. 0 is 0;
 * what is more than nothing is at least 1 ms; without end is the longest that there is.
 */
int parse_duration_ms(const char *text, int64_t *ret);

/*
 * A signal: TERM, SIGTERM, sigterm, 15, RTMIN, RTMIN+3, RTMAX-1. -ERANGE for a
 * number that is no signal of ours (0 isn't one).
 */
int parse_signal(const char *text, int *ret);

/* A list of signals with commas between them, as SPU_SIGNAL() bits. */
int parse_signals(const char *text, uint64_t *ret);

/* A list of numbers and ranges, "1,4-6": calls add() for each first and last. */
int parse_ranges(const char *text, long min, long max,
		 int (*add)(void *context, long first, long last), void *context);

/*
 * And a range may have a stride behind it, "8-31:2", as taskset(1) has it: *stride is
 * that when add() is called, else 1.
 */
int parse_strided_ranges(const char *text, long min, long max, long *stride,
			 int (*add)(void *context, long first, long last), void *context);

/* A list of pairs, "1:2,3:4": calls add() for each. */
int parse_pairs(const char *text, long min, long max,
		int (*add)(void *context, long first, long second), void *context);

/* The name of a signal without SIG, "TERM" or "RTMIN+3"; its number if it has none. */
#define SIGNAL_NAME_SIZE 16
const char *signal_name(int number, char buffer[SIGNAL_NAME_SIZE]);

/* What may be done with a descriptor, by its flags as F_GETFL gives them: r, w, rw, path, or -. */
const char *access_name(int flags);

#endif
