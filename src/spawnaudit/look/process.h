/* SPDX-License-Identifier: MIT */
/*
 * What /proc says about a process or a thread. Reads and parses only; nothing
 * here prints or judges. Results are 0 or more, or a negative errno value:
 * -ESRCH when the process is gone, -EACCES or -EPERM when it may not be looked
 * at (permission.h knows why).
 *
 * tid is a thread's id, as below /proc/PID/task. Who may read: everybody
 * process_read() and process_status(); who may read the process's memory map,
 * exe and wchan its user, unless it isn't dumpable; call and memory need the
 * right to attach (ptrace(2)), which Yama may take away.
 */
#ifndef SPAWNAUDIT_PROCESS_H
#define SPAWNAUDIT_PROCESS_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's PF_EXITING: its memory may be gone already */
#define PROCESS_EXITING 0x4u
/* PF_FORKNOEXEC: a copy of its parent that hasn't called exec */
#define PROCESS_FORKED_NO_EXEC 0x40u
/* PF_KTHREAD */
#define PROCESS_KERNEL_THREAD 0x200000u

#define PROCESS_NAME_SIZE 65
#define PROCESS_WCHAN_SIZE 65

/* 0 where /proc isn't mounted: then nothing can be told. */
int process_can_read(void);

struct process {
	pid_t pid, parent;
	char name[PROCESS_NAME_SIZE];	/* as ps -o comm has it; any byte but 0 may be in it */
	char state;			/* R, S, D, T, t, Z, ... */
	unsigned flags;			/* of the main thread: each thread begins with ..NO_EXEC */
	long threads;
};

int process_read(pid_t pid, struct process *ret);
int process_read_thread(pid_t pid, pid_t tid, struct process *ret);

struct process_status {
	uid_t uid, effective_uid;
	pid_t group;		/* the process whose thread it is: /proc/TID exists as well */
	pid_t tracer;		/* 0: none */
	pid_t inner_tid;	/* its own id for itself, in a pid namespace of its own maybe */
	uint64_t caught;	/* signals with a handler, as SPU_SIGNAL() bits */
	uint64_t ignored;
	unsigned long switches;	/* how often it has stopped running: the same twice, and it slept */
};

int process_status(pid_t pid, pid_t tid, struct process_status *ret);

/* Nothing of it is left but what is reaped; of a process: its first thread, maybe, only. */
int process_has_ended(const struct process *process);

/* It has ended, or is about to. */
int process_is_ending(const struct process *process);

/*
 * The id by which a process's memory, files and program are found below /proc: of a
 * first thread that has ended the kernel shows none of them, though others live on.
 * 0: no thread lives.
 */
pid_t process_living(pid_t pid);

/* *ret is the caller's, to be freed: the ids of all threads. Gives their number. */
int process_threads(pid_t pid, pid_t **ret);

/* The executable's path, cut to size; " (deleted)" behind it when it has been. */
int process_program(pid_t pid, char *ret, size_t size);

/* For reading; only a plain file, since to open another may do something, or wait for ever. */
int process_open_regular(const char *path);

/*
 * The file under a name of its mappings, as the process sees it: it may run under
 * another root directory, and its program may have been deleted.
 */
int process_open_mapped(pid_t pid, const char *name);

/* 1: both run the same file; 0: they don't. */
int process_is_same_program(pid_t a, pid_t b);

/* Is it a program of our own machine's kind (not a 32-bit one on a 64-bit kernel)? 1 or 0. */
int process_is_native(pid_t pid);

/* 1: they share their memory (a vfork child before its exec); 0: they don't. -ENOSYS. */
int process_shares_memory(pid_t a, pid_t b);

/* Where in the kernel it waits: "futex_do_wait", or "" when it doesn't or can't be told. */
int process_wchan(pid_t pid, pid_t tid, char ret[PROCESS_WCHAN_SIZE]);

struct process_call {
	long number;		/* of the system call that it sits in; -1: none */
	unsigned long arguments[6];
	unsigned long stack, pc;
};

/* 1: *ret is filled; 0: it runs, so nothing can be told. */
int process_call(pid_t pid, pid_t tid, struct process_call *ret);

struct process_mapping {
	uintptr_t start, end, offset;
	int is_shared, is_executable;
	unsigned device_major, device_minor;
	ino_t inode;		/* 0: no file */
	const char *name;	/* a path, "[heap]", "" */
};

/* Calls each() until it gives something else than 0, and gives that. */
int process_maps(pid_t pid, int (*each)(void *context, const struct process_mapping *mapping),
		 void *context);

/* Of the same file? */
int process_maps_same(const struct process_mapping *one, const struct process_mapping *other);

/* The file that is mapped, for reading: no other one that has its name by now. */
int process_open_mapping(pid_t pid, const struct process_mapping *mapping);

/* All of it or nothing: 0. */
int process_memory(pid_t pid, uintptr_t from, void *ret, size_t size);

/* The next number in an open directory of numbers (/proc, task, fd); -1: no more. */
int process_next_number(DIR *directory);

#endif
