/* SPDX-License-Identifier: MIT */
/*
 * Names as people write them, as X-macro tables without code: the library
 * prints them, the programs parse them.
 */
#ifndef NAMES_H
#define NAMES_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "arch/arch.h"
#include "kernel.h"
#include "spawnutil.h"

/* What a table is given, for an array, and for a list: "there are:" LIMIT_NAMES(NAME_LISTED) */
#define NAME_ROW(name, number, ...) {name, number},
#define NAME_LISTED(name, number, ...) " " name

/* X(name without SIG, number); where two names share a number the usual one stands first. */
#define SIGNAL_NAMES(X) \
	X("HUP", SIGHUP) \
	X("INT", SIGINT) \
	X("QUIT", SIGQUIT) \
	X("ILL", SIGILL) \
	X("TRAP", SIGTRAP) \
	X("ABRT", SIGABRT) \
	X("IOT", SIGIOT) \
	X("BUS", SIGBUS) \
	X("FPE", SIGFPE) \
	X("KILL", SIGKILL) \
	X("USR1", SIGUSR1) \
	X("SEGV", SIGSEGV) \
	X("USR2", SIGUSR2) \
	X("PIPE", SIGPIPE) \
	X("ALRM", SIGALRM) \
	X("TERM", SIGTERM) \
	X("STKFLT", SIGSTKFLT) \
	X("CHLD", SIGCHLD) \
	X("CLD", SIGCHLD) \
	X("CONT", SIGCONT) \
	X("STOP", SIGSTOP) \
	X("TSTP", SIGTSTP) \
	X("TTIN", SIGTTIN) \
	X("TTOU", SIGTTOU) \
	X("URG", SIGURG) \
	X("XCPU", SIGXCPU) \
	X("XFSZ", SIGXFSZ) \
	X("VTALRM", SIGVTALRM) \
	X("PROF", SIGPROF) \
	X("WINCH", SIGWINCH) \
	X("IO", SIGIO) \
	X("POLL", SIGIO) \
	X("PWR", SIGPWR) \
	X("SYS", SIGSYS)

/* X(name, number): the names of prlimit(1) and limits.conf(5) */
#define LIMIT_NAMES(X) \
	X("as", RLIMIT_AS) \
	X("core", RLIMIT_CORE) \
	X("cpu", RLIMIT_CPU) \
	X("data", RLIMIT_DATA) \
	X("fsize", RLIMIT_FSIZE) \
	X("locks", RLIMIT_LOCKS) \
	X("memlock", RLIMIT_MEMLOCK) \
	X("msgqueue", RLIMIT_MSGQUEUE) \
	X("nice", RLIMIT_NICE) \
	X("nofile", RLIMIT_NOFILE) \
	X("nproc", RLIMIT_NPROC) \
	X("rss", RLIMIT_RSS) \
	X("rtprio", RLIMIT_RTPRIO) \
	X("rttime", RLIMIT_RTTIME) \
	X("sigpending", RLIMIT_SIGPENDING) \
	X("stack", RLIMIT_STACK)

/* X(name, number): chrt(1)'s, for what takes no more than a priority */
#define SCHEDULER_NAMES(X) \
	X("other", SCHED_OTHER) \
	X("fifo", SCHED_FIFO) \
	X("rr", SCHED_RR) \
	X("batch", SCHED_BATCH) \
	X("idle", SCHED_IDLE) \
	X("ext", KERNEL_SCHED_EXT)

/* X(ionice(1)'s name, number, the kernel's) */
#define IOPRIO_NAMES(X) \
	X("none", SPU_IOPRIO_NONE, "NONE") \
	X("realtime", SPU_IOPRIO_REALTIME, "RT") \
	X("best-effort", SPU_IOPRIO_BEST_EFFORT, "BE") \
	X("idle", SPU_IOPRIO_IDLE, "IDLE")

/* X(name without CAP_, number): <linux/capability.h>, which not every libc's compiler finds */
#define CAPABILITY_NAMES(X) \
	X("chown", 0) \
	X("dac_override", 1) \
	X("dac_read_search", 2) \
	X("fowner", 3) \
	X("fsetid", 4) \
	X("kill", 5) \
	X("setgid", 6) \
	X("setuid", 7) \
	X("setpcap", 8) \
	X("linux_immutable", 9) \
	X("net_bind_service", 10) \
	X("net_broadcast", 11) \
	X("net_admin", 12) \
	X("net_raw", 13) \
	X("ipc_lock", 14) \
	X("ipc_owner", 15) \
	X("sys_module", 16) \
	X("sys_rawio", 17) \
	X("sys_chroot", 18) \
	X("sys_ptrace", 19) \
	X("sys_pacct", 20) \
	X("sys_admin", 21) \
	X("sys_boot", 22) \
	X("sys_nice", 23) \
	X("sys_resource", 24) \
	X("sys_time", 25) \
	X("sys_tty_config", 26) \
	X("mknod", 27) \
	X("lease", 28) \
	X("audit_write", 29) \
	X("audit_control", 30) \
	X("setfcap", 31) \
	X("mac_override", 32) \
	X("mac_admin", 33) \
	X("syslog", 34) \
	X("wake_alarm", 35) \
	X("block_suspend", 36) \
	X("audit_read", 37) \
	X("perfmon", 38) \
	X("bpf", 39) \
	X("checkpoint_restore", 40)

