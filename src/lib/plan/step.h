/* SPDX-License-Identifier: MIT */
/*
 * The steps that a child can take, one row a kind: a new one is a row here and
 * a line in the front that asks for it.
 */
#ifndef LIB_STEP_H
#define LIB_STEP_H

#include "../../arch/arch.h"
#include "../../spawnutil.h"

/*
 * X(kind, public number, name, system call, in posix_spawn, subject, call as shown)
 *
 * The rows stand in the order in which compile.c asks for them. Why this order:
 * the deadline is there before anything that may hang, and is the child's that
 * execs; the table is its own before anything changes it; the tail is closed before
 * anything can get a number in it; limits and priorities while the rights to
 * raise them are there; directories before the files that are named relative to
 * them; capabilities on both sides of the ids, which take the right to some and
 * clear others; ids before files are opened; moves before opens, which need no source;
 * ctty and foreground name descriptors as the child has them; the parent-death
 * signal after the ids, which clear it; the limit of open files when all are
 * open; a filter when hardly a call is left that it may forbid; signals stay blocked
 * until all is done.
 *
 * In posix_spawn: OWN is libc's own business, REFUSED can't be said there, all
 * else is a function of posix_spawn.c. What stands behind $ in the two texts, a
 * letter and the number of an argument, is explained in shown.c.
 */
