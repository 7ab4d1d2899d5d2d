/* SPDX-License-Identifier: MIT */
/* For the suites about spawn servers: one of this build. */
#ifndef SERVED_H
#define SERVED_H

#include "support.h"

static inline const char *server_program(void)
{
	static char path[PATH_MAX], real[PATH_MAX];
	const char *build = getenv("BUILD");

	if (!real[0]) {
		snprintf(path, sizeof(path), "%s/spawn-server", build ? build : "build");
		ck_assert_ptr_nonnull(realpath(path, real));
	}
	return real;
}

static inline struct spu_server *start_server(unsigned flags)
{
	struct spu_server *server = NULL;
	struct spu_error error;
	int r = spu_server_start(&server, SPU_SERVER_OPTIONS(.program = server_program(),
							     .flags = flags), &error);

	ASSERT_OK(r, error);
	return server;
}

#endif
