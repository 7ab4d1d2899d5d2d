/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#define PAGE 4096

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define WORDS 17
/* struct user_regs_struct of a 32-bit program */
struct foreign_registers {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax, xds, xes, xfs, xgs, orig_eax, eip, xcs, eflags,
		esp, xss;
};

static void take(const struct user_regs_struct *from, struct registers *ret)
{
	const uint64_t words[WORDS] = {
		from->rax, from->rdx, from->rcx, from->rbx, from->rsi, from->rdi, from->rbp,
		from->rsp, from->r8, from->r9, from->r10, from->r11, from->r12, from->r13,
		from->r14, from->r15, from->rip,
	};
	const uint64_t arguments[6] = {from->rdi, from->rsi, from->rdx, from->r10, from->r8,
				       from->r9};

	ret->pc = from->rip;
	ret->sp = from->rsp;
	ret->call = (long)from->orig_rax;
	ret->result = from->rax;
	memcpy(ret->words, words, sizeof(words));
	memcpy(ret->arguments, arguments, sizeof(arguments));
}

static void take_foreign(const void *regset, struct registers *ret)
{
	const struct foreign_registers *from = regset;
	const uint64_t arguments[6] = {from->ebx, from->ecx, from->edx, from->esi, from->edi,
				       from->ebp};

	ret->foreign = 1;
	ret->call = (int32_t)from->orig_eax;
	ret->result = (uint64_t)(int64_t)(int32_t)from->eax;
	memcpy(ret->arguments, arguments, sizeof(arguments));
}

int machine_return(struct registers *registers, const void *stack, size_t size)
{
	if (size < sizeof(registers->pc))
		return 0;
	memcpy(&registers->pc, stack, sizeof(registers->pc));
	registers->sp += sizeof(registers->pc);
	registers->words[7] = registers->sp;
	registers->words[16] = registers->pc;
	return 1;
}

/* Before 5.3: on entry the result register holds -ENOSYS. */
static int looks_like_entry(const struct registers *registers)
{
	return (int64_t)registers->result == -ENOSYS;
}
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define WORDS 32

static void take(const struct user_regs_struct *from, struct registers *ret)
{
	ret->pc = from->pc;
	ret->sp = from->sp;
	ret->call = (long)from->regs[8];
	ret->result = from->regs[0];
	memcpy(ret->words, from->regs, 31 * sizeof(uint64_t));
	ret->words[31] = from->sp;
	memcpy(ret->arguments, from->regs, 6 * sizeof(uint64_t));
}

static void take_foreign(const void *regset, struct registers *ret)
{
	const uint32_t *from = regset;

	ret->foreign = 1;
	ret->call = (long)from[7];
	ret->result = (uint64_t)(int64_t)(int32_t)from[0];
	for (int i = 0; i < 6; i++)
		ret->arguments[i] = from[i];
}

int machine_return(struct registers *registers, const void *stack, size_t size)
{
	(void)stack;
	(void)size;
	registers->pc = registers->words[30];
	return 1;
}

/* Before 5.3: at the stop register 7 tells, 0 on entry. */
static int looks_like_entry(const struct registers *registers)
{
	return registers->words[7] == 0;
}
#else
#error "spawnaudit knows the registers of x86-64 and aarch64"
#endif

size_t machine_word_count(void)
{
	return WORDS;
}

int machine_registers(pid_t tid, struct registers *ret)
{
	struct user_regs_struct regset;
	struct iovec vector = {&regset, sizeof(regset)};

	*ret = (struct registers){0};
	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector) < 0)
		return -errno;
	if (vector.iov_len == sizeof(regset))
		take(&regset, ret);
	else
		take_foreign(&regset, ret);
	return 0;
}

/* PTRACE_GET_SYSCALL_INFO (5.3); libc has it under names that differ between versions */
#define GET_CALL_INFO 0x420e
#define OP_ENTRY 1
#define OP_EXIT 2

struct call_info {
	uint8_t op, reserved[3];
	uint32_t architecture;
	uint64_t pc, sp;
	union {
		struct {
			uint64_t number, arguments[6];
		} entry;
		struct {
			int64_t result;
			uint8_t is_error;
		} exit;
		uint64_t room[16];	/* for what newer kernels append */
	};
};

enum call_stop machine_call_stop(pid_t tid, int known_entry, struct registers *ret)
{
	struct call_info info = {0};
	int told = ptrace(GET_CALL_INFO, tid, sizeof(info), &info) > 0;

	if (!told && machine_registers(tid, ret) < 0)
		return CALL_NONE;
	if (!told)
		return !known_entry && looks_like_entry(ret) ? CALL_ENTRY : CALL_EXIT;
	*ret = (struct registers){
		.foreign = info.architecture != NATIVE,
		.pc = info.pc,
		.sp = info.sp,
	};
	if (info.op == OP_EXIT) {
		ret->result = (uint64_t)info.exit.result;
		return CALL_EXIT;
	}
	if (info.op != OP_ENTRY)
		return CALL_NONE;
	ret->call = (long)info.entry.number;
	memcpy(ret->arguments, info.entry.arguments, sizeof(ret->arguments));
	return CALL_ENTRY;
}

size_t machine_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec local = {buffer, size};
	struct iovec remote = {(void *)(uintptr_t)address, size};
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return got < 0 ? 0 : (size_t)got;
}

int machine_read_string(pid_t pid, uint64_t address, char *buffer, size_t size)
{
	size_t length = 0, want, got;
	char *end;

	/* page by page: a read that meets an unmapped page in its first part gives nothing */
	while (length < size - 1) {
		want = PAGE - (address + length) % PAGE;
		if (want > size - 1 - length)
			want = size - 1 - length;
		got = machine_read(pid, address + length, buffer + length, want);
		if (got == 0)
			return -EFAULT;
		end = memchr(buffer + length, '\0', got);
		if (end)
			return (int)(end - buffer);
		length += got;
	}
	buffer[length] = '\0';
	return (int)length;
}
