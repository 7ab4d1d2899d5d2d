/* SPDX-License-Identifier: MIT */
/* Reads and writes on what others share with us, its flags included, that never wait. */
#ifndef SAFESPAWN_NONBLOCK_H
#define SAFESPAWN_NONBLOCK_H

#include <sys/types.h>

/*
 * Of a terminal and a pipe an open file of our own is to be had that never makes us
 * wait; else fd itself. flags: O_RDONLY or O_WRONLY.
 */
int nonblock_open(int fd, int flags);

/* As write(2) on a file that nonblock_open() has opened. */
ssize_t nonblock_write(int fd, const char *text, size_t size);

#endif
