/* SPDX-License-Identifier: MIT */
#include "keyboard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "guard.h"

static struct termios before;
static int is_raw;

/* Where lines end with "\n" alone, what shows them is no terminal. */
static void without_returns(struct termios *modes)
{
	if (!isatty(STDOUT_FILENO))
		modes->c_oflag &= ~(tcflag_t)ONLCR;
}

/* The kernel's own are those of a new one. */
static int read_kernels_modes(struct termios *ret)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 || tcgetattr(fd, ret) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int read_size(struct winsize *ret)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (ioctl(fd, TIOCGWINSZ, ret) == 0)
			return 0;
	return -1;
}

int keyboard_model(struct termios *ret_modes, struct winsize *ret_size)
{
	int r = 0;

	if (read_size(ret_size) < 0)
		*ret_size = (struct winsize){.ws_row = 24, .ws_col = 80};
	if (tcgetattr(STDIN_FILENO, ret_modes) < 0) {
		r = read_kernels_modes(ret_modes);
		/* nobody types that would want to see it */
		ret_modes->c_lflag &= ~(tcflag_t)ECHO;
	}
	without_returns(ret_modes);
	return r;
}

/* A shell has it, and has set it as it needs it. */
static int is_in_background(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground > 0 && foreground != getpgrp();
}

int keyboard_take(void)
{
	static int is_registered;
	struct termios now, raw;

	if (tcgetattr(STDIN_FILENO, &now) < 0)
		return 1;
	if (is_in_background()) {
		is_raw = 0;
		return 0;
	}
	if (!is_raw)
		before = now;
	if (!is_registered++)
		atexit(keyboard_give_back);
	raw = before;
	cfmakeraw(&raw);
	/* our messages may be all that is shown there */
	if (!isatty(STDOUT_FILENO))
		raw.c_oflag = before.c_oflag;
	is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	if (is_raw && tcgetattr(STDIN_FILENO, &raw) == 0)
		guard_tell(&before, &raw);
	return 1;
}

int keyboard_is_taken(void)
{
	return is_raw;
}

void keyboard_give_back(void)
{
	if (is_raw && !is_in_background())
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	is_raw = 0;
}

int keyboard_resize(int terminal)
{
	struct winsize size;

	if (read_size(&size) < 0)
		return 0;
	ioctl(terminal, TIOCSWINSZ, &size);
	return 1;
}
