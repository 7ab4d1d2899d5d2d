/* SPDX-License-Identifier: MIT */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../kernel.h"

/* What kernels say, depending on how far the other end's closing has come. */
static int is_gone(int err)
{
	return err == EPIPE || err == ECONNRESET || err == ECONNREFUSED || err == ENOTCONN;
}

ssize_t spu__send(int socket, const void *bytes, size_t size, const int *fds, size_t count)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(DESCRIPTORS_AT_ONCE * sizeof(int))];
	} control = {0};
	struct iovec vector = {(void *)(uintptr_t)bytes, size};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	ssize_t r;

	if (count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	do
		r = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return is_gone(errno) ? -EPIPE : -errno;
	return r;
}

static void take_descriptors(const struct cmsghdr *part, int *fds, size_t room, size_t *count)
{
	size_t came = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;

	for (i = 0; i < came; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
		if (*count < room)
			fds[(*count)++] = fd;
		else
			close(fd);
	}
}

static void take_part(const struct cmsghdr *part, int *fds, size_t room, size_t *count,
		      struct sender *sender)
{
	struct ucred credentials;

	if (part->cmsg_level != SOL_SOCKET)
		return;
	if (part->cmsg_type == SCM_RIGHTS)
		take_descriptors(part, fds, room, count);
	if (part->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&credentials, CMSG_DATA(part), sizeof(credentials));
		sender->pid = credentials.pid;
		sender->uid = credentials.uid;
		sender->gid = credentials.gid;
	}
	/* a negative number: there was none left for it */
	if (part->cmsg_type == KERNEL_SCM_PIDFD)
		memcpy(&sender->pidfd, CMSG_DATA(part), sizeof(sender->pidfd));
}

ssize_t spu__receive(int socket, void *bytes, size_t size, int *fds, size_t *count,
		     struct sender *ret_sender)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(DESCRIPTORS_AT_ONCE * sizeof(int)) +
			   CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = {bytes, size};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	size_t room = count ? *count : 0, came = 0;
	struct sender sender = {.pidfd = -1};
	const struct cmsghdr *part;
	ssize_t r;

	do
		r = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (count)
		*count = 0;
	if (r < 0)
		return -errno;
	for (part = CMSG_FIRSTHDR(&message); part;
	     part = CMSG_NXTHDR(&message, (struct cmsghdr *)(uintptr_t)part))
		take_part(part, fds, room, &came, &sender);
	if (count)
		*count = came;
	if (ret_sender)
		*ret_sender = sender;
	else if (sender.pidfd >= 0)
		close(sender.pidfd);
	return r;
}
