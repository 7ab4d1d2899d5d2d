/* SPDX-License-Identifier: MIT */
/*
 * What programs say on stderr: "program: what: why", one line, written by one
 * write(2), so that lines of processes that share a stderr don't mix. Control
 * characters in it become "?", and what is too long is cut.
 */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

/* The name that stands before each message. The string is kept, not copied. */
void message_set_program(const char *name);
const char *message_program(void);

/* Where messages go instead of descriptor 2. */
void message_set_fd(int fd);

/* "program: TEXT" */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "program: TEXT: WHY", err being an errno value, of either sign. */
void say_errno(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* say() and exit(status). */
void die(int status, const char *format, ...)
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

#endif
