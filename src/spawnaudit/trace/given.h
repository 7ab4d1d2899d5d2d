/* SPDX-License-Identifier: MIT */
/* What exec gave to a program. Copies of the process share it; NULL is none. */
#ifndef SPAWNAUDIT_GIVEN_H
#define SPAWNAUDIT_GIVEN_H

#include "spawnutil.h"

struct given {
	struct spu_audit *audit;	/* NULL: it wasn't, or couldn't be, looked at */
	int users;
};

struct given *given_share(struct given *given);
void given_let_go(struct given *given);

#endif
