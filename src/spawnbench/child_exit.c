/* SPDX-License-Identifier: MIT */
/*
 * The smallest child: exits with 0. Built without libc (-nostdlib -static) where
 * the system calls are known, so that what is measured is the launch and not the
 * start of a C library, which takes more than ten times as long as a launch.
 *
 * With a number as argument it first asks for the time, before anything else,
 * and leaves it in its standard output as entry number so (see stamps.h):
 * exec has happened when this code runs.
 */
#include "arch/arch.h"

#define STAMP_STRIDE 64

#ifdef POSIX_SPAWN_ONLY
#include <time.h>
#else
struct timespec {
	long tv_sec, tv_nsec;
};

#define CLOCK_MONOTONIC 1
#define clock_gettime(clock, time) syscall3(SYS_clock_gettime, (clock), (long)(time), 0)
#define pwrite(fd, data, size, at) syscall4(SYS_pwrite64, (fd), (long)(data), (size), (at))
#define _exit(code) syscall3(SYS_exit_group, (code), 0, 0)
#endif

static void leave_stamp(const char *digits)
{
	struct timespec time;
	uint64_t stamp;
	long number = 0;

	clock_gettime(CLOCK_MONOTONIC, &time);
	stamp = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
	for (; *digits; digits++)
		number = number * 10 + (*digits - '0');
	if (pwrite(1, &stamp, sizeof(stamp), number * STAMP_STRIDE) < 0)
		_exit(1);
}

#ifdef POSIX_SPAWN_ONLY

int main(int argc, char **argv)
{
	if (argc > 1)
		leave_stamp(argv[1]);
	_exit(0);
}

#else

void child_main(long *stack);

ARCH_START("child_main");

/* The stack as exec leaves it: argc, argv[0], argv[1], ... */
void child_main(long *stack)
{
	if (stack[0] > 1)
		leave_stamp((const char *)stack[2]);
	for (;;)
		_exit(0);
}

#endif
