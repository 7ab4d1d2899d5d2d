/* SPDX-License-Identifier: MIT */
#ifndef SPAWNSERVER_BECOME_H
#define SPAWNSERVER_BECOME_H

#include "lib/server/channel.h"
#include "lib/server/request.h"

/*
 * Makes this process like the one that asks by the socket: its directory; its ids,
 * about which the kernel's word counts; then, with no more rights than that has, what
 * its request says. 0 or a negative errno value.
 */
int spu__become(const struct standing *standing, int socket, const struct sender *sender,
		int directory, const struct spu_options *options, struct spu_error *ret_error);

#endif
