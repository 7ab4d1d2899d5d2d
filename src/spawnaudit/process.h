/* SPDX-License-Identifier: MIT */
/*
 * What /proc says about a process or a thread. Reads and parses only; nothing
 * here prints or judges. Results are 0, or a negative errno value: -ESRCH when
 * the process is gone, -EACCES or -EPERM when it may not be looked at.
 */
#ifndef SPAWNAUDIT_PROCESS_H
#define SPAWNAUDIT_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* The kernel's PF_FORKNOEXEC: a copy of its parent that hasn't called exec */
#define PROCESS_FORKED_NO_EXEC 0x40u
/* PF_KTHREAD */
#define PROCESS_KERNEL_THREAD 0x200000u

#define PROCESS_NAME_SIZE 65

struct process {
	pid_t pid, parent;
	char name[PROCESS_NAME_SIZE];	/* as ps -o comm has it; any byte but 0 may be in it */
	char state;			/* R, S, D, T, t, Z, ... */
	unsigned flags;
	long threads;
};

/* Everybody's: /proc/PID/stat. A thread's id gives the thread's state and flags. */
int process_read(pid_t pid, struct process *ret);

/* The next number in an open directory of numbers (/proc, task, fd); -1: no more. */
int process_next_number(void *directory);

#endif
