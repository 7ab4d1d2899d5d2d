/* SPDX-License-Identifier: MIT */
#ifndef ARCH_OTHER_H
#define ARCH_OTHER_H

#include <errno.h>
#include <unistd.h>

#define ARCH_O_LARGEFILE 0100000
#define ARCH_LARGEST_PAGE 65536

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result = syscall(number, a, b, c, d, e, f);

	return result == -1 ? -errno : result;
}

#endif
