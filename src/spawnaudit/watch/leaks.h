/* SPDX-License-Identifier: MIT */
/* The descriptors of a launch that crossed an exec, as the kernel told of them. */
#ifndef SPAWNAUDIT_LEAKS_H
#define SPAWNAUDIT_LEAKS_H

#include <sys/types.h>

#include "../look/announced.h"
#include "../record/launch.h"
#include "events.h"

/* One more of the list, which is the launch's leaks or what it passed on */
struct leak *leaks_add(struct leak **list, size_t *count, const struct event_crossed *crossed);

/* What the program is told of was meant for it. */
void leaks_forget_announced(struct leak *list, size_t *ret_count,
			    const struct announced *announced);

/* The addresses of sockets, where the process is there to be asked: they stand behind the name. */
void leaks_name_sockets(struct leak *list, size_t count, pid_t pid);

#endif
