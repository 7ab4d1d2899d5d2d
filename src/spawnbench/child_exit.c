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
#include <stdint.h>
#include <sys/syscall.h>

#define CLOCK_MONOTONIC 1
#define STAMP_STRIDE 64

void child_main(long *stack);

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall child_main\n");

static long call(long number, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl child_main\n");

static long call(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
#else
#error "system calls for this architecture"
#endif

static void leave_stamp(const char *digits)
{
	int64_t time[2];
	uint64_t stamp;
	long number = 0;

	call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)time, 0, 0);
	stamp = (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
	for (; *digits; digits++)
		number = number * 10 + (*digits - '0');
	call(SYS_pwrite64, 1, (long)&stamp, sizeof(stamp), number * STAMP_STRIDE);
}

/* The stack as exec leaves it: argc, argv[0], argv[1], ... */
void child_main(long *stack)
{
	if (stack[0] > 1)
		leave_stamp((const char *)stack[2]);
	for (;;)
		call(SYS_exit_group, 0, 0, 0, 0);
}
