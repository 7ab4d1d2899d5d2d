/* SPDX-License-Identifier: MIT */
/* spawnaudit: parse, check, run. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "common/message.h"
#include "fds.h"
#include "look/process.h"
#include "options.h"
#include "report/output.h"
#include "report/suppressions.h"
#include "stuck.h"

/*
 * Where one is closed, what we open would get its number, and messages would go there:
 * to the command that waits for a byte, or into a process's memory.
 */
static void keep_standard_streams_closed(void)
{
	int fd;

	do
		fd = open("/", O_PATH | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	static int (*const modes[])(const struct options *options) = {
		[MODE_FDS] = fds_run, [MODE_STUCK] = stuck_run,
	};
	static struct options options;
	int status;

	keep_standard_streams_closed();
	message_set_program("spawnaudit");
	if (options_parse(argc, argv, &options) < 0) {
		say_hint();
		return EXIT_TROUBLE;
	}
	if (suppressions_open(&options) < 0)
		return EXIT_TROUBLE;
	/* Standard output is the command's; and it may end by a signal, as the command did */
	if (options.mode == MODE_COMMAND || options.mode == MODE_ATTACH)
		return output_open(&options, stderr) < 0 ? EXIT_TROUBLE : audit_run(&options);
	if (output_open(&options, stdout) < 0)
		return EXIT_TROUBLE;
	if (!process_can_read())
		die(EXIT_TROUBLE, "/proc isn't mounted, and all that is told comes from there");
	if (options.mode == MODE_WATCH)
		return audit_watch(&options);
	status = modes[options.mode](&options);
	return suppressions_close() < 0 || output_close() < 0 ? EXIT_TROUBLE : status;
}
