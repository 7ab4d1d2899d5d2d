/* SPDX-License-Identifier: MIT */
/* Where the library lies, and the variable by which the dynamic loader is told. */
#include "preload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/beside.h"
#include "common/message.h"
#include "environment.h"
#include "exit_status.h"

#define LIBRARY_NAME "libspawnutil-preload.so"

#ifndef PRELOAD_LIBRARY
#define PRELOAD_LIBRARY "/usr/local/lib/" LIBRARY_NAME
#endif

/* Of a build directory, or the installed one. */
static char *find_library(void)
{
	char *path = path_beside_program(LIBRARY_NAME);

	if (path && access(path, F_OK) == 0)
		return path;
	free(path);
	return strdup(PRELOAD_LIBRARY);
}

char *preload_assignment(const struct settings *settings)
{
	const char *others = command_getenv(settings, "LD_PRELOAD");
	char *library = find_library(), *assignment = NULL;

	if (!others)
		others = "";
	if (!library)
		say_errno(ENOMEM, "--preload");
	else if (access(library, R_OK) < 0)
		say_errno(errno, "--preload: %s", NAMED(library));
	else if (library[strcspn(library, " :")])
		say("--preload: %s: the loader takes no path with a space or colon",
		    NAMED(library));
	else if (asprintf(&assignment, "LD_PRELOAD=%s%s%s", library, *others ? ":" : "",
			  others) < 0)
		die_errno(EXIT_SETUP, ENOMEM, "--preload");
	free(library);
	return assignment;
}
