/* SPDX-License-Identifier: MIT */
/*
 * libspawnutil: launch programs from processes that have many threads.
 *
 * Between fork() and exec() only one thread exists in the child, and every
 * lock that another thread held stays locked for ever. This library never
 * runs ordinary code there: a launch is compiled, in the caller, into a list
 * of system calls, and a loop that uses no libc takes them one by one in a
 * child made by clone(CLONE_VM|CLONE_VFORK). No fork, no atfork handler, no
 * copy of the caller's page tables.
 *
 * The tiers:
 *
 *	spu_system(), spu_popen()	in place of system(), popen()
 *	spu_posix_spawn()		in place of posix_spawn()
 *	spu_run(), spu_system_with()	launch, wait, get the wait status
 *	spu_capture()			the same, with bytes in and bytes out
 *	spu_spawn() ... spu_child_release()
 *					launch now, wait, signal or stop later
 *
 * The life of a child: spu_spawn() fills a struct spu_child; spu_wait() or
 * spu_stop() reaps it; spu_child_release() gives the pidfd back. Each
 * successful spu_spawn() needs one spu_child_release().
 *
 * Conventions, for every function that says nothing else:
 *
 *	Result		0 or more is success, a negative errno value is failure.
 *			errno itself is not a channel (spu_system(),
 *			spu_popen() and spu_pclose() are the exception, as
 *			their models are).
 *	NULL		options, ret_error and ret_status may be NULL.
 *	On failure	nothing that was made stays open, no zombie stays, and
 *			nothing is written but *ret_error.
 *	Waiting		ends when its time is over, also for a child that can't
 *			be ended; without a time, when the child ends.
 *	Threads		every function may be called from any thread at any
 *			time; launches run in parallel, and no lock is taken
 *			but by those that change ids, by spu_system() for its
 *			signals, by spu_popen() for its streams and by a spawn
 *			server's owner for launches that were given up. None is
 *			async-signal-safe.
 *	Side effects	none: no handler is installed, and the environment,
 *			working directory, signal mask, dispositions and
 *			descriptor flags of the process are never changed where
 *			another thread could see it (again but for
 *			spu_system(), and for spu_exec(), whose purpose it is).
 *			Calls that wait for a launch of their own block SIGCHLD
 *			in the calling thread meanwhile.
 *			A launch that changes ids clears the process's dumpable
 *			flag for its duration: spawnutil(7).
 *	Cancellation	disabled inside, but in spu_wait(), spu_wait4(),
 *			spu_stop(), spu_run(), spu_capture(), spu_system_with()
 *			and spu_system() while they wait.
 *
 * Linux 4.19 or newer, glibc or musl, x86-64, aarch64 or riscv64; on others by
 * SPU_METHOD_POSIX_SPAWN alone. What newer kernels add is used where present; where
 * a behaviour depends on it, it is said.
 */
#ifndef SPAWNUTIL_H
#define SPAWNUTIL_H

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whoever drops such a result drops a child, memory, or the only word of a failure. */
#ifdef __GNUC__
#define SPU_RESULT_COUNTS_ __attribute__((warn_unused_result))
#else
#define SPU_RESULT_COUNTS_
#endif

#define SPU_VERSION_MAJOR 0
#define SPU_VERSION_MINOR 2
#define SPU_VERSION_PATCH 0
#define SPU_VERSION "0.2.0"

/* The version of the library that is linked, as SPU_VERSION; a constant. */
const char *spu_version(void);

/*
 * ---- Options -----------------------------------------------------------
 *
 * One plain struct, written where the call is. Zero always means "not given",
 * so a member that is left out changes nothing:
 *
 *	int log_status, r;
 *	struct spu_error error;
 *
 *	r = spu_run(SPU_ARGV("convert", in, out), SPU_OPTIONS(
 *		.cwd = "/srv/data",
 *		.umask = SPU_SET(0),
 *		.timeout_ms = 30000,
 *		.fds = SPU_FDS(SPU_NULL(0),
 *			       SPU_OPEN(1, log, O_WRONLY | O_CREAT | O_APPEND),
 *			       SPU_SAME(2, 1),
 *			       SPU_MAP(3, sock))),
 *		&log_status, &error);
 *	if (r < 0)
 *		fprintf(stderr, "%s\n", error.text);
 *
 * The function macros are for C. They make compound literals, which live as
 * long as the block that they stand in: a struct that is filled in one block
 * and used in another must not point to them.
 *
 * C++ has SPU_SET, SPU_SIGNAL and the macros of one entry of fds. Since C++20 it
 * names members as C does, in their order, and needs no size:
 *
 *	const spu_fd fds[] = {SPU_NULL(0), SPU_SAME(2, 1), {}};
 *	const spu_options options{.cwd = "/srv/data", .fds = fds, .umask = SPU_SET(0)};
 *
 * Before, it fills a variable that begins with SPU_OPTIONS_INIT.
 */

/* A number for which 0 is a value like any other: SPU_SET(0). */
struct spu_value {
	unsigned set;		/* 1; 0: not given, and value is 0 */
	long value;
};

#ifdef __cplusplus
#define SPU_SET(number) (spu_value{1u, (number)})
#else
#define SPU_SET(number) ((struct spu_value){1u, (number)})
#endif

/* A signal as a bit: SPU_SIGNAL(SIGPIPE) | SPU_SIGNAL(SIGHUP). 1 to 64. */
#define SPU_SIGNAL(signal) (UINT64_C(1) << ((signal) - 1))

struct termios;
struct winsize;

/*
 * Descriptors that the child gets, as a list that a kind of 0 ends. The
 * entries are declarations, not actions: their order doesn't matter, and no
 * number may be named as a target twice (-EINVAL). 0, 1 and 2 are inherited
 * unless an entry says otherwise or they are close-on-exec (SPU_KEEP gives
 * those, too). All targets are free of close-on-exec in the child; the
 * caller's own descriptors and their flags stay as they are.
 * A member that the entry's kind doesn't have is 0, else -EINVAL.
 */
struct spu_fd {
	int kind;		/* SPU_FD_..., 0 ends the list */
	int fd;			/* the number in the child */
	int from;		/* MAP: the caller's; SAME: another of the child's */
	int flags;		/* OPEN: as open(2); O_NOCTTY is added, O_CLOEXEC taken */
	unsigned mode;		/* OPEN with O_CREAT: permission bits before the umask */
	const char *path;	/* OPEN */
	int *ret_fd;		/* PIPE_IN, PIPE_OUT, PTY: where the caller's end is stored */
	const struct termios *termios;	/* PTY, or NULL: <termios.h> */
	const struct winsize *winsize;	/* PTY, or NULL: <sys/ioctl.h> */
	uintptr_t reserved_words[1];
};

