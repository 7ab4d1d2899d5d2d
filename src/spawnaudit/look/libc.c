/* SPDX-License-Identifier: MIT */
#include "libc.h"

#include <stddef.h>
#include <string.h>

int file_is_libc(const char *path)
{
	static const char *const names[] = {
		"libc.so.", "libc-2.", "ld-linux", "ld-2.", "ld64.so.", "libpthread.so.",
		"libpthread-2.", "libdl.so.", "libdl-2.", "librt.so.", "librt-2.", "libresolv.so.",
		"libresolv-2.", "libanl.so.", "libutil.so.", "libnss_", "ld-musl-", "libc.musl-",
	};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	/* musl's, wherever its loader's name is a link */
	if (strcmp(name, "libc.so") == 0)
		return 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return 1;
	return 0;
}
