/* SPDX-License-Identifier: MIT */
#ifndef SPAWNSERVER_SERVED_H
#define SPAWNSERVER_SERVED_H

#include "lib/server/channel.h"

struct owner {
	pid_t pid;
	int pidfd;	/* or below 0 */
};

/* The child's part, from the clone to exec. sender: as it asked the server. */
_Noreturn void spu__serve(int socket, const struct owner *owner, const struct sender *sender);

#endif