#define SPU_FD_KEEP 1
#define SPU_FD_MAP 2
#define SPU_FD_SAME 3
#define SPU_FD_OPEN 4
#define SPU_FD_NULL 5
#define SPU_FD_CLOSE 6
#define SPU_FD_PIPE_IN 7
#define SPU_FD_PIPE_OUT 8
#define SPU_FD_PTY 9

#ifdef __cplusplus
#define SPU_NULL_ nullptr
#else
#define SPU_NULL_ NULL
#endif
#define SPU_ENTRY_(kind, fd, from, flags, mode, path, ret_fd) \
	{(kind), (fd), (from), (flags), (mode), (path), (ret_fd), SPU_NULL_, SPU_NULL_, {0}}

/* The caller's descriptor n, under the same number. */
#define SPU_KEEP(n) SPU_ENTRY_(SPU_FD_KEEP, n, 0, 0, 0, SPU_NULL_, SPU_NULL_)

/* The caller's descriptor "caller", as n. Swaps and cycles are fine. */
#define SPU_MAP(n, caller) SPU_ENTRY_(SPU_FD_MAP, n, caller, 0, 0, SPU_NULL_, SPU_NULL_)

/* n is whatever the child's m is in the end: SPU_SAME(2, 1) is 2>&1. */
#define SPU_SAME(n, m) SPU_ENTRY_(SPU_FD_SAME, n, m, 0, 0, SPU_NULL_, SPU_NULL_)

/*
 * A file, opened by the child after cwd: the path means what it means there,
 * with the child's umask. The one exception is a FIFO, which is opened in the caller
 * where there is no timeout_ms and root and ids stay, so that waiting for its other end
 * can be interrupted by a signal (-EINTR); else timeout_ms alone ends the wait. The file
 * is made with mode 0666 where O_CREAT asks for it.
 */
#define SPU_OPEN(n, path, flags) SPU_ENTRY_(SPU_FD_OPEN, n, 0, flags, 0666, path, SPU_NULL_)

/* /dev/null, for reading and writing. */
#define SPU_NULL(n) SPU_ENTRY_(SPU_FD_NULL, n, 0, 0, 0, SPU_NULL_, SPU_NULL_)

/* Not open in the child. Fine when it wasn't open in the caller either. */
#define SPU_CLOSE(n) SPU_ENTRY_(SPU_FD_CLOSE, n, 0, 0, 0, SPU_NULL_, SPU_NULL_)

/*
 * A new pipe. PIPE_IN: the child reads n, the caller writes to *ret.
 * PIPE_OUT: the child writes to n, the caller reads from *ret. *ret is stored
 * on success only; the caller owns and closes it. It is close-on-exec and at
 * least 3.
 */
#define SPU_PIPE_IN(n, ret) SPU_ENTRY_(SPU_FD_PIPE_IN, n, 0, 0, 0, SPU_NULL_, ret)
#define SPU_PIPE_OUT(n, ret) SPU_ENTRY_(SPU_FD_PIPE_OUT, n, 0, 0, 0, SPU_NULL_, ret)

/*
 * A new pseudo-terminal: the child's n is the terminal, *ret the caller's side of
 * it, as forkpty(3) has it, stored and owned as a pipe's end is. The child gets a
 * session of its own (SPU_SETSID), and the terminal is the controlling one there,
 * unless ctty names another. SPU_SAME(1, 0) makes it the child's 1 as well. One in
 * a list; not with pgroup, nor with SPU_METHOD_POSIX_SPAWN.
 * It begins with those modes and that size where they aren't NULL. With uid, the
 * terminal is that user's, where the caller may give it away.
 */
#define SPU_PTY(n, ret) SPU_PTY_WITH(n, ret, SPU_NULL_, SPU_NULL_)
#define SPU_PTY_WITH(n, ret, termios, winsize) \
	{SPU_FD_PTY, (n), 0, 0, 0, SPU_NULL_, (ret), (termios), (winsize), {0}}

/*
 * A list that an entry of zeros ends, and that may be empty: the one in front of
 * it is there for that, since C has no list between braces without an entry.
 */
#define SPU_LIST_(type, none, ...) \
	((type[sizeof((type[]){none, __VA_ARGS__}) / sizeof(type) + 1]){none, __VA_ARGS__} + 1)

#define SPU_FDS(...) SPU_LIST_(const struct spu_fd, {0}, __VA_ARGS__)

/*
 * Resource limits, as a list that a kind of 0 ends. Values as setrlimit(2) has
 * them; RLIM_INFINITY is all bits.
 */
struct spu_limit {
	int kind;		/* 1; 0 ends the list */
	int resource;		/* RLIMIT_... */
	uint64_t soft;
	uint64_t hard;
};

#define SPU_LIMIT(resource, soft, hard) {1, (resource), (soft), (hard)}
#define SPU_LIMITS(...) SPU_LIST_(const struct spu_limit, {0}, __VA_ARGS__)

/*
 * What a program may do in the file system that landlock_access takes from it else, as
 * a list that a kind of 0 ends: landlock(7). Both are LANDLOCK_ACCESS_FS_... bits of
 * <linux/landlock.h>. A path is the caller's, whatever cwd and root are, and is opened
 * by it.
 */
struct spu_landlock {
	int kind;		/* 1; 0 ends the list */
	unsigned reserved;	/* 0 */
	uint64_t access;	/* beneath the path, or of that file */
	const char *path;
};

#define SPU_BENEATH(path, access) {1, 0, (access), (path)}
#define SPU_RULES(...) SPU_LIST_(const struct spu_landlock, {0}, __VA_ARGS__)

/*
 * Lists of strings. SPU_ARGV takes const and non-const strings alike, and has the
 * type that execve(2) gives it, which no cast of pointers makes without a warning.
 */
#define SPU_LIST(...) SPU_LIST_(const char *const, NULL, __VA_ARGS__)
#define SPU_ARGV(...) ((char *const *)(uintptr_t)SPU_LIST(__VA_ARGS__))

#define SPU_CAP(capability) ((long)(UINT64_C(1) << (capability)))

/* ioprio: a class, and in the first two of them a level from 0, which goes first, to 7 */
#define SPU_IOPRIO(class_of_it, level) ((class_of_it) << 13 | (level))
#define SPU_IOPRIO_NONE 0	/* as the niceness says */
#define SPU_IOPRIO_REALTIME 1
#define SPU_IOPRIO_BEST_EFFORT 2
#define SPU_IOPRIO_IDLE 3

