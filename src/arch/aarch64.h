/* SPDX-License-Identifier: MIT */
#ifndef ARCH_AARCH64_H
#define ARCH_AARCH64_H

#define ARCH_AUDIT 0xc00000b7	/* AUDIT_ARCH_AARCH64 */
#define ARCH_O_LARGEFILE 0400000

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/* As x86_64.h says; clone has child_tid fifth here, after tls. */
#define ARCH_CLONE(result, number, a, b, parent_tid, child_tid, entry, argument) \
	do { \
		register long x8 __asm__("x8") = (long)(number); \
		register long x0 __asm__("x0") = (long)(a); \
		register long x1 __asm__("x1") = (long)(b); \
		register long x2 __asm__("x2") = (long)(parent_tid); \
		register long x3 __asm__("x3") = 0; \
		register long x4 __asm__("x4") = (long)(child_tid); \
		register void *x5 __asm__("x5") = (argument); \
		__asm__ volatile("svc 0\n\t" \
				 "cbnz x0, 1f\n\t" \
				 "mov x29, xzr\n\t" \
				 "mov x0, x5\n\t" \
				 "bl " entry "\n\t" \
				 "brk #1\n" \
				 "1:" \
				 : "+r"(x0) \
				 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) \
				 : "memory"); \
		(result) = x0; \
	} while (0)

#endif
