/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <errno.h>

#include "common/message.h"

int source_begin(const struct source_choice *choice)
{
	(void)choice;
	say("--watch: this spawnaudit was built without it: that needs clang and libbpf "
	    "(Debian: clang, libbpf-dev)");
	return -ENOSYS;
}

int source_look(source_open_taker *take)
{
	(void)take;
	return -ENOSYS;
}

void source_choose(pid_t pid)
{
	(void)pid;
}

int source_tell_makers(void)
{
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

void source_lost(struct event_lost *ret)
{
	*ret = (struct event_lost){0};
}

void source_end(void)
{
}