/* flags */
#define SPU_SETSID (1u << 0)	/* a new session, without controlling terminal */
#define SPU_DETACH (1u << 1)	/* nobody's child: init reaps it; not with SPU_METHOD_POSIX_SPAWN */
#define SPU_KEEP_MASK (1u << 2)	/* begin with the calling thread's signal mask */
#define SPU_NO_NEW_PRIVS (1u << 3) /* exec grants nothing: prctl(PR_SET_NO_NEW_PRIVS) */
#define SPU_KEEP_GROUPS (1u << 4) /* uid or gid with the caller's supplementary groups */
#define SPU_NO_PIDFD (1u << 5)	/* for callers that go by the pid: a few microseconds less */

/* method */
#define SPU_METHOD_DEFAULT 0u	/* SPU_METHOD_VFORK */
#define SPU_METHOD_VFORK 1u	/* clone(CLONE_VM|CLONE_VFORK); carries every option */
#define SPU_METHOD_POSIX_SPAWN 2u /* libc's posix_spawn; -ENOTSUP names what it can't do */

/* leaks: what becomes of descriptors above 2 that no entry of fds names */
#define SPU_LEAKS_DEFAULT 0u	/* CLOSE; ALLOW in spu_system(), spu_popen() */
#define SPU_LEAKS_CLOSE 1u	/* closed in the child before exec, whatever their flags */
#define SPU_LEAKS_ALLOW 2u	/* POSIX: inherited unless close-on-exec */
#define SPU_LEAKS_FAIL 3u	/* look first: -EBADFD if one would leak; then as CLOSE */

struct spu_server;
struct spu_exit;

