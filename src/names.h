/* SPDX-License-Identifier: MIT */
/*
 * Names as people write them, as X-macro tables without code: the library
 * prints them, the programs parse them.
 */
#ifndef NAMES_H
#define NAMES_H

#include <signal.h>
#include <sys/resource.h>

#include "spawnutil.h"

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

/* X(name, number) */
#define METHOD_NAMES(X) \
	X("vfork", SPU_METHOD_VFORK) \
	X("posix_spawn", SPU_METHOD_POSIX_SPAWN)

/* X(name, number) */
#define LEAKS_NAMES(X) \
	X("close", SPU_LEAKS_CLOSE) \
	X("allow", SPU_LEAKS_ALLOW) \
	X("fail", SPU_LEAKS_FAIL)

#endif