/* X(name without SECBIT_, bit): <linux/securebits.h>. exec clears keep_caps. */
#define SECUREBIT_NAMES(X) \
	X("noroot", 0x01) \
	X("noroot_locked", 0x02) \
	X("no_setuid_fixup", 0x04) \
	X("no_setuid_fixup_locked", 0x08) \
	X("keep_caps_locked", 0x20) \
	X("no_cap_ambient_raise", 0x40) \
	X("no_cap_ambient_raise_locked", 0x80)

/* X(setpriv(1)'s name, bit, the version of Landlock that brought it) */
#define LANDLOCK_NAMES(X) \
	X("execute", 0x1, 1) \
	X("write-file", 0x2, 1) \
	X("read-file", 0x4, 1) \
	X("read-dir", 0x8, 1) \
	X("remove-dir", 0x10, 1) \
	X("remove-file", 0x20, 1) \
	X("make-char", 0x40, 1) \
	X("make-dir", 0x80, 1) \
	X("make-reg", 0x100, 1) \
	X("make-sock", 0x200, 1) \
	X("make-fifo", 0x400, 1) \
	X("make-block", 0x800, 1) \
	X("make-sym", 0x1000, 1) \
	X("refer", 0x2000, 2) \
	X("truncate", 0x4000, 3) \
	X("ioctl-dev", 0x8000, 5)

/* X(name, number) */
#define METHOD_NAMES(X) \
	X("vfork", SPU_METHOD_VFORK) \
	X("posix_spawn", SPU_METHOD_POSIX_SPAWN)

/* X(name, number) */
#define LEAKS_NAMES(X) \
	X("close", SPU_LEAKS_CLOSE) \
	X("allow", SPU_LEAKS_ALLOW) \
	X("fail", SPU_LEAKS_FAIL)

/* X(open(2)'s name, number, the short one): what the lowest two bits of its flags say */
#define ACCESS_NAMES(X) \
	X("O_RDONLY", 0, "r") \
	X("O_WRONLY", 1, "w") \
	X("O_RDWR", 2, "rw") \
	X("O_ACCMODE", 3, "-")
#define ACCESS_BITS 3	/* musl's O_ACCMODE has O_PATH in it */

/* X(name, bits): the other ones. What has the bits of others too stands before them. */
#define OPEN_FLAG_NAMES(X) \
	X("O_CREAT", O_CREAT) \
	X("O_EXCL", O_EXCL) \
	X("O_NOCTTY", O_NOCTTY) \
	X("O_TRUNC", O_TRUNC) \
	X("O_APPEND", O_APPEND) \
	X("O_NONBLOCK", O_NONBLOCK) \
	X("O_SYNC", O_SYNC) \
	X("O_DSYNC", O_DSYNC) \
	X("O_ASYNC", O_ASYNC) \
	X("O_DIRECT", O_DIRECT) \
	X("O_LARGEFILE", ARCH_O_LARGEFILE) \
	X("O_NOFOLLOW", O_NOFOLLOW) \
	X("O_NOATIME", O_NOATIME) \
	X("O_CLOEXEC", O_CLOEXEC) \
	X("O_PATH", O_PATH) \
	X("O_TMPFILE", O_TMPFILE) \
	X("O_DIRECTORY", O_DIRECTORY)

/* X(name, bit) */
#define CLONE_FLAG_NAMES(X) \
	X("CLONE_VM", KERNEL_CLONE_VM) \
	X("CLONE_FS", KERNEL_CLONE_FS) \
	X("CLONE_FILES", KERNEL_CLONE_FILES) \
	X("CLONE_SIGHAND", KERNEL_CLONE_SIGHAND) \
	X("CLONE_PIDFD", KERNEL_CLONE_PIDFD) \
	X("CLONE_PTRACE", KERNEL_CLONE_PTRACE) \
	X("CLONE_VFORK", KERNEL_CLONE_VFORK) \
	X("CLONE_PARENT", KERNEL_CLONE_PARENT) \
	X("CLONE_THREAD", KERNEL_CLONE_THREAD) \
	X("CLONE_NEWNS", KERNEL_CLONE_NEWNS) \
	X("CLONE_SYSVSEM", KERNEL_CLONE_SYSVSEM) \
	X("CLONE_SETTLS", KERNEL_CLONE_SETTLS) \
	X("CLONE_PARENT_SETTID", KERNEL_CLONE_PARENT_SETTID) \
	X("CLONE_CHILD_CLEARTID", KERNEL_CLONE_CHILD_CLEARTID) \
	X("CLONE_UNTRACED", KERNEL_CLONE_UNTRACED) \
	X("CLONE_CHILD_SETTID", KERNEL_CLONE_CHILD_SETTID) \
	X("CLONE_NEWCGROUP", KERNEL_CLONE_NEWCGROUP) \
	X("CLONE_NEWUTS", KERNEL_CLONE_NEWUTS) \
	X("CLONE_NEWIPC", KERNEL_CLONE_NEWIPC) \
	X("CLONE_NEWUSER", KERNEL_CLONE_NEWUSER) \
	X("CLONE_NEWPID", KERNEL_CLONE_NEWPID) \
	X("CLONE_NEWNET", KERNEL_CLONE_NEWNET) \
	X("CLONE_IO", KERNEL_CLONE_IO) \
	X("CLONE_CLEAR_SIGHAND", KERNEL_CLONE_CLEAR_SIGHAND) \
	X("CLONE_INTO_CGROUP", KERNEL_CLONE_INTO_CGROUP)

#endif
