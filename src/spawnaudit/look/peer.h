/* SPDX-License-Identifier: MIT */
/* Whom another process's socket is connected with. */
#ifndef SPAWNAUDIT_PEER_H
#define SPAWNAUDIT_PEER_H

#include <sys/types.h>

#define PEER_SIZE 109

/*
 * The path of a Unix socket's peer, "" for one without a name: 0; or a negative errno
 * value: -ENOSYS before Linux 5.6, -ENOTCONN, -EAFNOSUPPORT for another kind of socket.
 * pid must be a process, which we may trace.
 */
int peer_path(pid_t pid, int fd, char ret[PEER_SIZE]);

#endif
