/* SPDX-License-Identifier: MIT */
#ifndef ARCH_X86_64_H
#define ARCH_X86_64_H

#define ARCH_AUDIT 0xc000003e	/* AUDIT_ARCH_X86_64 */
#define ARCH_O_LARGEFILE 0100000
#define ARCH_LARGEST_PAGE 4096
#define ARCH_HAS_OLD_CALLS 1

#define ARCH_START(entry) \
	__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall " entry "\n")

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

/* The registers, members of theirs, and all as DWARF numbers them */
#define ARCH_REGISTERS struct user_regs_struct
#define ARCH_PC rip
#define ARCH_SP rsp
#define ARCH_CALL orig_rax
#define ARCH_RESULT rax
#define ARCH_ARGUMENTS(r) (r)->rdi, (r)->rsi, (r)->rdx, (r)->r10, (r)->r8, (r)->r9
#define ARCH_WORDS(r) \
	(r)->rax, (r)->rdx, (r)->rcx, (r)->rbx, (r)->rsi, (r)->rdi, (r)->rbp, (r)->rsp, (r)->r8, \
		(r)->r9, (r)->r10, (r)->r11, (r)->r12, (r)->r13, (r)->r14, (r)->r15, (r)->rip
#define ARCH_SP_WORD 7
#define ARCH_PC_WORD 16

/* int3: of one byte, and where it was hit the pc stands behind it */
#define ARCH_BREAKPOINT 0xcc

/* A member of a handler's mcontext_t */
#define ARCH_CONTEXT_RESULT gregs[REG_RAX]

/* Where a call begins, -ENOSYS stands for its result. */
#define ARCH_IS_BEGINNING(r) ((long)(r)->rax == -38)

/* A 32-bit program's: ebx, ecx, edx, esi, edi, ebp, eax, xds, xes, xfs, xgs, orig_eax, ... */
#define FOREIGN_RESULT 6
#define FOREIGN_CALL 11
#define FOREIGN_IS_BEGINNING(r) ((int)(r)[FOREIGN_RESULT] == -38)
#define FOREIGN_CLONE 120	/* its number of the call */

#endif
