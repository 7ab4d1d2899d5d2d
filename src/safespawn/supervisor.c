/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include <errno.h>

#include "common/message.h"
#include "common/parse.h"

void signal_command(struct supervisor *s, int number)
{
	char buffer[SIGNAL_NAME_SIZE];

	if (number <= 0)	/* rewritten to nothing */
		return;
	s->sent |= SPU_SIGNAL(number);
	if (kill(s->leads_group ? -s->pid : s->pid, number) < 0 && errno != ESRCH)
		say_errno(errno, "signal %s to %d", signal_name(number, buffer), (int)s->pid);
}
