/* SPDX-License-Identifier: MIT */
/*
 * The kernel's constants and structures that libc's headers may lack (musl-gcc
 * sees no <linux/...>), each with the version that brought it if that is above
 * 4.19.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>

#define KERNEL_CSIGNAL 0x000000ffull		/* clone only */
#define KERNEL_CLONE_VM 0x00000100ull
#define KERNEL_CLONE_FS 0x00000200ull
#define KERNEL_CLONE_FILES 0x00000400ull
#define KERNEL_CLONE_SIGHAND 0x00000800ull
#define KERNEL_CLONE_PIDFD 0x00001000ull	/* 5.2 */
#define KERNEL_CLONE_PTRACE 0x00002000ull
#define KERNEL_CLONE_VFORK 0x00004000ull
#define KERNEL_CLONE_PARENT 0x00008000ull
#define KERNEL_CLONE_THREAD 0x00010000ull
#define KERNEL_CLONE_NEWNS 0x00020000ull
#define KERNEL_CLONE_SYSVSEM 0x00040000ull
#define KERNEL_CLONE_SETTLS 0x00080000ull
#define KERNEL_CLONE_PARENT_SETTID 0x00100000ull
#define KERNEL_CLONE_CHILD_CLEARTID 0x00200000ull
#define KERNEL_CLONE_UNTRACED 0x00800000ull
#define KERNEL_CLONE_CHILD_SETTID 0x01000000ull
#define KERNEL_CLONE_NEWCGROUP 0x02000000ull
#define KERNEL_CLONE_NEWUTS 0x04000000ull
#define KERNEL_CLONE_NEWIPC 0x08000000ull
#define KERNEL_CLONE_NEWUSER 0x10000000ull
#define KERNEL_CLONE_NEWPID 0x20000000ull
#define KERNEL_CLONE_NEWNET 0x40000000ull
#define KERNEL_CLONE_IO 0x80000000ull
#define KERNEL_CLONE_CLEAR_SIGHAND 0x100000000ull	/* 5.5, clone3 only */
#define KERNEL_CLONE_INTO_CGROUP 0x200000000ull		/* 5.7, clone3 only */

#define KERNEL_CGROUP2_MAGIC 0x63677270	/* statfs(2) */
#define KERNEL_CLOSE_RANGE_UNSHARE 2u	/* 5.9 */
#define KERNEL_CLOSE_RANGE_CLOEXEC 4u	/* 5.11 */
#define KERNEL_PIDFD_THREAD 00000200u	/* O_EXCL; 6.9 */
#define KERNEL_PIDFD_SIGNAL_PROCESS_GROUP 4u	/* 6.9 */
#define KERNEL_P_PIDFD 3		/* 5.4 */
#define KERNEL_KCMP_VM 1
#define KERNEL_KCMP_FILES 2
#define KERNEL_CLOCK_MONOTONIC 1
#define KERNEL_IOPRIO_WHO_PROCESS 1
#define KERNEL_SCHED_DEADLINE 6
#define KERNEL_SCHED_EXT 7		/* 6.12 */
#define KERNEL_WALL 0x40000000
#define KERNEL_WCLONE 0x80000000u
#define KERNEL_SIGNALS 64
#define KERNEL_SIGSET_SIZE 8
#define KERNEL_SO_PEERGROUPS 59
#define KERNEL_SO_PASSPIDFD 76		/* 6.5 */
#define KERNEL_SCM_PIDFD 4		/* 6.5 */

/* What of it is told to a kernel that knows no more: the first published size, of 5.3 */
#define KERNEL_CLONE_ARGS_FIRST 64

struct kernel_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;		/* 5.5 */
	uint64_t set_tid_size;
	uint64_t cgroup;		/* 5.7 */
};

#define KERNEL_CAP_VERSION_3 0x20080522
#define KERNEL_CAP_SETPCAP 8

struct kernel_cap_head {
	uint32_t version;
	int pid;		/* 0: the calling thread */
};

/* Two of them: the second one has the bits from 32 on. */
struct kernel_cap_sets {
	uint32_t effective, permitted, inheritable;
};

#define KERNEL_SECCOMP_SET_MODE_FILTER 1
#define KERNEL_FILTER_MOST 4096		/* instructions */

struct kernel_filter {
	unsigned short count;
	const void *instructions;	/* of 8 bytes */
};

#define KERNEL_LANDLOCK_VERSION 1u	/* asks for that; 5.13 */
#define KERNEL_LANDLOCK_BENEATH 1

/* The first published size, for rights in the file system alone. */
struct kernel_landlock_ruleset {
	uint64_t handled;
};

struct kernel_landlock_beneath {
	uint64_t allowed;
	int parent;
} __attribute__((packed));

struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

/* What timer_create() is told: the signal goes to the process (SIGEV_SIGNAL is 0). */
struct kernel_sigevent {
	uint64_t value;
	int signal;
	int notify;
	int rest[12];
};

struct kernel_itimerspec {
	struct {
		int64_t seconds, nanoseconds;
	} interval, value;
};

struct kernel_rlimit64 {
	uint64_t current;
	uint64_t max;
};

struct kernel_dirent64 {
	uint64_t inode;
	int64_t offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

#endif
