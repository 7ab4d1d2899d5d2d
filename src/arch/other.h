/* SPDX-License-Identifier: MIT */
#ifndef ARCH_OTHER_H
#define ARCH_OTHER_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* 0 in glibc's headers where a long has 64 bits */
#define ARCH_O_LARGEFILE (O_LARGEFILE ? O_LARGEFILE : 0100000)
#define ARCH_LARGEST_PAGE 65536

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result = syscall(number, a, b, c, d, e, f);

	return result == -1 ? -errno : result;
}

#endif
