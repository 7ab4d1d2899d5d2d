/* SPDX-License-Identifier: MIT */
/*
 * A child that takes no time, without libc, of which 20 000 are launched. It exits
 * with the first number that it holds open from argc + 2 to 255, where 3 to
 * argc + 1 were given to it, with 1 if the last of those is missing, else with 0.
 */
#include "arch/arch.h"

#define GETFD 1
#define HIGHEST 256

void race_main(long *stack);

ARCH_START("race_main");

static int is_open(long fd)
{
	return syscall3(SYS_fcntl, fd, GETFD, 0) >= 0;
}

/* The stack as exec leaves it, argc first */
void race_main(long *stack)
{
	long last = stack[0] + 1, fd = last + 1;

	while (fd < HIGHEST && !is_open(fd))
		fd++;
	if (fd == HIGHEST)
		fd = last > 2 && !is_open(last);
	for (;;)
		syscall3(SYS_exit_group, fd, 0, 0);
}
