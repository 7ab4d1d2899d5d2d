/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* A descriptor of ours for what the process has under that number; close-on-exec. */
static int borrow(pid_t pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), ours;

	if (process < 0)
		return -errno;
	ours = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (ours < 0)
		ours = -errno;
	close(process);
	return ours;
}

int peer_path(pid_t pid, int fd, char ret[PEER_SIZE])
{
	struct sockaddr_un address = {0};
	socklen_t size = sizeof(address);
	int ours = borrow(pid, fd), r = 0;

	if (ours < 0)
		return ours;
	if (getpeername(ours, (struct sockaddr *)&address, &size) < 0)
		r = -errno;
	else if (address.sun_family != AF_UNIX)
		r = -EAFNOSUPPORT;
	close(ours);
	memset(ret, 0, PEER_SIZE);
	if (r == 0)
		memcpy(ret, address.sun_path, sizeof(address.sun_path));
	return r;
}
