/* SPDX-License-Identifier: MIT */
#ifndef ARCH_RISCV64_H
#define ARCH_RISCV64_H

#define ARCH_AUDIT 0xc00000f3	/* AUDIT_ARCH_RISCV64 */
#define ARCH_O_LARGEFILE 0100000
#define ARCH_LARGEST_PAGE 4096
#define ARCH_HAS_OLD_CALLS 0

#ifndef SYS_newfstatat
#define SYS_newfstatat 79	/* headers may call it fstatat */
#endif

/* The linker shortens addresses to what lies about gp. */
#define ARCH_START(entry) \
	__asm__(".globl _start\n_start:\n\t" \
		".option push\n\t.option norelax\n\tla gp, __global_pointer$\n\t.option pop\n\t" \
		"mv a0, sp\n\tandi sp, sp, -16\n\tcall " entry "\n")

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

/* As x86_64.h says; the order of clone's arguments is aarch64's. */
#define ARCH_CLONE(result, number, a, b, parent_tid, child_tid, entry, argument) \
	do { \
		register long a7 __asm__("a7") = (long)(number); \
		register long a0 __asm__("a0") = (long)(a); \
		register long a1 __asm__("a1") = (long)(b); \
		register long a2 __asm__("a2") = (long)(parent_tid); \
		register long a3 __asm__("a3") = 0; \
		register long a4 __asm__("a4") = (long)(child_tid); \
		register void *a5 __asm__("a5") = (argument); \
		__asm__ volatile("ecall\n\t" \
				 "bnez a0, 1f\n\t" \
				 "li s0, 0\n\t" \
				 "mv a0, a5\n\t" \
				 "call " entry "\n\t" \
				 "ebreak\n" \
				 "1:" \
				 : "+r"(a0) \
				 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) \
				 : "memory"); \
		(result) = a0; \
	} while (0)

/* As the kernel has them; libc has no struct. */
struct riscv_registers {
	unsigned long pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7,
		s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6;
};

/* As x86_64.h says */
#define ARCH_REGISTERS struct riscv_registers
#define ARCH_PC pc
#define ARCH_SP sp
#define ARCH_CALL a7
#define ARCH_RESULT a0
#define ARCH_ARGUMENTS(r) (r)->a0, (r)->a1, (r)->a2, (r)->a3, (r)->a4, (r)->a5
#define ARCH_WORDS(r) \
	0, (r)->ra, (r)->sp, (r)->gp, (r)->tp, (r)->t0, (r)->t1, (r)->t2, (r)->s0, (r)->s1, \
		(r)->a0, (r)->a1, (r)->a2, (r)->a3, (r)->a4, (r)->a5, (r)->a6, (r)->a7, \
		(r)->s2, (r)->s3, (r)->s4, (r)->s5, (r)->s6, (r)->s7, (r)->s8, (r)->s9, \
		(r)->s10, (r)->s11, (r)->t3, (r)->t4, (r)->t5, (r)->t6
#define ARCH_SP_WORD 2
#define ARCH_LINK_WORD 1

#define ARCH_CONTEXT_RESULT __gregs[REG_A0]

/* Only PTRACE_GET_SYSCALL_INFO tells: the first argument's register is the result's. */
#define ARCH_IS_BEGINNING(r) ((void)(r), 0)

/* No 32-bit programs here */
#define FOREIGN_RESULT 0
#define FOREIGN_CALL 0
#define FOREIGN_IS_BEGINNING(r) ((void)(r), 0)
#define FOREIGN_CLONE (-1)

#endif
