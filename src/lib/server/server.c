/* SPDX-License-Identifier: MIT */
/* Whose a spawn server is. */
#include "server.h"

#include <unistd.h>

#include "../state.h"

void spu__own_server(struct spu_server *server)
{
	server->owner = getpid();
	server->owner_stamp = spu__process_stamp();
}

int spu__owns_server(const struct spu_server *server)
{
	return getpid() == server->owner && spu__process_stamp() == server->owner_stamp;
}
