/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <stdio.h>

const struct finding_words finding_words[FINDING_KINDS] = {
	[FINDING_LEAK] = {
		"leak",
		"a program launched from here holds it open: ports stay taken, readers wait on",
		"O_CLOEXEC where it is opened (SOCK_CLOEXEC, pipe2, accept4); or spu_spawn(3), "
		"which closes what wasn't given",
	},
	[FINDING_UNSAFE_FORK] = {
		"unsafe-fork",
		"what another thread had locked at the fork stays locked in the copy for ever, "
		"and this code may need it",
		"launch by spu_spawn(3): its options do the set-up, and no code runs there",
	},
	[FINDING_NO_EXEC] = {
		"no-exec",
		"a copy of a process with threads works on with their locks and without them",
		"make it a program of its own and launch that by spu_spawn(3), or fork before the "
		"first thread is made",
	},
	[FINDING_STUCK] = {
		"stuck",
		"what another thread had locked at the fork stays locked in the copy for ever",
		"nothing but exec after fork in a program with threads; or spu_spawn(3), which "
		"runs no code there",
	},
	[FINDING_HELD_UP] = {
		"held-up",
		"the calling thread is suspended until the child executes its program or ends, and "
		"takes no signal meanwhile",
		"open what may wait, as a FIFO, before the launch, and hand on its descriptor; or "
		"spu_spawn(3), which opens FIFOs where a signal ends the wait",
	},
	[FINDING_RACE] = {
		"race",
		"a launch by another thread before it is closed or made close-on-exec hands it on",
		"the flag that makes it close-on-exec at once",
	},
};

const char *finding_names(void)
{
	static char names[128];
	size_t length = 0;

	for (enum finding kind = 0; kind < FINDING_KINDS && length < sizeof(names); kind++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, " %s",
					   finding_words[kind].name);
	return names;
}
