/* SPDX-License-Identifier: MIT */
/* spawnaudit: parse, check, run. */
#include <stdlib.h>

#include "common/message.h"
#include "fds.h"
#include "options.h"
#include "output.h"

int main(int argc, char **argv)
{
	static struct options options;
	int status;

	message_set_program("spawnaudit");
	if (options_parse(argc, argv, &options) < 0 || output_open(&options, stdout) < 0)
		return EXIT_TROUBLE;
	status = fds_run(&options);
	return output_close() < 0 ? EXIT_TROUBLE : status;
}
