/* SPDX-License-Identifier: MIT */
/*
 * Stacks of threads that stand still under ptrace(2), by elfutils' libdw:
 * functions, and file:line where there is debug information.
 *
 * One reader for each memory (a process, and its children until they exec or
 * have memory of their own); it keeps what it has read of the program's files.
 * The thread asked about must be stopped, and by us: the tracer's are, and
 * stack_stop() stops one for a moment. Nobody else's debug server is asked: only
 * files of this machine.
 *
 * A stack that can't be read to its end is what could be read; the text in
 * "ended" says why it ends there.
 */
#ifndef SPAWNAUDIT_STACK_H
#define SPAWNAUDIT_STACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STACK_FRAMES_MAX 64

struct stack_frame {
	uintptr_t pc;
	char *function;		/* NULL: no symbol */
	char *file;		/* NULL: no debug information */
	int line;
	char *module;		/* the mapped file, NULL: none */
};

struct stack {
	struct stack_frame frames[STACK_FRAMES_MAX];
	size_t count;
	const char *ended;	/* NULL: at its end */
};

struct stack_reader;

/* NULL: no memory. */
struct stack_reader *stack_open(pid_t pid);
void stack_close(struct stack_reader *reader);

/* The process has mapped or unmapped files (dlopen) since: look again. */
int stack_refresh(struct stack_reader *reader);

/* tid stands still under our ptrace. 0, for stack_clear(); or a negative errno value. */
int stack_read(struct stack_reader *reader, pid_t tid, struct stack *ret);
void stack_clear(struct stack *stack);

/*
 * The name of the variable or function at an address, "name" or "name+8", and
 * the file in which it lies; NULL where unknown. Needs no stopped thread.
 * Both are the reader's, until stack_refresh() or stack_close().
 */
const char *stack_symbol(struct stack_reader *reader, uintptr_t address, uintptr_t *ret_offset,
			 const char **ret_module);

/*
 * Stops a thread that isn't traced, by PTRACE_SEIZE and PTRACE_INTERRUPT: no
 * signal is sent, and a wait for a futex goes on afterwards as if nothing had
 * been. -EPERM: not allowed, or somebody else traces it; -ETIMEDOUT: it sits
 * where it can't be stopped (a vfork, a file server that doesn't answer); it is let go.
 */
int stack_stop(pid_t tid);
void stack_let_go(pid_t tid);

#endif
