/* SPDX-License-Identifier: MIT */
#ifndef ARCH_X86_64_H
#define ARCH_X86_64_H

#define ARCH_AUDIT 0xc000003e	/* AUDIT_ARCH_X86_64 */
#define ARCH_O_LARGEFILE 0100000

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/*
 * clone or clone3 with a stack. The caller gets the result; the child calls
 * entry (a name of the assembler's) with "argument" and never comes back. The
 * kernel gives it the caller's registers but for the stack pointer and the
 * result, so that this must stay one asm: the compiler may not put anything of
 * the caller's frame between the system call and the jump.
 */
#define ARCH_CLONE(result, number, a, b, parent_tid, child_tid, entry, argument) \
	do { \
		register long r10 __asm__("r10") = (child_tid); \
		register void *r9 __asm__("r9") = (argument); \
		__asm__ volatile("syscall\n\t" \
				 "testq %%rax, %%rax\n\t" \
				 "jnz 1f\n\t" \
				 "xorl %%ebp, %%ebp\n\t" \
				 "movq %%r9, %%rdi\n\t" \
				 "call " entry "\n\t" \
				 "ud2\n" \
				 "1:" \
				 : "=a"(result) \
				 : "a"((long)(number)), "D"((long)(a)), "S"((long)(b)), \
				   "d"((long)(parent_tid)), "r"(r10), "r"(r9) \
				 : "rcx", "r11", "memory"); \
	} while (0)

#endif
