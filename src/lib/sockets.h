/* SPDX-License-Identifier: MIT */
#ifndef LIB_SOCKETS_H
#define LIB_SOCKETS_H

#include <stddef.h>

struct spu__socket {
	unsigned long inode;
	size_t index;		/* the caller's */
	unsigned lines;		/* of the table of Unix sockets that have its number */
};

/*
 * Calls found() with a text as "tcp 127.0.0.1:80, listening" for each of the
 * sockets that is known; process is "self" or a pid. One reading of the
 * kernel's tables, however many are asked for. Sorts the list.
 */
void spu__describe_sockets(const char *process, struct spu__socket *list, size_t count,
			   void (*found)(void *context, size_t index, const char *text),
			   void *context);

#endif
