/* SPDX-License-Identifier: MIT */
#include "given.h"

#include <stdlib.h>

struct given *given_share(struct given *given)
{
	if (given)
		given->users++;
	return given;
}

void given_let_go(struct given *given)
{
	if (!given || --given->users > 0)
		return;
	spu_audit_free(given->audit);
	free(given);
}