#define STEPS(X) \
	X(HANDLERS, SPU_STEP_HANDLERS, "handlers", SYS_rt_sigaction, OWN, "handlers", \
	  "rt_sigaction for each caught signal: SIG_DFL") \
	X(DETACH_HERE, SPU_STEP_DETACH, "detach", SYS_getppid, REFUSED, "detach", \
	  "getppid() is $d0") \
	X(DETACH, SPU_STEP_DETACH, "detach", SYS_clone, REFUSED, "detach", \
	  "clone(flags=CLONE_VM|CLONE_VFORK|CLONE_PARENT_SETTID|CLONE_CHILD_SETTID), and that " \
	  "child goes on") \
	X(DEADLINE_HERE, SPU_STEP_DEADLINE, "deadline", SYS_getpid, REFUSED, "timeout_ms", \
	  "getpid(), which isn't 1") \
	X(DEADLINE_MAKE, SPU_STEP_DEADLINE, "deadline", SYS_timer_create, REFUSED, "timeout_ms", \
	  "timer_create(CLOCK_MONOTONIC, {sigev_signo=SIGKILL, sigev_notify=SIGEV_SIGNAL}, " \
	  "[N])") \
	X(DEADLINE, SPU_STEP_DEADLINE, "deadline", SYS_timer_settime, REFUSED, "timeout_ms", \
	  "timer_settime(N, 0, $i2, NULL)") \
	X(ASK_CLOSE, SPU_STEP_CLOSE, "close", SYS_close_range, OWN, "close", \
	  "close_range($u0, $u1, $r2) is EINVAL") \
	X(UNSHARE, SPU_STEP_CLOSE, "close", SYS_close_range, REFUSED, "close $u0 to $u1", \
	  "close_range($u0, $u1, $r2)") \
	X(CLOSE_TAIL, SPU_STEP_CLOSE, "close", SYS_close_range, CLOSE_TAIL, "close $u0 to $u1", \
	  "close_range($u0, $u1, $r2)") \
	X(DEFAULT, SPU_STEP_SIGNAL, "signal", SYS_rt_sigaction, DEFAULT, "signal $k0 ($d0)", \
	  "rt_sigaction($g0, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, NULL, 8)") \
	X(IGNORE, SPU_STEP_SIGNAL, "signal", SYS_rt_sigaction, REFUSED, \
	  "ignore signal $k0 ($d0)", \
	  "rt_sigaction($g0, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=0}, NULL, 8)") \
	X(SETSID, SPU_STEP_SETSID, "setsid", SYS_setsid, SETSID, "setsid", "setsid()") \
	X(PGROUP, SPU_STEP_PGROUP, "setpgid", SYS_setpgid, PGROUP, "setpgid $d1", \
	  "setpgid($d0, $d1)") \
	X(CGROUP_OPEN, SPU_STEP_CGROUP, "cgroup", SYS_openat, REFUSED, "cgroup $t5", \
	  "openat(AT_FDCWD, $s1, $o2) = N") \
	X(CGROUP_WRITE, SPU_STEP_CGROUP, "cgroup", SYS_write, REFUSED, "cgroup $t5", \
	  "write(N, $s1, $d2)") \
	X(CGROUP_CLOSE, SPU_STEP_CGROUP, "cgroup", SYS_close, REFUSED, "cgroup $t5", "close(N)") \
	X(PID_VARIABLE, SPU_STEP_PID, "pid", SYS_getpid, REFUSED, "pid_variable", \
	  "getpid(), in $t1") \
	X(PID_OPEN, SPU_STEP_PID, "pid", SYS_openat, REFUSED, "pid_file $t1", \
	  "openat(AT_FDCWD, $s1, $o2) = N") \
	X(PID_TEXT, SPU_STEP_PID, "pid", SYS_getpid, REFUSED, "pid_file $t1", \
	  "getpid(), as a line") \
	X(PID_WRITE, SPU_STEP_PID, "pid", SYS_write, REFUSED, "pid_file $t5", \
	  "write(N, line, size)") \
	X(PID_CLOSE, SPU_STEP_PID, "pid", SYS_close, REFUSED, "pid_file $t5", "close(N)") \
	X(NICE, SPU_STEP_NICE, "nice", SYS_setpriority, REFUSED, "nice $d2", \
	  "setpriority(PRIO_PROCESS, 0, $d2)") \
	X(OOM_OPEN, SPU_STEP_OOM, "oom", SYS_openat, REFUSED, "oom_score_adj $t5", \
	  "openat(AT_FDCWD, $s1, $o2) = N") \
	X(OOM_WRITE, SPU_STEP_OOM, "oom", SYS_write, REFUSED, "oom_score_adj $t5", \
	  "write(N, $s1, $d2)") \
	X(OOM_CLOSE, SPU_STEP_OOM, "oom", SYS_close, REFUSED, "oom_score_adj $t5", "close(N)") \
	X(CPUS, SPU_STEP_CPUS, "cpus", SYS_sched_setaffinity, REFUSED, "cpus", \
	  "sched_setaffinity(0, $d1, $c2)") \
	X(SCHEDULER, SPU_STEP_SCHEDULER, "scheduler", SYS_sched_setscheduler, SCHEDULER, \
	  "scheduler $w1 $q2", "sched_setscheduler(0, $W1, [$q2])") \
	X(SCHED_PARAM, SPU_STEP_SCHEDULER, "scheduler", SYS_sched_setparam, SCHED_PARAM, \
	  "sched_priority $q1", "sched_setparam(0, [$q1])") \
	X(IOPRIO, SPU_STEP_IOPRIO, "ioprio", SYS_ioprio_set, REFUSED, "ioprio $j2", \
	  "ioprio_set(IOPRIO_WHO_PROCESS, 0, $J2)") \
	X(LIMIT, SPU_STEP_LIMIT, "limit", SYS_prlimit64, REFUSED, "limit $l1", \
	  "prlimit64(0, $L1, $p2, NULL)") \
	X(UMASK, SPU_STEP_UMASK, "umask", SYS_umask, REFUSED, "umask", "umask($m0)") \
	X(ROOT, SPU_STEP_ROOT, "chroot", SYS_chroot, REFUSED, "chroot $t0", "chroot($s0)") \
	X(CWD, SPU_STEP_CWD, "chdir", SYS_chdir, CWD, "chdir $t0", "chdir($s0)") \
	X(FCHDIR, SPU_STEP_CWD, "chdir", SYS_fchdir, REFUSED, "chdir $d0", "fchdir($d0)") \
	X(INHERITABLE, SPU_STEP_INHERITABLE_CAPS, "inh-caps", SYS_capset, REFUSED, \
	  "inheritable capabilities", "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, $v1)") \
	X(BOUNDING, SPU_STEP_BOUNDING_SET, "bounding-set", SYS_prctl, REFUSED, \
	  "bounding_set: drop $a1", "prctl(PR_CAPBSET_DROP, $A1)") \
	X(KEEP_CAPS, SPU_STEP_AMBIENT_CAPS, "ambient-caps", SYS_prctl, REFUSED, \
	  "keep capabilities", "prctl(PR_SET_KEEPCAPS, 1)") \
	X(GROUPS, SPU_STEP_GROUPS, "setgroups", SYS_setgroups, REFUSED, "setgroups", \
	  "setgroups($d0, $G1)") \
	X(GID, SPU_STEP_GID, "setgid", SYS_setresgid, REFUSED, "setgid $d0", \
	  "setresgid($d0, $d1, $d2)") \
	X(RESET_GID, SPU_STEP_GID, "setgid", SYS_setresgid, REFUSED, "setgid $d1", \
	  "setresgid(-1, $d1, -1)") \
	X(UID, SPU_STEP_UID, "setuid", SYS_setresuid, REFUSED, "setuid $d0", \
	  "setresuid($d0, $d1, $d2)") \
	X(RESET_UID, SPU_STEP_UID, "setuid", SYS_setresuid, REFUSED, "setuid $d1", \
	  "setresuid(-1, $d1, -1)") \
	X(AMBIENT_CLEAR, SPU_STEP_AMBIENT_CAPS, "ambient-caps", SYS_prctl, REFUSED, \
	  "ambient_caps", "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)") \
	X(AMBIENT, SPU_STEP_AMBIENT_CAPS, "ambient-caps", SYS_prctl, REFUSED, \
	  "ambient_caps: $a2", "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, $A2, 0, 0)") \
	X(MOVE, SPU_STEP_MOVE, "move", SYS_dup3, MOVE, "$e", "dup3($d0, $d1, 0)") \
	X(MOVE_KEEP, SPU_STEP_MOVE, "move", SYS_fcntl, MOVE_KEEP, "$e", "fcntl($d0, F_SETFD, 0)") \
	X(MOVE_SAVE, SPU_STEP_MOVE, "move", SYS_fcntl, MOVE_SAVE, "$e", \
	  "fcntl($d0, F_DUPFD_CLOEXEC, 0) = N") \
	X(MOVE_RESTORE, SPU_STEP_MOVE, "move", SYS_dup3, MOVE_RESTORE, "$e", "dup3(N, $d1, 0)") \
	X(MOVE_DROP, SPU_STEP_MOVE, "move", SYS_close, MOVE_DROP, "$e", "close(N)") \
	X(FETCH_HERE, SPU_STEP_MOVE, "fetch", SYS_getppid, REFUSED, "$e", "getppid() is $d0") \
	X(FETCH_PARENT, SPU_STEP_MOVE, "fetch", SYS_pidfd_open, REFUSED, "$e", \
	  "pidfd_open($d0, $P1) = N") \
	X(FETCH, SPU_STEP_MOVE, "fetch", SYS_pidfd_getfd, REFUSED, "$e", \
	  "pidfd_getfd($d0, $d1, 0) = N") \
	X(FETCH_PLACE, SPU_STEP_MOVE, "fetch", SYS_dup3, REFUSED, "$e", \
	  "dup3(N, $d1, $x2) unless N is $d1") \
	X(FETCH_DROP, SPU_STEP_MOVE, "fetch", SYS_close, REFUSED, "$e", \
	  "close(N) unless N is $d1") \
	X(FETCH_CLEAR, SPU_STEP_MOVE, "fetch", SYS_fcntl, REFUSED, "$e", "fcntl($d0, F_SETFD, 0)") \
	X(FETCH_END, SPU_STEP_MOVE, "fetch", SYS_close, REFUSED, "$e", "close($d0)") \
	X(OPEN_CLEAR, SPU_STEP_OPEN, "open", SYS_close, OWN, "$e", \
	  "close($d0), open or not") \
	X(OPEN, SPU_STEP_OPEN, "open", SYS_openat, OPEN, "$e", "openat(AT_FDCWD, $s1, $o2) = N") \
	X(OPEN_PLACE, SPU_STEP_OPEN, "open", SYS_dup3, OWN, "$e", \
	  "dup3(N, $d1, $x2) unless N is $d1") \
	X(OPEN_DROP, SPU_STEP_OPEN, "open", SYS_close, OWN, "$e", "close(N) unless N is $d1") \
	X(SAME, SPU_STEP_MOVE, "move", SYS_dup3, MOVE, "$e", "dup3($d0, $d1, 0)") \
	X(CLOSE_GAP, SPU_STEP_CLOSE, "close", SYS_close_range, CLOSE_GAP, "close $u0 to $u1", \
	  "close_range($u0, $u1, $r2)") \
	X(CLOSE_ONE, SPU_STEP_CLOSE, "close", SYS_close, REFUSED, "close $d0", \
	  "close($d0), open or not") \
	X(CTTY, SPU_STEP_CTTY, "ctty", SYS_ioctl, REFUSED, "ctty $d0", "ioctl($d0, TIOCSCTTY, 0)") \
	X(FOREGROUND, SPU_STEP_FOREGROUND, "foreground", SYS_ioctl, FOREGROUND, "foreground $d0", \
	  "ioctl($d0, TIOCSPGRP, [group])") \
	X(NO_NEW_PRIVS, SPU_STEP_NO_NEW_PRIVS, "no-new-privs", SYS_prctl, REFUSED, \
	  "no-new-privs", "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)") \
	X(PDEATHSIG, SPU_STEP_PDEATHSIG, "pdeathsig", SYS_prctl, REFUSED, "pdeathsig $k1", \
	  "prctl(PR_SET_PDEATHSIG, $g1)") \
	X(PARENT_ALIVE, SPU_STEP_PARENT_ALIVE, "parent-alive", SYS_getppid, REFUSED, \
	  "parent-alive", "getppid() is $d0 or 0") \
	X(LIMIT_LAST, SPU_STEP_LIMIT, "limit", SYS_prlimit64, REFUSED, "limit $l1", \
	  "prlimit64(0, $L1, $p2, NULL)") \
	X(SECUREBITS_RIGHT, SPU_STEP_SECUREBITS, "securebits", SYS_capset, REFUSED, \
	  "securebits", "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, $v1)") \
	X(SECUREBITS, SPU_STEP_SECUREBITS, "securebits", SYS_prctl, REFUSED, "securebits", \
	  "prctl(PR_SET_SECUREBITS, $B1)") \
	X(LANDLOCK, SPU_STEP_LANDLOCK, "landlock", SYS_landlock_restrict_self, REFUSED, \
	  "landlock", "landlock_restrict_self($d0, 0)") \
	X(STOP_PENDING, SPU_STEP_STOP_PENDING, "stop-pending", SYS_rt_sigpending, OWN, \
	  "stop-pending", "rt_sigpending([], 8)") \
	X(SECCOMP, SPU_STEP_SECCOMP, "seccomp", SYS_seccomp, REFUSED, "seccomp", \
	  "seccomp(SECCOMP_SET_MODE_FILTER, 0, $F2)") \
	X(MASK, SPU_STEP_MASK, "mask", SYS_rt_sigprocmask, MASK, "mask", \
	  "rt_sigprocmask(SIG_SETMASK, $b1, NULL, 8)") \
	X(READY, SPU_STEP_READY, "ready", SYS_write, OWN, "ready", "write($d0, report, $d2)") \
	X(EXEC, SPU_STEP_EXEC, "exec", SYS_execve, OWN, "exec", "")

#define STEP_ENUM(kind, ...) STEP_##kind,
enum step_kind { STEPS(STEP_ENUM) STEP_KINDS };
#undef STEP_ENUM

/* How a step's first argument and result are tied to its neighbours. */
enum step_link {
	LINK_NONE,
	LINK_SAVE,	/* keep the result: a descriptor */
	LINK_SAVED	/* argument 0 is what was kept; left out when that equals argument 1 */
};

struct given;

struct step {
	unsigned char kind;	/* enum step_kind */
	unsigned char link;	/* enum step_link */
	short number;		/* of the system call */
	int index;		/* which entry, signal or candidate it stands for; -1 */
	long arg[6];
	const struct given *given;	/* the descriptor that it is about, or NULL */
};

#endif
