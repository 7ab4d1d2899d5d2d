/* SPDX-License-Identifier: MIT */
#include "call_table.h"

#include <stddef.h>
#include <sys/syscall.h>

#include "arch/arch.h"
#include "launch.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

#define CALLS(X) \
	X(execve, "pv", 0) \
	X(execveat, "Dpv", 0) \
	X(exit, "d", 0) \
	X(exit_group, "d", 0) \
	X(brk, "x", WORK_ALLOCATES) \
	X(mmap, "xdxxdx", WORK_ALLOCATES) \
	X(munmap, "xd", WORK_ALLOCATES) \
	X(mremap, "xdd", WORK_ALLOCATES) \
	X(mprotect, "xdx", WORK_ALLOCATES) \
	X(madvise, "xdd", WORK_ALLOCATES) \
	X(futex, "xfd", 0) \
	X(set_robust_list, "", 0) \
	X(set_tid_address, "", 0) \
	X(rseq, "", 0) \
	X(clone, "c", 0) \
	X(clone3, "", 0) \
	X(wait4, "d", 0) \
	X(waitid, "dd", 0) \
	X(kill, "ds", 0) \
	X(tkill, "ds", 0) \
	X(tgkill, "dds", 0) \
	X(rt_sigaction, "s", 0) \
	X(rt_sigprocmask, "h", 0) \
	X(rt_sigpending, "", 0) \
	X(rt_sigsuspend, "", 0) \
	X(rt_sigtimedwait, "", 0) \
	X(rt_sigreturn, "", 0) \
	X(sigaltstack, "", 0) \
	X(restart_syscall, "", 0) \
	X(read, "d", 0) \
	X(readv, "d", 0) \
	X(pread64, "d", 0) \
	X(write, "d\"d", 0) \
	X(writev, "d", 0) \
	X(pwrite64, "d\"d", 0) \
	X(sendto, "d\"d", 0) \
	X(sendmsg, "d", 0) \
	X(sendmmsg, "d", 0) \
	X(recvfrom, "d", 0) \
	X(recvmsg, "d", 0) \
	X(socket, "ddd", 0) \
	X(socketpair, "ddd", 0) \
	X(connect, "dk", 0) \
	X(bind, "dk", 0) \
	X(listen, "dd", 0) \
	X(accept, "d", 0) \
	X(accept4, "d", 0) \
	X(setsockopt, "ddd", 0) \
	X(getsockopt, "ddd", 0) \
	X(shutdown, "dd", 0) \
	X(openat, "Dpo", 0) \
	X(openat2, "Dp", 0) \
	X(close, "d", 0) \
	X(close_range, "ddd", 0) \
	X(dup, "d", 0) \
	X(dup3, "ddx", 0) \
	X(fcntl, "ddx", 0) \
	X(ioctl, "dx", 0) \
	X(flock, "dd", 0) \
	X(lseek, "dd", 0) \
	X(ftruncate, "dd", 0) \
	X(fsync, "d", 0) \
	X(pipe2, "xx", 0) \
	X(eventfd2, "dx", 0) \
	X(epoll_create1, "x", 0) \
	X(epoll_ctl, "ddd", 0) \
	X(epoll_pwait, "d", 0) \
	X(ppoll, "", 0) \
	X(pselect6, "", 0) \
	X(getdents64, "d", 0) \
	X(newfstatat, "Dp", 0) \
	X(fstat, "d", 0) \
	X(statx, "Dp", 0) \
	X(statfs, "p", 0) \
	X(faccessat, "Dp", 0) \
	X(faccessat2, "Dp", 0) \
	X(readlinkat, "Dp", 0) \
	X(unlinkat, "Dp", 0) \
	X(mkdirat, "Dpm", 0) \
	X(renameat2, "DpDp", 0) \
	X(fchmod, "dm", 0) \
	X(fchmodat, "Dpm", 0) \
	X(fchown, "ddd", 0) \
	X(getcwd, "", 0) \
	X(chdir, "p", 0) \
	X(fchdir, "d", 0) \
	X(chroot, "p", 0) \
	X(pivot_root, "pp", 0) \
	X(mount, "pp", 0) \
	X(umount2, "pd", 0) \
	X(setns, "dx", 0) \
	X(unshare, "x", 0) \
	X(umask, "m", 0) \
	X(getpid, "", 0) \
	X(getppid, "", 0) \
	X(gettid, "", 0) \
	X(getuid, "", 0) \
	X(geteuid, "", 0) \
	X(getgid, "", 0) \
	X(getegid, "", 0) \
	X(getresuid, "", 0) \
	X(getresgid, "", 0) \
	X(getgroups, "", 0) \
	X(setuid, "d", 0) \
	X(setgid, "d", 0) \
	X(setreuid, "dd", 0) \
	X(setregid, "dd", 0) \
	X(setresuid, "ddd", 0) \
	X(setresgid, "ddd", 0) \
	X(setgroups, "d", 0) \
	X(setsid, "", 0) \
	X(getsid, "d", 0) \
	X(setpgid, "dd", 0) \
	X(getpgid, "d", 0) \
	X(setpriority, "ddd", 0) \
	X(getpriority, "dd", 0) \
	X(sched_setaffinity, "d", 0) \
	X(sched_getaffinity, "d", 0) \
	X(sched_setscheduler, "dd", 0) \
	X(sched_setparam, "d", 0) \
	X(sched_yield, "", 0) \
	X(ioprio_set, "ddd", 0) \
	X(prlimit64, "dd", 0) \
	X(getrlimit, "d", 0) \
	X(setrlimit, "d", 0) \
	X(prctl, "dxx", 0) \
	X(capset, "", 0) \
	X(capget, "", 0) \
	X(seccomp, "dx", 0) \
	X(personality, "x", 0) \
	X(keyctl, "d", 0) \
	X(pidfd_open, "dx", 0) \
	X(pidfd_getfd, "ddx", 0) \
	X(pidfd_send_signal, "ds", 0) \
	X(getrandom, "", 0) \
	X(clock_gettime, "d", 0) \
	X(clock_nanosleep, "d", 0) \
	X(nanosleep, "", 0) \
	X(setitimer, "d", 0) \
	X(uname, "", 0) \
	X(sysinfo, "", 0) \
	X(membarrier, "d", 0) \
	X(recvmmsg, "d", 0) \
	X(signalfd4, "d", 0) \
	X(timerfd_create, "dx", 0) \
	X(inotify_init1, "x", 0) \
	X(fanotify_init, "xx", 0) \
	X(memfd_create, "px", 0) \
	X(userfaultfd, "x", 0) \
	X(perf_event_open, "", 0) \
	X(open_by_handle_at, "D", 0)

