/* SPDX-License-Identifier: MIT */
#ifndef ARCH_AARCH64_H
#define ARCH_AARCH64_H

#define ARCH_AUDIT 0xc00000b7	/* AUDIT_ARCH_AARCH64 */
#define ARCH_O_LARGEFILE 0400000
#define ARCH_LARGEST_PAGE 65536
#define ARCH_HAS_OLD_CALLS 0

#ifndef SYS_newfstatat
#define SYS_newfstatat 79	/* headers may call it fstatat */
#endif

#define ARCH_START(entry) __asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl " entry "\n")

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

/* As x86_64.h says */
#define ARCH_REGISTERS struct user_regs_struct
#define ARCH_PC pc
#define ARCH_SP sp
#define ARCH_CALL regs[8]
#define ARCH_RESULT regs[0]
#define ARCH_FOUR(r, n) (r)->regs[n], (r)->regs[n + 1], (r)->regs[n + 2], (r)->regs[n + 3]
#define ARCH_ARGUMENTS(r) ARCH_FOUR(r, 0), (r)->regs[4], (r)->regs[5]
#define ARCH_WORDS(r) \
	ARCH_FOUR(r, 0), ARCH_FOUR(r, 4), ARCH_FOUR(r, 8), ARCH_FOUR(r, 12), ARCH_FOUR(r, 16), \
		ARCH_FOUR(r, 20), ARCH_FOUR(r, 24), (r)->regs[28], (r)->regs[29], (r)->regs[30], \
		(r)->sp
#define ARCH_SP_WORD 31
#define ARCH_LINK_WORD 30	/* where a function returns to; elsewhere that lies on the stack */
#define ARCH_CALL_REGSET 0x404	/* NT_ARM_SYSTEM_CALL: the call itself, which x8 only begins */

#define ARCH_CONTEXT_RESULT regs[0]

/* Where a call begins, and where it ends, the kernel says so in a register. */
#define ARCH_IS_BEGINNING(r) ((r)->regs[7] == 0)

/* r0 to r15, ... */
#define FOREIGN_RESULT 0
#define FOREIGN_CALL 7
#define FOREIGN_IS_BEGINNING(r) ((r)[12] == 0)
#define FOREIGN_CLONE 120

#endif
