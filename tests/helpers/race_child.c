/* SPDX-License-Identifier: MIT */
/*
 * A child that takes no time, without libc where that can be, of which 20 000 are
 * launched. It exits with the first number that it holds open from argc + 2 to 255,
 * where 3 to argc + 1 were given to it, with 1 if the last of those is missing, else
 * with 0.
 */
#include "arch/arch.h"

#define GETFD 1
#define HIGHEST 256

static int is_open(long fd)
{
	return syscall3(SYS_fcntl, fd, GETFD, 0) >= 0;
}

static long find_wrong(long argc)
{
	long last = argc + 1, fd = last + 1;

	while (fd < HIGHEST && !is_open(fd))
		fd++;
	return fd < HIGHEST ? fd : last > 2 && !is_open(last);
}

#ifdef POSIX_SPAWN_ONLY

int main(int argc, char **argv)
{
	(void)argv;
	return (int)find_wrong(argc);
}

#else

void race_main(long *stack);

ARCH_START("race_main");

/* The stack as exec leaves it, argc first */
void race_main(long *stack)
{
	long wrong = find_wrong(stack[0]);

	for (;;)
		syscall3(SYS_exit_group, wrong, 0, 0);
}

#endif
