/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include "arch/arch.h"

#ifdef POSIX_SPAWN_ONLY
#error "the registers of this processor"
#endif

#define PAGE 4096

static void take(const ARCH_REGISTERS *from, struct registers *ret)
{
	const uint64_t words[] = {ARCH_WORDS(from)};
	const uint64_t arguments[6] = {ARCH_ARGUMENTS(from)};

	ret->pc = from->ARCH_PC;
	ret->sp = from->ARCH_SP;
	ret->call = (long)from->ARCH_CALL;
	ret->result = from->ARCH_RESULT;
	ret->is_beginning = ARCH_IS_BEGINNING(from);
	ret->word_count = sizeof(words) / sizeof(words[0]);
	memcpy(ret->words, words, sizeof(words));
	memcpy(ret->arguments, arguments, sizeof(arguments));
}

void machine_take(const void *registers, struct registers *ret)
{
	*ret = (struct registers){0};
	take(registers, ret);
}

/* Each word says where it stands: so those that are taken do. */
void machine_offsets(struct machine_offsets *ret)
{
	union {
		ARCH_REGISTERS registers;
		uint64_t words[sizeof(ARCH_REGISTERS) / sizeof(uint64_t)];
	} all;
	struct registers taken;

	for (size_t i = 0; i < sizeof(all.words) / sizeof(all.words[0]); i++)
		all.words[i] = i * sizeof(all.words[0]);
	machine_take(&all, &taken);
	*ret = (struct machine_offsets){.sp = (unsigned)taken.sp, .call = (unsigned)taken.call};
	for (size_t i = 0; i < 6; i++)
		ret->arguments[i] = (unsigned)taken.arguments[i];
}

/* Of a 32-bit program. Its arguments stand first. */
static void take_foreign(const uint32_t *from, struct registers *ret)
{
	ret->foreign = 1;
	ret->call = (int32_t)from[FOREIGN_CALL];
	ret->result = (uint64_t)(int64_t)(int32_t)from[FOREIGN_RESULT];
	ret->is_beginning = FOREIGN_IS_BEGINNING(from);
	for (int i = 0; i < 6; i++)
		ret->arguments[i] = from[i];
}

int machine_return(struct registers *registers, const void *stack, size_t size)
{
#ifdef ARCH_LINK_WORD
	(void)stack, (void)size;
	registers->pc = registers->words[ARCH_LINK_WORD];
#else
	if (size < sizeof(registers->pc))
		return 0;
	memcpy(&registers->pc, stack, sizeof(registers->pc));
	registers->sp += sizeof(registers->pc);
	registers->words[ARCH_SP_WORD] = registers->sp;
	registers->words[ARCH_PC_WORD] = registers->pc;
#endif
	return 1;
}

int machine_registers(pid_t tid, struct registers *ret)
{
	ARCH_REGISTERS regset;
	struct iovec vector = {&regset, sizeof(regset)};

	*ret = (struct registers){0};
	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector) < 0)
		return -errno;
	if (vector.iov_len == sizeof(regset))
		take(&regset, ret);
	else
		take_foreign((const void *)&regset, ret);
	return 0;
}

static int set_registers(pid_t tid, int which, void *registers, size_t size)
{
	struct iovec vector = {registers, size};

	return ptrace(PTRACE_SETREGSET, tid, which, &vector) < 0 ? -errno : 0;
}

int machine_go_to(pid_t tid, uint64_t pc)
{
	ARCH_REGISTERS regset;
	struct iovec vector = {&regset, sizeof(regset)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector) < 0)
		return -errno;
	if (vector.iov_len != sizeof(regset))
		return -EINVAL;
	regset.ARCH_PC = pc;
	return set_registers(tid, NT_PRSTATUS, &regset, sizeof(regset));
}

union regset {
	ARCH_REGISTERS own;
	uint32_t foreign[sizeof(ARCH_REGISTERS) / sizeof(uint32_t)];
};

/* The number of no call */
#ifdef ARCH_CALL_REGSET
static int leave_out(pid_t tid, union regset *regset, int is_foreign)
{
	int none = -1;

	(void)regset, (void)is_foreign;
	return set_registers(tid, ARCH_CALL_REGSET, &none, sizeof(none));
}
#else
static int leave_out(pid_t tid, union regset *regset, int is_foreign)
{
	(void)tid;
	if (is_foreign)
		regset->foreign[FOREIGN_CALL] = UINT32_MAX;
	else
		regset->own.ARCH_CALL = UINT64_MAX;
	return 0;
}
#endif

int machine_refuse(pid_t tid, int err)
{
	union regset regset;
	struct iovec vector = {&regset, sizeof(regset)};
	int is_foreign, r;

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector) < 0)
		return -errno;
	is_foreign = vector.iov_len != sizeof(regset.own);
	if (is_foreign)
		regset.foreign[FOREIGN_RESULT] = (uint32_t)-err;
	else
		regset.own.ARCH_RESULT = (uint64_t)-(int64_t)err;
	r = leave_out(tid, &regset, is_foreign);
	return r < 0 ? r : set_registers(tid, NT_PRSTATUS, &regset, vector.iov_len);
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
		return !known_entry && ret->is_beginning ? CALL_ENTRY : CALL_EXIT;
	*ret = (struct registers){
		.foreign = info.architecture != ARCH_AUDIT,
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
