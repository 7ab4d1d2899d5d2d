/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int terminal_is_ours(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

int terminal_find(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (tcgetpgrp(fd) >= 0)
			return fd;
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int terminal_is_with(int fd, pid_t group)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground == group ||
	       (foreground > 0 && kill(-foreground, 0) < 0 && errno == ESRCH);
}

void terminal_give(int fd, pid_t group)
{
	tcsetpgrp(fd, group);
}

void terminal_take(int fd)
{
	tcsetpgrp(fd, getpgrp());
}
