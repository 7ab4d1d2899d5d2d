/* SPDX-License-Identifier: MIT */
/*
 * The smallest child: exits with 0. Built without libc (-nostdlib -static), so
 * that what is measured is the launch and not the start of a C library, which
 * takes more than ten times as long as a launch.
 *
 * With a number as argument it first asks for the time, before anything else,
 * and leaves it in its standard output as entry number so (see stamps.h):
 * exec has happened when this code runs.
 */
#include "arch/arch.h"

#ifdef POSIX_SPAWN_ONLY
#error "system calls for this processor"
#endif

#define CLOCK_MONOTONIC 1
#define STAMP_STRIDE 64

void child_main(long *stack);

ARCH_START("child_main");

static void leave_stamp(const char *digits)
{
	int64_t time[2];
	uint64_t stamp;
	long number = 0;

	syscall3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)time, 0);
	stamp = (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
	for (; *digits; digits++)
		number = number * 10 + (*digits - '0');
	syscall4(SYS_pwrite64, 1, (long)&stamp, sizeof(stamp), number * STAMP_STRIDE);
}

/* The stack as exec leaves it: argc, argv[0], argv[1], ... */
void child_main(long *stack)
{
	if (stack[0] > 1)
		leave_stamp((const char *)stack[2]);
	for (;;)
		syscall3(SYS_exit_group, 0, 0, 0);
}