#if ARCH_HAS_OLD_CALLS
#define OLD_CALLS(X) \
	X(open, "po", 0) \
	X(creat, "pm", 0) \
	X(dup2, "dd", 0) \
	X(fork, "", 0) \
	X(vfork, "", 0) \
	X(pipe, "x", 0) \
	X(access, "pd", 0) \
	X(stat, "p", 0) \
	X(lstat, "p", 0) \
	X(readlink, "p", 0) \
	X(unlink, "p", 0) \
	X(rename, "pp", 0) \
	X(mkdir, "pm", 0) \
	X(chmod, "pm", 0) \
	X(chown, "pdd", 0) \
	X(getpgrp, "", 0) \
	X(alarm, "d", 0) \
	X(pause, "", 0) \
	X(poll, "", 0) \
	X(select, "", 0) \
	X(epoll_wait, "d", 0) \
	X(epoll_create, "d", 0) \
	X(eventfd, "d", 0) \
	X(signalfd, "d", 0) \
	X(inotify_init, "", 0) \
	X(time, "", 0) \
	X(gettimeofday, "", 0)
#else
#define OLD_CALLS(X)
#endif

static const struct call_entry table[] = {
#define ENTRY(name, arguments, work) {SYS_##name, #name, arguments, work},
	CALLS(ENTRY) OLD_CALLS(ENTRY)
#undef ENTRY
};

const struct call_entry *call_find(long number)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].number == number)
			return &table[i];
	return NULL;
}
