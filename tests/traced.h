/* SPDX-License-Identifier: MIT */
/* For the suites that trace a launch, call by call. */
#ifndef TRACED_H
#define TRACED_H

#include <sys/ptrace.h>

#include "support.h"

#define NO_CALLS_TOLD "a tracer isn't told of calls here"

/* Is a tracer told which call it is? Since Linux 5.3, and not by user-mode Linux. */
static inline int calls_are_told(void)
{
	struct __ptrace_syscall_info info;
	int status, told;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	told = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return told;
}

#endif
