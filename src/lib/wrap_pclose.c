/* SPDX-License-Identifier: MIT */
/*
 * For the linker's --wrap. A file of its own: in the archive it is linked only
 * where pclose is wrapped, and there is a __real_pclose then.
 */
#include "preload.h"

int __wrap_pclose(FILE *stream);
int __real_pclose(FILE *stream);

int __wrap_pclose(FILE *stream)
{
#ifdef __GLIBC__
	return spu_pclose(stream);
#else
	return spu__pclose(stream, __real_pclose);
#endif
}
