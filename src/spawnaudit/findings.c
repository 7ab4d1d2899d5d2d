/* SPDX-License-Identifier: MIT */
#include "findings.h"

const struct finding_words finding_words[FINDING_KINDS] = {
	[FINDING_LEAK] = {
		"leak",
		"the new program holds it open: a port stays taken, a reader waits for ever",
		"open it with O_CLOEXEC (SOCK_CLOEXEC, pipe2, accept4), or launch by spu_spawn(3), "
		"which closes what wasn't given",
	},
	[FINDING_STUCK] = {
		"stuck",
		"what another thread had locked at the fork stays locked in the copy for ever",
		"nothing but exec after fork in a program with threads; or spu_spawn(3), which "
		"runs no code there",
	},
};
