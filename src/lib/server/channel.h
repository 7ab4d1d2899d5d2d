/* SPDX-License-Identifier: MIT */
/* What is said between a process, its spawn server and a child of that, and how. */
#ifndef LIB_CHANNEL_H
#define LIB_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../spawnutil.h"

/*
 * A server has one end of a pair of SOCK_SEQPACKET: it says SERVER_READY once, and
 * gets a byte with a descriptor for each launch. That is one end of a SOCK_STREAM, on
 * which the child gets the request and the word to go. Over it comes SERVER_CLONED
 * from the server and CHILD_HERE from the child; then FAILED, or the end of the file:
 * exec has closed it.
 */
enum word { SERVER_READY = 1, SERVER_CLONED, CHILD_HERE, FAILED };

struct answer {
	uint32_t word;
	pid_t pid;		/* SERVER_CLONED: the child */
	struct spu_error error;	/* FAILED; SERVER_READY: its text is the version */
};

/* Where the server finds its end */
#define SERVER_SOCKET 3

/* Versions whose parts fit together say the same. */
#define SERVER_VERSION SPU_VERSION " 2"

/* As much control data as musl's sendmsg() takes */
#define DESCRIPTORS_AT_ONCE 252

/* Who has sent it, as the kernel says. */
struct sender {
	pid_t pid;	/* 0: not said */
	uid_t uid;	/* real ones */
	gid_t gid;
	int pidfd;	/* -1 */
};

/* Both never wait. The result is how many bytes, or a negative errno value. */
ssize_t spu__send(int socket, const void *bytes, size_t size, const int *fds, size_t count);
/*
 * fds has room for *count; the result is there how many came, all close-on-exec. What
 * there is no room for is closed. fds and ret_sender may be NULL.
 */
ssize_t spu__receive(int socket, void *bytes, size_t size, int *fds, size_t *count,
		     struct sender *ret_sender);

#endif
