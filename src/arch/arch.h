/* SPDX-License-Identifier: MIT */
/*
 * What differs between processors, a file for each: how a system call is made, how
 * a child is made that goes on elsewhere, how a program begins; which calls there
 * are, and the numbers by which seccomp and open know the processor; and, for who
 * traces, its registers. All of it is macros and inline functions, for the child's
 * object too.
 *
 * On other processors libc's posix_spawn is the only method, the parent's calls go
 * through libc, and spawnaudit can't be built.
 */
#ifndef ARCH_H
#define ARCH_H

#include <stdint.h>
#include <sys/syscall.h>

/* Even at -O0: what the child runs shall not be spread over other sections. */
#define INLINE static inline __attribute__((always_inline))

#if defined(POSIX_SPAWN_ONLY)
#include "other.h"
#elif defined(__x86_64__) && defined(__LP64__)
#include "x86_64.h"
#elif defined(__aarch64__) && defined(__LP64__)
#include "aarch64.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "riscv64.h"
#else
#define POSIX_SPAWN_ONLY
#include "other.h"
#endif

INLINE long syscall3(long number, long a, long b, long c)
{
	return syscall6(number, a, b, c, 0, 0, 0);
}

INLINE long syscall4(long number, long a, long b, long c, long d)
{
	return syscall6(number, a, b, c, d, 0, 0);
}

/* The same everywhere; libc's headers may be older than the kernel. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#endif
