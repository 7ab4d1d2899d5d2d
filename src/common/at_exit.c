/* SPDX-License-Identifier: MIT */
#include "common/at_exit.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/message.h"

static int status_if_lost;

static void finish(void)
{
	int r = stdout_finish();

	if (r == 0)
		return;
	say_errno(r, "standard output");
	_exit(status_if_lost);
}

void finish_stdout_at_exit(int status)
{
	if (status_if_lost)
		return;
	status_if_lost = status;
	atexit(finish);
}
