/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <errno.h>

#include "common/message.h"

int source_begin(const char *cgroup)
{
	(void)cgroup;
	say("--watch: this spawnaudit was built without it: that needs clang and libbpf "
	    "(Debian: clang, libbpf-dev)");
	return -ENOSYS;
}

int source_look(source_open_taker *take)
{
	(void)take;
	return -ENOSYS;
}

int source_poll(source_taker *take, int ms)
{
	(void)take, (void)ms;
	return -ENOSYS;
}

int source_is_over(void)
{
	return 0;
}

size_t source_lost(void)
{
	return 0;
}

void source_end(void)
{
}
