/* SPDX-License-Identifier: MIT */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stddef.h>

/*
 * "tcp 127.0.0.1:80, listening" for the socket with this inode number; process
 * is "self" or a pid. Returns whether it is known.
 */
int spu__describe_socket(const char *process, unsigned long inode, char *ret, size_t size);

#endif
