/* SPDX-License-Identifier: MIT */
/* Which library this is. */
#include "../spawnutil.h"

const char *spu_version(void)
{
	return SPU_VERSION;
}
