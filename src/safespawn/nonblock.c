/* SPDX-License-Identifier: MIT */
#include "nonblock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "redirect.h"

int nonblock_open(int fd, int flags)
{
	char path[32];
	struct stat st;
	int own;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !isatty(fd)))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = redirect_open_own(path, flags | O_NONBLOCK, 0);
	return own < 0 ? fd : own;
}

/* Where no file of our own is to be had, a pipe that is ready has room for PIPE_BUF. */
ssize_t nonblock_write(int fd, const char *text, size_t size)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	ssize_t gone = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	int own, saved;

	if (gone >= 0 || errno != ENOTSOCK)
		return gone;
	if (poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	own = nonblock_open(fd, O_WRONLY);
	gone = write(own, text, size < PIPE_BUF ? size : PIPE_BUF);
	saved = errno;
	if (own != fd)
		close(own);
	errno = saved;
	return gone;
}
