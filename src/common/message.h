/* SPDX-License-Identifier: MIT */
/*
 * What programs say on stderr: "program: what: why", one line, written by one
 * write(2), so that lines of processes that share a stderr don't mix. Control
 * characters in it become "?", and what is too long is cut.
 */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include <sys/types.h>

#include "quote.h"

/* A name, or a word of the command line, where a message says nothing around it. */
#define NAMED(text) QUOTED(text, 1024)

/* The name that stands before each message. The string is kept, not copied. */
void message_set_program(const char *name);
const char *message_program(void);

/* Where messages go instead of descriptor 2. */
void message_set_fd(int fd);

/* Writes a text there, all of it; on descriptor 2 where it can't be had (a full disk). */
void message_write(const char *text, size_t size);

/*
 * From here on no message waits for its reader: what has no room is kept, as far as there is
 * room here, and goes before the next one. write_now: as write(2), or -1 and EAGAIN.
 */
void message_keep(ssize_t (*write_now)(int fd, const char *text, size_t size));

/* Writes what was kept. The descriptor that has no room, or -1 when nothing is left. */
int message_flush(void);

/* "program: TEXT" */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "program: TEXT: WHY", err being an errno value, of either sign. */
void say_errno(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* say() and exit(status). */
void die(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Behind a message about the command line: "Try 'program --help' for more information." */
void say_hint(void);

/* say(), say_hint() and exit(status). */
void die_usage(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* say_errno() and exit(status). */
void die_errno(int status, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

/*
 * Flushes and closes stdout, for the end of a program that wrote to it: 0, or
 * a negative errno value if anything that was printed is lost. An stdout that
 * is closed is -EBADF.
 */
int stdout_finish(void);

/*
 * From here on exit() does that. If anything that was printed is lost it says so, and the
 * exit status is this one, that of the first call.
 */
void stdout_finish_at_exit(int status);

#endif
