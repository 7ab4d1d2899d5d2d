/* SPDX-License-Identifier: MIT */
/* Filters as sandboxes have them, for tests in a process of their own. */
#ifndef FILTERS_H
#define FILTERS_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <check.h>

#include "arch/arch.h"

/* Calls of this number whose argument (the lower half of it) & mask is value. */
static inline void filter_argument(long number, int argument, uint32_t mask, uint32_t value,
				   uint32_t answer)
{
	uint32_t offset = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static inline void filter_call(long number, uint32_t answer)
{
	filter_argument(number, 0, 0, 0, answer);
}

/* Before Linux 5.16 a core dump ends all processes with that memory. */
static inline int survives_its_child(void)
{
	struct rlimit none = {0, 0};
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		if (vfork() == 0) {
			kill(getpid(), SIGSYS);
			_exit(0);
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

#define NEED_TO_SURVIVE(suite) \
	do { \
		if (!survives_its_child()) \
			SKIP(suite, "in this kernel such a child ends its caller, too"); \
	} while (0)

/* What a call returns that a filter has trapped: for a handler of SIGSYS. */
static inline void answer_trap(void *context, long result)
{
#ifdef ARCH_CONTEXT_RESULT
	((ucontext_t *)context)->uc_mcontext.ARCH_CONTEXT_RESULT = result;
#else
	(void)context, (void)result;
	abort();
#endif
}

#ifdef ARCH_CONTEXT_RESULT
#define MAY_ANSWER_TRAPS 1
#else
#define MAY_ANSWER_TRAPS 0
#endif
#define NO_ANSWER "a trapped call can't be answered: this processor's registers are unknown"

#define ANSWER(err) (SECCOMP_RET_ERRNO | (uint32_t)(err))

#endif