/* In C++ each member begins so: what isn't named is no missing initializer then. */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define SPU_0_ = {}
#define SPU_SIZE_ = sizeof(struct spu_options)
#define SPU_OPTIONS_INIT {}
#else
#define SPU_0_
#define SPU_SIZE_
#define SPU_OPTIONS_INIT \
	{sizeof(struct spu_options), 0, 0, 0, 0, \
	 SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, \
	 SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, SPU_NULL_, 0, SPU_NULL_, 0, \
	 SPU_NULL_, 0, SPU_NULL_, 0, SPU_NULL_, \
	 {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, \
	 {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, \
	 0, 0, 0, 0, 0, 0, 0}
#endif

struct spu_options {
	size_t size SPU_SIZE_;	/* sizeof(struct spu_options). A larger one is fine if what
				   follows is zero, else -E2BIG; one below that of the first
				   version with this shared library is -EINVAL */
	unsigned flags SPU_0_;		/* SPU_SETSID, ...; unknown bits: -EINVAL */
	unsigned method SPU_0_;
	unsigned leaks SPU_0_;
	unsigned reserved SPU_0_;	/* 0 */

	struct spu_server *server SPU_0_;	/* who launches: spu_server_start() */
	const char *file SPU_0_;	/* the program, when it is not argv[0] */
	const char *path SPU_0_;	/* the PATH to search, when it is not the caller's; not
				   with SPU_METHOD_POSIX_SPAWN */
	const char *root SPU_0_;	/* chroot there first; every path then counts from there,
				   a relative cwd too, and without cwd it is "/" */
	const char *cwd SPU_0_;	/* chdir there first; a relative file, or a relative
				   directory in PATH, then counts from there */
	char *const *env SPU_0_;	/* the whole environment; NULL: the caller's */
	const char *const *env_set SPU_0_;	/* "NAME=VALUE", ...: put into it */
	const char *const *env_unset SPU_0_;	/* "NAME", ...: taken out of it, first */
	const char *cgroup SPU_0_;	/* the directory of a control group, which the child
					   joins first, with the caller's rights: cgroups(7) */
	const char *pid_variable SPU_0_;	/* "NAME": its value is the child's own process
					   number, whatever the members above say */
	const char *pid_file SPU_0_;	/* made or emptied; the child writes its number there, as
				   a line, before any directory, id or limit changes */
	const struct spu_fd *fds SPU_0_;
	const struct spu_limit *limits SPU_0_;	/* NOFILE is set last, others before the ids */
	const gid_t *groups SPU_0_;	/* supplementary groups: required with uid or gid */
	size_t group_count SPU_0_;	/* 0 with groups not NULL: none */
	const int *cpus SPU_0_;	/* numbers of the processors to run on */
	size_t cpu_count SPU_0_;
	const void *seccomp SPU_0_;	/* a filter of system calls, struct sock_filter[], which the
					   child enters right before exec: seccomp(2) */
	size_t seccomp_count SPU_0_;	/* of its instructions */
	const struct spu_landlock *landlock_rules SPU_0_;
	uint64_t landlock_access SPU_0_; /* what the program may do only as those rules say */
	struct spu_exit *ret_exit SPU_0_; /* for the calls that launch and wait; -EINVAL in the
					   others. In: SPU_EXIT_INIT; what spu_wait4() tells of
					   the end is stored in it where the status is */

	struct spu_value program_fd SPU_0_;	/* the program, open under this number in the
					   caller: execveat(2). The child doesn't keep it */
	struct spu_value uid SPU_0_;	/* real, effective and saved, by system calls that */
	struct spu_value gid SPU_0_;	/* concern the child alone; files are opened with them */
	struct spu_value nice SPU_0_;	/* added to the caller's, as nice(1) does */
	struct spu_value oom_score_adj SPU_0_;	/* -1000 to 1000: proc(5), choom(1) */
	struct spu_value scheduler SPU_0_;	/* SCHED_OTHER, ...; | SCHED_RESET_ON_FORK */
	struct spu_value sched_priority SPU_0_;	/* 1 to 99, of SCHED_FIFO and SCHED_RR; without
					   scheduler in the policy that the caller has */
	struct spu_value ioprio SPU_0_;	/* SPU_IOPRIO(class, level): ioprio_set(2), ionice(1) */
	/* Sets of capabilities: SPU_SET(SPU_CAP(CAP_NET_RAW) | ...), with the numbers of
	   <linux/capability.h>. What exec makes of them is in capabilities(7) */
	struct spu_value inheritable_caps SPU_0_;
	struct spu_value ambient_caps SPU_0_;	/* inheritable too, where those aren't given */
	struct spu_value bounding_set SPU_0_;	/* what of the caller's stays in it */
	struct spu_value securebits SPU_0_;	/* SECBIT_NOROOT, ... of <linux/securebits.h> */
	struct spu_value pdeathsig SPU_0_;	/* sent when the launching *thread* ends */
	struct spu_value umask SPU_0_;
	struct spu_value pgroup SPU_0_;	/* as setpgid(2): 0 is a group of its own */
	struct spu_value ctty SPU_0_;	/* make the terminal on this descriptor of the child's
					   its controlling one; needs SPU_SETSID */
	struct spu_value foreground SPU_0_;	/* make the child's group the foreground one of the
					   terminal on this descriptor of the child's */

	/*
	 * Dispositions are as exec gives them: what the caller catches becomes
	 * default, what it ignores stays ignored; these change more. The child
	 * starts with no signal blocked but for SPU_KEEP_MASK and these.
	 */
	uint64_t default_signals SPU_0_;
	uint64_t ignore_signals SPU_0_;
	uint64_t block_signals SPU_0_;

	/* Until exec the child is killed when the time is over; after it, by the calls that
	   wait alone, its process group is ended. Not in spu_exec(): -EINVAL */
	int timeout_ms SPU_0_;
	/* For the calls that launch and wait; -EINVAL in the others */
	int grace_ms SPU_0_;		/* SIGKILL that long after stop_signal; 0: 5000 */
	int stop_signal SPU_0_;	/* 0: SIGTERM */
	unsigned reserved_word SPU_0_;	/* 0 */
};

#define SPU_OPTIONS(...) \
	(&(const struct spu_options){.size = sizeof(struct spu_options), __VA_ARGS__})

/*
 * ---- Errors ------------------------------------------------------------
 *
 * Where a launch failed and why. The text is one line in plain words that
 * names the thing, without a newline: "chdir /nowhere: No such file or
 * directory". On success *ret_error is not touched.
 */
struct spu_error {
	int err;		/* an errno value, positive: -result */
	unsigned step;		/* SPU_STEP_...: what was being done */
	int index;		/* which: entry of fds, env_set, env_unset, limits, cpus or
				   landlock_rules, signal number, capability, PATH candidate,
				   leaking descriptor; else -1 */
	int signal;		/* ECANCELED: what killed the child in its set-up; else 0 */
	pid_t pid;		/* SPU_STEP_WAIT: the child, where it is still there; else 0 */
	unsigned reserved[3];
	char text[256];
};

/* In the caller, before a child exists */
#define SPU_STEP_OPTIONS 1u	/* checking the options */
#define SPU_STEP_PREPARE 2u	/* memory, pipes, pseudo-terminals, FIFOs */
#define SPU_STEP_AUDIT 3u	/* SPU_LEAKS_FAIL: a descriptor would leak */
#define SPU_STEP_CLONE 4u	/* making the process; or its set-up, where memory is not
				   shared and the child was killed in it */
#define SPU_STEP_POSIX_SPAWN 5u	/* libc's posix_spawn, which doesn't say where */
#define SPU_STEP_WAIT 6u	/* spu_run() and the like: waiting */
/* In the child; the order in which they are taken is in spawnutil(7) */
#define SPU_STEP_HANDLERS 16u	/* caught signals to default, where the kernel doesn't */
#define SPU_STEP_CLOSE 17u	/* closing what was not given */
#define SPU_STEP_SIGNAL 18u	/* default_signals, ignore_signals */
#define SPU_STEP_SETSID 19u
#define SPU_STEP_PGROUP 20u
#define SPU_STEP_UMASK 21u
#define SPU_STEP_CWD 22u
#define SPU_STEP_MOVE 23u	/* KEEP, MAP, SAME, pipes, pseudo-terminals */
#define SPU_STEP_OPEN 24u	/* OPEN, NULL */
#define SPU_STEP_CTTY 25u
#define SPU_STEP_FOREGROUND 26u
#define SPU_STEP_STOP_PENDING 27u
#define SPU_STEP_MASK 28u
#define SPU_STEP_READY 29u
#define SPU_STEP_EXEC 30u
#define SPU_STEP_DETACH 31u
#define SPU_STEP_LIMIT 32u
#define SPU_STEP_NICE 33u
#define SPU_STEP_CPUS 34u
#define SPU_STEP_ROOT 35u
#define SPU_STEP_GROUPS 36u
#define SPU_STEP_GID 37u
#define SPU_STEP_UID 38u
#define SPU_STEP_NO_NEW_PRIVS 39u
#define SPU_STEP_PDEATHSIG 40u
#define SPU_STEP_PARENT_ALIVE 41u	/* the launching process has ended meanwhile */
#define SPU_STEP_OOM 42u
#define SPU_STEP_PID 43u
#define SPU_STEP_CGROUP 44u
#define SPU_STEP_DEADLINE 45u	/* the timer of timeout_ms */
#define SPU_STEP_SCHEDULER 47u	/* scheduler, sched_priority */
#define SPU_STEP_IOPRIO 48u
#define SPU_STEP_INHERITABLE_CAPS 49u
#define SPU_STEP_AMBIENT_CAPS 50u
#define SPU_STEP_BOUNDING_SET 51u
#define SPU_STEP_SECUREBITS 52u
#define SPU_STEP_SECCOMP 53u
#define SPU_STEP_LANDLOCK 54u
/* By a spawn server, outside of the child's steps */
#define SPU_STEP_SERVER 46u	/* what a spawn server does for the launch */

/*
 * The name of a step as the error texts and spu_explain() have it ("chdir",
 * "open"); NULL for an unknown number. A constant string.
 */
const char *spu_step_name(unsigned step);

/*
 * ---- Launching ---------------------------------------------------------
 */

/*
 * A child. Read pid and pidfd as you like, write nothing. A copy of the struct is
 * no second child: use one of the two from then on, and release that alone.
 */
struct spu_child {
	pid_t pid;
	int pidfd;		/* close-on-exec; -1 where the kernel has none (before
				   5.2), none was free, the child is detached, or
				   with SPU_NO_PIDFD */
	unsigned reserved[6];
};

/*
 * No child, nor is one of zeros: nothing to wait for (-ECHILD), to signal
 * (-ESRCH) or to release.
 */
#define SPU_CHILD_INIT {0, -1, {0, 0, 0, 0, 0, 0}}

/*
 * Launches a program and returns when exec has succeeded: a program that
 * can't be executed is reported here, not by an exit status of 127.
 *
 * argv ends with NULL and has at least argv[0], the program: a path if it has
 * a slash, else looked for along PATH as execvp(3) does; a text file without
 * "#!" is not handed to a shell. argv and the environment are read, not kept.
 *
 * With SPU_LEAKS_CLOSE the child holds, from before this returns, nothing but
 * 0, 1, 2 and what fds gives, whatever other threads open meanwhile.
 *
 * While the child sets itself up the calling thread is suspended, other
 * threads run on. A file system that doesn't answer therefore suspends it for
 * that long, and so does a SIGSTOP sent to the child; a stop from the
 * terminal doesn't (the launch is done again when the caller goes on).
 * The stack of the calling thread needs about 12 KiB.
 *
 * With timeout_ms the launch is given up when its program has not been executed
 * after that long: the child is killed and reaped, and error->step is where it
 * hung. Only what SIGKILL doesn't end (state D: a file system that lets nobody
 * interrupt it) holds the caller for longer. A program that was executed in time
 * has no limit from it.
 *
 * A failed launch sends no SIGCHLD and can't be seen by another thread's
 * waitpid(), but for one whose time was over in exec. ETXTBSY, which a launch
 * in another thread can cause (golang/go#22315), is retried for up to 100 ms;
 * what the first attempt has made (O_EXCL) or emptied (O_TRUNC), the next one
 * opens as it is. (Method posix_spawn empties it again, and isn't tried again
 * with O_EXCL.)
 *
 * ret_child must not be NULL. On success the caller owns it and ends with
 * spu_child_release(); on failure it is untouched.
 *
 * Errors: those of the step that failed, see struct spu_error. Worth telling
 * apart: -ENOENT (step EXEC: no such program, or a missing interpreter, the
 * text says which), -EACCES, -ENOEXEC, -E2BIG, -EAGAIN and -ENOMEM (step
 * CLONE: no process could be made), -ECANCELED (the child was killed in its
 * set-up), -EBADFD (SPU_LEAKS_FAIL), -ETIMEDOUT (timeout_ms), -ENOTSUP (not with
 * this method; step DEADLINE: the child is the init of a pid namespace).
 */
int spu_spawn(struct spu_child *ret_child, char *const argv[],
	      const struct spu_options *options, struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/*
 * Waits until the child ends, and reaps it. timeout_ms: -1 waits for ever, 0
 * looks, more waits that long and then returns -ETIMEDOUT with the child as it
 * was. *ret_status is as waitpid(2) gives it: WIFEXITED() and so on apply.
 *
 * A signal handler that runs doesn't end the wait. A cancellation point.
 *
 * Without a pidfd that can be polled (before Linux 5.3) a wait with a timeout
 * looks again every 50 us at first, every 10 ms at last.
 *
 * Errors: -ETIMEDOUT; -ECHILD when the child was already reaped (by us, by
 * another waiter, by the kernel because SIGCHLD is ignored), is detached, or there
 * is none; -EINVAL: timeout_ms below -1, as what is left of a time that is over.
 */
int spu_wait(struct spu_child *child, int timeout_ms, int *ret_status);

/* What has become of a child. Begins with SPU_EXIT_INIT. */
struct spu_exit {
	size_t size;		/* in: sizeof(struct spu_exit), as struct spu_options has it */
	int status;		/* as waitpid(2) gives it */
	unsigned reserved;
	struct rusage usage;	/* as wait4(2) gives it: of the child and what it has reaped */
};

#ifdef __cplusplus
#define SPU_EXIT_INIT {sizeof(struct spu_exit), 0, 0, {}}
#else
#define SPU_EXIT_INIT {.size = sizeof(struct spu_exit)}
#endif

/* flags of spu_wait4(), as waitid(2) has them */
#define SPU_WAIT_STOPPED (1u << 0)	/* returns too when a signal has stopped the child, */
#define SPU_WAIT_CONTINUED (1u << 1)	/* when SIGCONT has made it go on: WIFSTOPPED(),
					   WIFCONTINUED() of status tell */
#define SPU_WAIT_LOOK (1u << 2)		/* takes nothing: the next call tells the same */

/*
 * spu_wait() that tells more: as wait4(2), the resources that were used, and on
 * demand the stops between. Until status says that the child has ended, it is
 * the caller's as before. A cancellation point. With SPU_WAIT_STOPPED or SPU_WAIT_CONTINUED a wait
 * with a timeout looks again and again, as spu_wait() does without a pidfd, but
 * sees an end at once.
 *
 * Errors: those of spu_wait(); -EINVAL: unknown flags, or a size that no version's
 * struct has; -E2BIG: nor so large a one.
 */
int spu_wait4(struct spu_child *child, int timeout_ms, unsigned flags, struct spu_exit *ret_exit);

/*
 * For spu_kill() and spu_stop(): the process group that the child leads, or began
 * with as its leader, and the child where it has left that.
 */
#define SPU_GROUP (1u << 0)

/*
 * Sends a signal to the child; never to a process that has taken its number
 * since, but where there is no pidfd, and with SPU_GROUP before Linux 6.9: there
 * that holds as long as nobody reaps the child at the same moment. May run beside
 * spu_wait() in another thread.
 *
 * Errors: -ESRCH when it was reaped, or with SPU_GROUP when the child leads no
 * group; -EPERM: the child may not be signalled, but with SPU_GROUP who may has
 * the signal; -EINVAL.
 */
int spu_kill(struct spu_child *child, int signal, unsigned flags);

/*
 * Ends the child: sends signal (and SIGCONT), waits up to grace_ms, sends
 * SIGKILL, waits up to grace_ms again but for 5 s at least, reaps. With SPU_GROUP
 * the whole group gets the signals, and what is left of it SIGKILL before the
 * child is reaped, so that its number can't have been taken: at once if the child
 * had ended before the call, since the grace is the child's. *ret_status as in
 * spu_wait(). A cancellation point.
 *
 * Errors: -ECHILD as spu_wait(); -EINVAL; -ESRCH with SPU_GROUP when the child
 * leads no group: nothing was sent then, nor with -EPERM, unless it took its
 * other ids in the grace; -EBUSY: SIGKILL hasn't ended it, since it is held up in
 * the kernel, or traced. With -EPERM and -EBUSY it is the caller's as before.
 */
int spu_stop(struct spu_child *child, int signal, int grace_ms, unsigned flags,
	     int *ret_status);

/*
 * Closes the pidfd. The child, if it still runs, runs on, and is then the
 * caller's to wait for by its pid. Not beside any other call on this child. Does
 * nothing for NULL, for SPU_CHILD_INIT, for zeros.
 */
void spu_child_release(struct spu_child *child);

/*
 * spu_spawn(), spu_wait(), spu_child_release() in one.
 *
 * timeout_ms is the time of the launch and the program together. The child gets a
 * process group of its own (unless pgroup or SPU_SETSID says otherwise); when the
 * time is over the group is ended as spu_stop() does, *ret_status is stored and the
 * result is -ETIMEDOUT with step WAIT. This is the one failure that stores something
 * else than the error. Where the launch took too long, the step is that at which it
 * hung, and no status is stored.
 *
 * With -EPERM and -EBUSY the child couldn't be ended, as spu_stop() has it. It
 * runs on, and is the caller's to wait for by ret_error->pid.
 *
 * SIGCHLD is blocked in the calling thread until the child is reaped, as system()
 * does: a handler that reaps everything would take its status.
 *
 * A thread that is cancelled while it waits kills and reaps the child first.
 * PIPE and PTY entries and SPU_DETACH make no sense here: -EINVAL.
 */
int spu_run(char *const argv[], const struct spu_options *options, int *ret_status,
	    struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/*
 * spu_run() of the shell: /bin/sh -c -- command. Unlike spu_system() it does
 * nothing to the caller's signals, and every option means what it means to
 * spu_run(): descriptors that fds doesn't name are closed but with
 * SPU_LEAKS_ALLOW, no signal is blocked in the shell but for SPU_KEEP_MASK and
 * block_signals, and a shell that can't be executed is an error. options.file
 * is another shell, called in the same way and by the name "sh".
 */
int spu_system_with(const char *command, const struct spu_options *options, int *ret_status,
		    struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/* What a child wrote. Begins as {0}, with a limit or without. */
struct spu_output {
	char *data;		/* out: to be given to free(); a NUL follows the last byte */
	size_t size;		/* out: of data, without that NUL */
	size_t limit;		/* in: keep so many bytes at most; 0: all */
	unsigned flags;		/* in: 0, SPU_OUTPUT_STOP; out: with the others */
	int hold_ms;		/* in: when the child has ended, wait that long for who still
				   holds the pipe, and keep what is written meanwhile */
	uintptr_t reserved_words[3];
};

#define SPU_OUTPUT_TRUNCATED (1u << 0)	/* there was more than limit; it was thrown away */
#define SPU_OUTPUT_HELD (1u << 1)	/* when the child ended (and hold_ms were over) another
					   process still held the pipe; what that writes is lost */
#define SPU_OUTPUT_STOP (1u << 2)	/* more than limit ends the child, as timeout_ms does,
					   or what it has left behind in its group, and the
					   call has failed: -ENOBUFS, step WAIT */

/*
 * spu_run() with bytes in and bytes out. input, if not NULL, is what the child
 * reads from 0, then the end of file; what it doesn't read is no error. What
 * the child writes to 1 goes to *ret_out, what it writes to 2 to *ret_err; both
 * may be the same, as by 2>&1. Which of the three is NULL is inherited, or as
 * options.fds says. All goes through pipes, in both directions at once.
 *
 * Returns when the child has ended, with what was in the pipes at that moment:
 * a process that it left behind, and that holds a pipe, isn't waited for but
 * for hold_ms, and 10 ms at least, in which launches of other threads let go of
 * theirs.
 *
 * No SIGPIPE is raised in the caller, nor in the child because of a limit.
 *
 * With timeout_ms as spu_run(). The outputs are stored, and are the caller's to
 * free(), on success and also when the step is WAIT and the result -ETIMEDOUT,
 * -ENOBUFS, -ECHILD (the child ran, its status is lost), -EPERM or -EBUSY (it runs on: what
 * it wrote until then); *ret_status on success and with the first two. On other
 * failures the child was killed and reaped and nothing is stored.
 *
 * A thread that is cancelled while it waits kills and reaps the child first.
 *
 * Errors: those of spu_run(); -EINVAL if fds names a descriptor that is
 * captured or has input; -EMFILE; -ENOMEM.
 */
int spu_capture(char *const argv[], const struct spu_options *options, const void *input,
		size_t input_size, struct spu_output *ret_out, struct spu_output *ret_err,
		int *ret_status, struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/*
 * Carries the options out in the calling process itself and executes the
 * program in its place; returns only on failure. For a program that has done
 * its work, with one thread: what was changed until the failing step (working
 * directory, session, descriptors at target numbers, ...) stays changed.
 * Descriptors that the policy would close are marked close-on-exec instead.
 * PIPE and PTY entries, SPU_DETACH, SPU_METHOD_POSIX_SPAWN, timeout_ms and the
 * like: -EINVAL. Where libc's posix_spawn is the only method: -ENOTSUP.
 */
int spu_exec(char *const argv[], const struct spu_options *options,
	     struct spu_error *ret_error);

/*
 * What spu_spawn() would do, as text, a line a step, in the notation of
 * strace(1): the method and how the process is made, then every system call
 * between clone and exec in order. Numbers are those that a launch at this
 * moment would use. Launches nothing; opens FIFOs, pipes and terminals and closes
 * them.
 *
 * On success *ret_text is the caller's to free().
 */
int spu_explain(char *const argv[], const struct spu_options *options,
		char **ret_text, struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/* The same of spu_exec(), which makes no process. */
int spu_explain_exec(char *const argv[], const struct spu_options *options,
		     char **ret_text, struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/*
 * What this kernel, and a seccomp filter or emulator before it, offer to
 * launches: a line a feature, "close_range   yes", or what is done instead.
 * For people; launches find out by themselves. *ret_text is the caller's to
 * free(). -ENOMEM.
 */
int spu_probe(char **ret_text) SPU_RESULT_COUNTS_;

/*
 * ---- A process that launches for this one -------------------------------
 *
 * A spawn server is a small process that makes the children of the one that has
 * started it: options.server in spu_spawn(), spu_run(), spu_capture(),
 * spu_system_with() and spu_popen_with(). What it launches is the caller's own child,
 * as ever: waitpid(), SIGCHLD, getppid(). But the caller makes no process and executes
 * nothing. It can be one that may not (a seccomp filter), or has dropped its rights, or whose
 * runtime isn't to be disturbed; it is never suspended, and what hangs in the set-up
 * ends with timeout_ms.
 *
 * What a child inherits it has from its caller, at the time of the launch:
 * directory, environment, PATH, umask, limits, nice value, processors, ignored
 * signals, ids and groups, process group, a raised oom_score_adj. All else is the
 * server's, as it was when that was started: spu_server_start(3) lists it.
 */
struct spu_server_options {
	size_t size;		/* of the struct, as struct spu_options has it */
	unsigned flags;		/* SPU_SERVER_NEW_PRIVS */
	int timeout_ms;		/* how long the start may take; 0: as long as it takes */
	const char *program;	/* the server, where it isn't the one that was installed */
};

#define SPU_SERVER_NEW_PRIVS (1u << 0)	/* set-user-ID programs and the like give their rights;
					   else the server has no_new_privs */

#define SPU_SERVER_OPTIONS(...) \
	(&(const struct spu_server_options){.size = sizeof(struct spu_server_options), __VA_ARGS__})

/*
 * Starts one. It is a child of the caller's that lives until spu_server_stop(), or
 * the caller's end or exec: who waits for all of its children meets it. Any thread
 * may launch by it, in parallel. Only this process may: in a copy of it, made by
 * fork, such a launch is -ECHILD.
 *
 * On success the caller owns *ret_server and ends with spu_server_stop(). options may
 * be NULL.
 *
 * Errors: those of spu_spawn(); -ETIMEDOUT; -EPIPE: the program ended; -EPROTO: it is
 * of another version; -ENOTSUP: the process has unshared its pid namespace, or libc's
 * posix_spawn is the only method.
 *
 * A launch by it has these errors of its own, with SPU_STEP_SERVER: -EPIPE: the server
 * has ended (another one can be started); -ECHILD; -ETIMEDOUT; -ECANCELED: the child
 * was killed before it executed the program. -ENOTSUP names an option that it can't
 * carry.
 */
int spu_server_start(struct spu_server **ret_server, const struct spu_server_options *options,
		     struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/*
 * Ends it; children that it has launched are the caller's as before. Not beside a
 * launch by it. In a copy of the process it only gives memory and descriptor back.
 * NULL: nothing.
 */
void spu_server_stop(struct spu_server *server);

/*
 * ---- Descriptors -------------------------------------------------------
 */

struct spu_audit_fd {
	int fd;
	int flags;		/* as F_GETFL: O_ACCMODE, O_APPEND, ... */
	unsigned cloexec;	/* not 0: exec closes it */
	unsigned reserved;
	const char *name;	/* with SPU_AUDIT_NAMES: as /proc/PID/fd has it, a socket with
				   its addresses behind it; else NULL */
	uintptr_t reserved_word;
};

struct spu_audit {
	size_t count;		/* of fds */
	struct spu_audit_fd *fds;	/* by ascending number */
	size_t open;		/* how many are open in all */
};

#define SPU_AUDIT_NAMES (1u << 0)	/* fill in name */
#define SPU_AUDIT_ALL (1u << 1)		/* 0 to 2 and close-on-exec ones too */

/*
 * Lists the descriptors above 2 that would cross an exec because they are not
 * close-on-exec. pid 0 is this process; another one is read from /proc, which
 * needs the right to trace it (ptrace(2)). Other threads may open and close
 * meanwhile: the list is a look, not a promise.
 *
 * On success *ret_audit is the caller's, for spu_audit_free(), which takes
 * NULL too.
 *
 * Errors: -ESRCH, -EACCES, -ENOMEM, -EINVAL; for another process -EMFILE, and
 * -ENOSYS without /proc.
 */
int spu_audit(pid_t pid, unsigned flags, struct spu_audit **ret_audit) SPU_RESULT_COUNTS_;
void spu_audit_free(struct spu_audit *audit);

/*
 * ---- libc's functions ----------------------------------------------------
 */

/* A wait status as a shell's $?: the exit code, or 128 + the signal. */
int spu_exit_code(int wait_status);

/*
 * system(3), one for one (POSIX.1-2017): /bin/sh -c -- command, with SIGINT
 * and SIGQUIT ignored in the process and SIGCHLD blocked in the thread until
 * it ends. The result is a wait status, 127 << 8 if the shell can't be
 * executed, or -1 with errno if no process could be made or its status is
 * lost (ECHILD). NULL: is there a /bin/sh that can be executed?
 *
 * Better than the common ones: concurrent calls are counted (musl doesn't:
 * SIGINT can stay ignored for ever), no process is -1 and not 127 (glibc up to
 * 2.36 at least), clone3 refused with EPERM is no failure. Descriptors are
 * inherited as POSIX says. A cancellation point: a cancelled call kills and
 * reaps the shell, and so does one that a signal handler leaves by siglongjmp(),
 * at any moment, on glibc (musl has nothing for that), but not a handler of SIGTSTP,
 * SIGTTIN, SIGTTOU or a fault, which a launch doesn't put off. It takes no memory
 * from malloc() and little stack: crash handlers call it. Don't mix with libc's
 * system() in one process at one time: each counts only its own calls
 * (spawnutil(7)).
 */
int spu_system(const char *command);

/*
 * popen(3), one for one: /bin/sh -c -- command, with a pipe to its 0 ("w") or
 * from its 1 ("r"). "e", anywhere in mode, makes the stream close-on-exec;
 * without it the stream isn't, as POSIX says. Other modes: EINVAL. The stream is
 * as libc's own popen() makes it, its descriptor is 3 or above.
 *
 * On success the caller owns the stream and ends with spu_pclose(). glibc's own
 * fclose() and pclose() do the same; on musl only spu_pclose() does. On failure
 * NULL, with errno: EINVAL, EMFILE, ENFILE, ENOMEM, those of a shell that can't
 * be executed (ENOENT, EACCES, E2BIG, ...), EAGAIN and ENOMEM (no process could
 * be made), ECANCELED (killed before its exec).
 *
 * A child never holds the stream of an earlier call, nor of one that is made
 * by spu_popen() in another thread meanwhile; spu_spawn() with
 * SPU_LEAKS_CLOSE gives nobody any. spu_system() and whoever else inherits get
 * those without "e", once spu_popen() has returned.
 *
 * Any thread, any time. A fork child of the program may call it, whatever its
 * parent's threads were doing. Not a cancellation point.
 */
FILE *spu_popen(const char *command, const char *mode) SPU_RESULT_COUNTS_;

/*
 * spu_popen() with options: where the command runs and as whom, with which limits and
 * environment, by which server. What fds gives beside the stream's end, which is
 * 0 or 1 as the mode says, the command has too; the rest is closed by default
 * (SPU_LEAKS_CLOSE), unlike in spu_popen(). timeout_ms is the time of the launch;
 * file is executed in place of /bin/sh, with the same arguments. On success *ret_stream
 * is the caller's, for spu_pclose().
 *
 * Errors: those of spu_spawn(); -EINVAL: mode, an entry of fds for the stream's
 * own number, SPU_DETACH. On failure nothing is written but *ret_error.
 */
int spu_popen_with(FILE **ret_stream, const char *command, const char *mode,
		   const struct spu_options *options,
		   struct spu_error *ret_error) SPU_RESULT_COUNTS_;

/*
 * pclose(3): closes the stream, waits for the shell, returns its wait status.
 * -1 with errno: EBADF, the program has closed the stream's descriptor, and nobody
 * waits for the shell; ECHILD, the status is lost (SIGCHLD is ignored, another thread
 * has reaped the shell) or was never this process's (the stream is inherited by
 * fork); else, where the status is 0, that of writing what was left in the
 * buffer (EPIPE, ...), as glibc has it. In all of them the stream is closed.
 *
 * A stream that spu_popen() hasn't made is closed as libc's pclose() closes it.
 *
 * Waiting is no cancellation point: it would leave a child that nobody waits for.
 */
int spu_pclose(FILE *stream);

/*
 * ---- posix_spawn(3) ------------------------------------------------------
 *
 * The same child for programs that are written to that interface, one for one,
 * and for the libraries below them. 0 is success and an errno value failure; errno
 * is not touched. On failure no child stays, and *ret_pid isn't written.
 *
 * attributes are libc's, or NULL, with all its flags. actions are an object that
 * spu_posix_spawn_file_actions_init() has made, or NULL; with one that libc's
 * own function has made the call is libc's. They are carried out in the order in
 * which they were added, between the attributes and the signal mask. What isn't
 * close-on-exec is inherited, as POSIX says.
 *
 * spu_posix_spawn() executes path, also one without a slash; spu_posix_spawnp()
 * looks for file in the caller's PATH if it has no slash, and gives no script
 * without "#!" to a shell. Beside the errors of execve(2) and of the actions: EAGAIN
 * and ENOMEM, no process could be made; ECANCELED, the child was killed before its
 * exec (for libc that is success). A program that is open for writing (ETXTBSY)
 * is tried for 100 ms, unless an action has opened a file by then, /dev/null apart.
 *
 * Better than libc's: a failed call raises no SIGCHLD, clone3 refused with EPERM
 * is no failure, no failure is told as success where memory isn't shared
 * (valgrind, qemu-user), and it costs less: spu_posix_spawn(3). Any thread, any
 * time; not a cancellation point. It takes little stack, and memory from malloc()
 * only for a file without a slash and for long lists of actions.
 */
int spu_posix_spawn(pid_t *ret_pid, const char *path, const posix_spawn_file_actions_t *actions,
		    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int spu_posix_spawnp(pid_t *ret_pid, const char *file, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

/*
 * pidfd_spawn(3), pidfd_spawnp(3), which glibc has since 2.39: the same, with a
 * pidfd as the result, which is the caller's, and close-on-exec. waitid(2) takes it as
 * P_PIDFD (Linux 5.4). ENOSYS: the kernel has none (before 5.3); EMFILE: nor has the
 * table room for one.
 */
int spu_pidfd_spawn(int *ret_pidfd, const char *path, const posix_spawn_file_actions_t *actions,
		    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int spu_pidfd_spawnp(int *ret_pidfd, const char *file, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

/*
 * posix_spawn_file_actions_init(3) and the rest of its family. 0, ENOMEM, or EBADF: a
 * number that is negative or not below RLIMIT_NOFILE. path is copied. Each object that
 * was initialised needs one destroy, and belongs to one thread at a time until it
 * is complete; then any number of calls may use it at once. One that libc's own
 * function has made is handed to libc's (ENOSYS: which hasn't this one).
 *
 *	addopen		as if fd were closed before; close-on-exec only where flags
 *			have O_CLOEXEC
 *	addclose	fd needn't be open
 *	adddup2		source and fd alike: close-on-exec is taken off
 *	addchdir, addfchdir
 *			for the actions that follow, and for the program's path
 *	addclosefrom_np	from, and all above
 *	addtcsetpgrp_np	the child's process group becomes the foreground one of
 *			the terminal fd
 */
int spu_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions);
int spu_posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions);
int spu_posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd,
					 const char *path, int flags, mode_t mode);
int spu_posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd);
int spu_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int source, int fd);
int spu_posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t *actions, const char *path);
int spu_posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *actions, int fd);
int spu_posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int spu_posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t *actions, int fd);

#ifdef __cplusplus
}
#endif

/*
 * ---- In place of libc's --------------------------------------------------
 *
 * Calls of system(), popen(), pclose() and of posix_spawn()'s family become calls
 * of those above: by spawnutil-replace.h, which the compiler is given with
 * -include, in all of a program; or with SPU_REPLACE_LIBC defined, in a file that
 * includes this header before the first call. The library has __wrap_system and so
 * on too, for objects that can't be compiled again and the linker's --wrap:
 * spu_system(3), spu_posix_spawn(3).
 */
#ifdef SPU_REPLACE_LIBC
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
extern int system(const char *command) __asm__("spu_system");
extern FILE *popen(const char *command, const char *mode) __asm__("spu_popen");
extern int pclose(FILE *stream) __asm__("spu_pclose");
#define SPU_SPAWN_(name, ret) \
	extern int name(ret *, const char *, const posix_spawn_file_actions_t *, \
			const posix_spawnattr_t *, char *const [], char *const []) \
		__asm__("spu_" #name)
#define SPU_ACTION_(name, ours, arguments) \
	extern int posix_spawn_file_actions_##name arguments SPU_NOTHROW_ \
		__asm__("spu_posix_spawn_file_actions_" #ours)
#if defined(__cplusplus) && defined(__GLIBC__)
#define SPU_NOTHROW_ __THROW
#else
#define SPU_NOTHROW_
#endif
SPU_SPAWN_(posix_spawn, pid_t);
SPU_SPAWN_(posix_spawnp, pid_t);
SPU_SPAWN_(pidfd_spawn, int);
SPU_SPAWN_(pidfd_spawnp, int);
SPU_ACTION_(init, init, (posix_spawn_file_actions_t *));
SPU_ACTION_(destroy, destroy, (posix_spawn_file_actions_t *));
SPU_ACTION_(addopen, addopen,
	    (posix_spawn_file_actions_t *, int, const char *, int, mode_t));
SPU_ACTION_(addclose, addclose, (posix_spawn_file_actions_t *, int));
SPU_ACTION_(adddup2, adddup2, (posix_spawn_file_actions_t *, int, int));
SPU_ACTION_(addchdir, addchdir, (posix_spawn_file_actions_t *, const char *));
SPU_ACTION_(addchdir_np, addchdir, (posix_spawn_file_actions_t *, const char *));
SPU_ACTION_(addfchdir, addfchdir, (posix_spawn_file_actions_t *, int));
SPU_ACTION_(addfchdir_np, addfchdir, (posix_spawn_file_actions_t *, int));
SPU_ACTION_(addclosefrom_np, addclosefrom_np, (posix_spawn_file_actions_t *, int));
SPU_ACTION_(addtcsetpgrp_np, addtcsetpgrp_np, (posix_spawn_file_actions_t *, int));
#undef SPU_SPAWN_
#undef SPU_ACTION_
#undef SPU_NOTHROW_
#pragma GCC diagnostic pop
#ifdef __cplusplus
}
#endif
#endif

#endif
