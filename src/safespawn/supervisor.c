/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include <errno.h>

#include "common/message.h"
#include "common/parse.h"

void signal_command(struct supervisor *s, int number)
{
	char buffer[SIGNAL_NAME_SIZE];
	int r;

	if (number <= 0)	/* rewritten to nothing */
		return;
	s->sent |= SPU_SIGNAL(number);
	r = spu_kill(s->child, number, s->leads_group ? SPU_GROUP : 0);
	if (r < 0 && r != -ESRCH)
		say_errno(r, "signal %s to %d", signal_name(number, buffer), (int)s->pid);
}
