/* SPDX-License-Identifier: MIT */
/* What a stopped thread's registers and memory say. */
#ifndef SPAWNAUDIT_MACHINE_H
#define SPAWNAUDIT_MACHINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MACHINE_WORDS 32

struct registers {
	int foreign;		/* a 32-bit program: only call and arguments[] are filled in */
	uint64_t pc, sp;
	long call;		/* the number of the system call that it is in */
	uint64_t arguments[6];
	uint64_t result;	/* where the result of the call stands */
	int is_beginning;	/* of a call, at a stop for one: before 5.3 this is what tells */
	size_t word_count;
	uint64_t words[MACHINE_WORDS];	/* as DWARF numbers them */
};

/* From a struct user_regs_struct, as the kernel's own structure begins, too. */
void machine_take(const void *registers, struct registers *ret);

/* Where in it these stand */
struct machine_offsets {
	unsigned sp, call, arguments[6];
};

void machine_offsets(struct machine_offsets *ret);

enum call_stop { CALL_NONE, CALL_ENTRY, CALL_EXIT };

/* The thread must be stopped by us. 0, or -errno: -ESRCH when it was killed meanwhile. */
int machine_registers(pid_t tid, struct registers *ret);

/* It goes on there. 0 or -errno. */
int machine_go_to(pid_t tid, uint64_t pc);

/* At a stop where the call hasn't been made yet: it isn't, and gives err. 0 or -errno. */
int machine_refuse(pid_t tid, int err);

/*
 * At a stop for a system call: is it the beginning or the end of one? known_entry:
 * the call began at the stop before, which kernels before 5.3 don't tell.
 */
enum call_stop machine_call_stop(pid_t tid, int known_entry, struct registers *ret);

/*
 * As if a function that keeps nothing on the stack returned; stack is what lies at
 * sp. Gives 0 if it can't be told.
 */
int machine_return(struct registers *registers, const void *stack, size_t size);

/* Reads memory as far as it is there: the number of bytes, 0 for none. */
size_t machine_read(pid_t pid, uint64_t address, void *buffer, size_t size);

/* A string, cut at size - 1 bytes: its length, or -EFAULT. */
int machine_read_string(pid_t pid, uint64_t address, char *buffer, size_t size);

#endif
