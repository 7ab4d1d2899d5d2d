/* SPDX-License-Identifier: MIT */
/*
 * Launches by a server that are over before their child has come. When it comes, it is
 * ended: nobody is to find a child that nobody has told of.
 */
#ifndef LIB_GIVEN_UP_H
#define LIB_GIVEN_UP_H

#include <stdint.h>

#include "server.h"

/* The entry is the list's from now on. */
void spu__give_up(struct spu_server *server, struct given_up *entry);

/* Ends and reaps what has come since. Waits for nothing; how many are left. */
size_t spu__sweep(struct spu_server *server);

/* The same of all that comes within a moment, for a server that has ended. */
void spu__sweep_out(struct spu_server *server);

/* Memory and descriptors alone: what is left is let alone, or isn't this process's. */
void spu__forget_given_up(struct spu_server *server);

/*
 * Reaps a child that ends by itself or was killed, if it does by then. 1: it is no
 * more, and *ret_status is its wait status (0: somebody else's by now); 0: it is there.
 */
int spu__reap_until(pid_t pid, int64_t deadline, int *ret_status);

#endif
