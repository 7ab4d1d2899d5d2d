/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls and the kernel's numbers and structures, inline only: what
 * the child uses in place of libc, and what libc's headers may not have
 * (musl-gcc sees no <linux/...>). Nothing here calls anything.
 */
#ifndef SYSCALL_H
#define SYSCALL_H

#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define KERNEL_CLONE_VM 0x00000100ull
#define KERNEL_CLONE_FILES 0x00000400ull
#define KERNEL_CLONE_PIDFD 0x00001000ull
#define KERNEL_CLONE_VFORK 0x00004000ull
#define KERNEL_CLONE_CHILD_SETTID 0x01000000ull
#define KERNEL_CLONE_CLEAR_SIGHAND 0x100000000ull

#define KERNEL_CLOSE_RANGE_UNSHARE 2u
#define KERNEL_CLOSE_RANGE_CLOEXEC 4u
#define KERNEL_P_PIDFD 3
#define KERNEL_WALL 0x40000000
#define KERNEL_WCLONE 0x80000000u
#define KERNEL_SIGNALS 64
#define KERNEL_SIGSET_SIZE 8

/* The first published size (Linux 5.3), so that no kernel answers E2BIG. */
struct kernel_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
};

struct kernel_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
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

/* Even at -O0: what the child runs shall not be spread over other sections. */
#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(POSIX_SPAWN_ONLY)

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

#elif defined(__aarch64__) && !defined(POSIX_SPAWN_ONLY)

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#else

/*
 * Another processor: without its system call convention there is no child of
 * ours, only libc's posix_spawn. The parent's calls go through libc.
 */
#ifndef POSIX_SPAWN_ONLY
#define POSIX_SPAWN_ONLY
#endif
#include <errno.h>
#include <unistd.h>

INLINE long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	long result = syscall(number, a, b, c, d, e, f);

	return result == -1 ? -errno : result;
}

#endif

INLINE long syscall3(long number, long a, long b, long c)
{
	return syscall6(number, a, b, c, 0, 0, 0);
}

INLINE long syscall4(long number, long a, long b, long c, long d)
{
	return syscall6(number, a, b, c, d, 0, 0);
}

#endif
