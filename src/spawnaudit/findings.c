/* SPDX-License-Identifier: MIT */
#include "findings.h"

const struct finding_words finding_words[FINDING_KINDS] = {
	[FINDING_LEAK] = {
		"leak",
		"a program launched from here holds it open: ports stay taken, readers wait on",
		"O_CLOEXEC where it is opened (SOCK_CLOEXEC, pipe2, accept4); or spu_spawn(3), "
		"which closes what wasn't given",
	},
	[FINDING_STUCK] = {
		"stuck",
		"what another thread had locked at the fork stays locked in the copy for ever",
		"nothing but exec after fork in a program with threads; or spu_spawn(3), which "
		"runs no code there",
	},
};
