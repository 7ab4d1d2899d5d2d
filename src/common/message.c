/* SPDX-License-Identifier: MIT */
/*
 * Messages on stderr, and the end of stdout. No stdio for stderr: a message is
 * one write(2) of at most PIPE_BUF bytes, whatever the descriptor is.
 */
#include "common/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define WHY_MAX_BYTES 256

static const char *program = "";
static int message_fd = STDERR_FILENO;

void message_set_program(const char *name)
{
	program = name;
}

const char *message_program(void)
{
	return program;
}

void message_set_fd(int fd)
{
	message_fd = fd;
}

/* Space for "..." and the newline is the caller's. Returns the length that is now in use. */
static size_t append(char *line, size_t used, size_t size, const char *format, va_list arguments)
{
	int n;

	if (used >= size)
		return used;
	n = vsnprintf(line + used, size - used, format, arguments);
	if (n < 0)
		return used;
	if ((size_t)n < size - used)
		return used + (size_t)n;
	memcpy(line + size - 1, "...", 3);
	return size + 2;
}

__attribute__((format(printf, 4, 5)))
static size_t append_text(char *line, size_t used, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	used = append(line, used, size, format, arguments);
	va_end(arguments);
	return used;
}

/* 0, or -1 where it can't. */
static int write_all(int fd, const char *text, size_t size)
{
	ssize_t n;

	for (; size > 0; text += n, size -= (size_t)n) {
		n = write(fd, text, size);
		if (n < 0)
			return -1;
	}
	return 0;
}

/* ---- kept ---- */

/* Whole lines, so that one that is cut off elsewhere is whole on descriptor 2. */
static struct {
	char text[16384];
	size_t size, gone;	/* gone: of the first line */
	int is_refused;		/* the first line: where messages go */
} kept;

static ssize_t (*write_now)(int fd, const char *text, size_t size);

void message_keep(ssize_t (*writes)(int fd, const char *text, size_t size))
{
	write_now = writes;
}

static size_t first_line(void)
{
	const char *end = memchr(kept.text, '\n', kept.size);

	return end ? (size_t)(end - kept.text) + 1 : kept.size;
}

static void forget_line(size_t size)
{
	kept.size -= size;
	kept.gone = 0;
	kept.is_refused = 0;
	memmove(kept.text, kept.text + size, kept.size);
}

int message_flush(void)
{
	size_t size;
	ssize_t n;
	int fd;

	while (kept.size > 0) {
		size = first_line();
		fd = kept.is_refused ? STDERR_FILENO : message_fd;
		n = write_now(fd, kept.text + kept.gone, size - kept.gone);
		if (n < 0 && errno == EAGAIN)
			return fd;
		kept.gone = n < 0 ? 0 : kept.gone + (size_t)n;
		if (kept.gone == size || (n < 0 && fd == STDERR_FILENO))
			forget_line(size);
		else if (n < 0)
			kept.is_refused = 1;
	}
	return -1;
}

static void keep(const char *text, size_t size)
{
	if (size > sizeof(kept.text) - kept.size)
		return;
	memcpy(kept.text + kept.size, text, size);
	kept.size += size;
}

/* ---- messages ---- */

void message_write(const char *text, size_t size)
{
	if (write_now) {
		keep(text, size);
		message_flush();
		return;
	}
	if (write_all(message_fd, text, size) < 0 && message_fd != STDERR_FILENO)
		write_all(STDERR_FILENO, text, size);	/* else nobody is left to be told */
}

static void write_line(char *line, size_t used)
{
	line[used] = '\0';
	replace_controls(line);
	line[used++] = '\n';
	message_write(line, used);
}

/* The reason has room of its own: what is cut is the thing. */
static void say_list(int err, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES + WHY_MAX_BYTES + 8];
	int saved = errno;
	size_t used;

	used = append_text(line, 0, LINE_MAX_BYTES, "%s: ", program);
	used = append(line, used, LINE_MAX_BYTES, format, arguments);
	if (err)
		used = append_text(line, used, used + WHY_MAX_BYTES, ": %s", strerror(abs(err)));
	write_line(line, used);
	errno = saved;
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(0, format, arguments);
	va_end(arguments);
}

void say_errno(int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(err, format, arguments);
	va_end(arguments);
}

void die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(0, format, arguments);
	va_end(arguments);
	exit(status);
}

void say_hint(void)
{
	char line[LINE_MAX_BYTES];

	write_line(line, append_text(line, 0, sizeof(line) - 4,
				     "Try '%s --help' for more information.", program));
}

void die_usage(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(0, format, arguments);
	va_end(arguments);
	say_hint();
	exit(status);
}

void die_errno(int status, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(err, format, arguments);
	va_end(arguments);
	exit(status);
}

/*
 * As gnulib's close_stdout: an stdout that was never open is fine as long as
 * nothing was to be written to it.
 */
int stdout_finish(void)
{
	int pending = __fpending(stdout) != 0;
	int failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return 0;
	if (!failed && !pending && errno == EBADF)
		return 0;
	return errno ? -errno : -EIO;
}

static int status_if_lost;

static void finish_at_exit(void)
{
	int r = stdout_finish();

	if (r == 0)
		return;
	say_errno(r, "standard output");
	_exit(status_if_lost);
}

void stdout_finish_at_exit(int status)
{
	if (status_if_lost)
		return;
	status_if_lost = status;
	atexit(finish_at_exit);
}
