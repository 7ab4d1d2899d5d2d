/* SPDX-License-Identifier: MIT */
/* spawnaudit: parse, check, run. */
#include <stdlib.h>

#include "common/message.h"
#include "fds.h"
#include "options.h"
#include "output.h"
#include "process.h"
#include "stuck.h"

int main(int argc, char **argv)
{
	static int (*const modes[])(const struct options *options) = {
		[MODE_FDS] = fds_run, [MODE_STUCK] = stuck_run,
	};
	static struct options options;
	int status;

	message_set_program("spawnaudit");
	if (options_parse(argc, argv, &options) < 0 || output_open(&options, stdout) < 0)
		return EXIT_TROUBLE;
	if (!process_can_read())
		die(EXIT_TROUBLE, "/proc isn't mounted, and all that is told comes from there");
	status = modes[options.mode](&options);
	return output_close() < 0 ? EXIT_TROUBLE : status;
}
