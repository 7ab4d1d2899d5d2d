/* SPDX-License-Identifier: MIT */
/*
 * fault_every PERCENT usual|by-hand PROGRAM [ARG...]
 *
 * Runs PROGRAM, which is fault_launch -t, and learns which system calls its last
 * launch makes, in the parent and in the child until exec. Then runs it again for
 * each of these calls and each error that the call can give, by the table below,
 * with that one answer in place of the call's own (for PERCENT of them; the same
 * ones in each run). Says how many there were and what was wrong. by-hand: where
 * clone3 and close_range are refused. Status 77: no process may be traced here,
 * or the processor's registers are unknown.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/arch.h"

#ifdef POSIX_SPAWN_ONLY

int main(void)
{
	return 77;
}

#else

#define WALL 0x40000000
#define MAX_CALLS 1000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * ---- What calls can answer, and what must come of it
 */

enum side { PARENT = 1, CHILD = 2, BOTH = 3 };

/* AFTER: the call is made, and answers so all the same: what close does. */
enum how { INSTEAD, AFTER };

struct rule {
	const char *name;
	long number;
	enum side side;
	enum how how;
	const char *steps;	/* that may be named where the launch fails */
	int fails[16];		/* the launch has this error */
	int passes[12];		/* nothing is to be noticed */
	int either[12];		/* the one or the other: it depends on what the call is for */
};

/* Fetching that fails is done without; how it ends there is not to be noticed. */
static const struct rule fetching[] = {
	{"dup3", SYS_dup3, CHILD, INSTEAD, "", {0}, {EBADF, EBUSY, EINTR, EINVAL, EMFILE}, {0}},
	{"fcntl", SYS_fcntl, CHILD, INSTEAD, "", {0}, {EBADF, EINVAL, EMFILE}, {0}},
	{NULL, 0, BOTH, INSTEAD, NULL, {0}, {0}, {0}},
};

/* Handlers are reset, descriptors found and closed one by one. */
static const struct rule by_hand[] = {
	{"clone", SYS_clone, PARENT, INSTEAD, "clone", {EAGAIN, ENOMEM},
	 {ENOSYS, EPERM, EINVAL, EMFILE, ENFILE}, {0}},
	{"clone3", SYS_clone3, PARENT, INSTEAD, "", {0}, {EPERM, EINVAL}, {0}},
	{"close_range", SYS_close_range, CHILD, INSTEAD, "", {0}, {EPERM, EINVAL}, {0}},
	{"rt_sigaction", SYS_rt_sigaction, CHILD, INSTEAD, "", {0}, {EINVAL}, {0}},
	{"openat", SYS_openat, CHILD, INSTEAD, "", {0},
	 {ENOENT, EACCES, EMFILE, ENFILE, ENOMEM, EPERM, EINTR, ELOOP}, {0}},
	{"getdents64", SYS_getdents64, CHILD, INSTEAD, "", {0}, {EPERM, EIO, ENOENT, ENOSYS}, {0}},
	{"lseek", SYS_lseek, CHILD, INSTEAD, "", {0}, {EPERM, EINVAL}, {0}},
	{"prlimit64", SYS_prlimit64, CHILD, INSTEAD, "", {0}, {EPERM}, {0}},
	{NULL, 0, BOTH, INSTEAD, NULL, {0}, {0}, {0}},
};

static const struct rule usual[] = {
	{"chdir", SYS_chdir, CHILD, INSTEAD, "chdir",
	 {ENOENT, EACCES, ENOTDIR, ELOOP, ENAMETOOLONG, ENOMEM, EIO}, {0}, {0}},
	{"chroot", SYS_chroot, CHILD, INSTEAD, "chroot",
	 {ENOENT, EACCES, EPERM, ENOTDIR, ELOOP, ENAMETOOLONG, ENOMEM, EIO}, {0}, {0}},
	{"setgroups", SYS_setgroups, CHILD, INSTEAD, "setgroups", {EPERM, ENOMEM, EINVAL}, {0}, {0}},
	{"setresgid", SYS_setresgid, CHILD, INSTEAD, "setgid", {EPERM, EINVAL, EAGAIN, ENOMEM}, {0},
	 {0}},
	{"setresuid", SYS_setresuid, CHILD, INSTEAD, "setuid", {EPERM, EINVAL, EAGAIN, ENOMEM}, {0},
	 {0}},
	{"setsid", SYS_setsid, CHILD, INSTEAD, "setsid", {EPERM}, {0}, {0}},
	{"setpgid", SYS_setpgid, CHILD, INSTEAD, "setpgid", {EPERM, EACCES, ESRCH, EINVAL}, {0},
	 {0}},
	{"setpriority", SYS_setpriority, CHILD, INSTEAD, "nice", {EACCES, EPERM}, {0}, {0}},
	{"sched_setaffinity", SYS_sched_setaffinity, CHILD, INSTEAD, "cpus",
	 {EINVAL, EPERM, ENOMEM}, {0}, {0}},
	{"prlimit64", SYS_prlimit64, CHILD, INSTEAD, "limit", {EPERM, EINVAL}, {0}, {0}},
	{"prctl", SYS_prctl, CHILD, INSTEAD, "no-new-privs pdeathsig", {EINVAL, EPERM}, {0}, {0}},
	{"ioctl", SYS_ioctl, CHILD, INSTEAD, "ctty foreground",
	 {ENOTTY, EPERM, EIO, EBADF, EINVAL, ESRCH}, {0}, {0}},
	{"rt_sigaction", SYS_rt_sigaction, CHILD, INSTEAD, "signal", {EINVAL}, {0}, {0}},
	{"rt_sigprocmask", SYS_rt_sigprocmask, CHILD, INSTEAD, "mask", {EINVAL, EPERM, ENOSYS},
	 {0}, {0}},
	{"rt_sigpending", SYS_rt_sigpending, CHILD, INSTEAD, "", {0}, {EPERM, ENOSYS, EINVAL}, {0}},
	{"write", SYS_write, CHILD, INSTEAD, "ready", {EIO, EPIPE, ENOMEM}, {0}, {0}},
	/* a full table, or a file that is busy for a moment: it is launched again */
	{"dup3", SYS_dup3, CHILD, INSTEAD, "move open", {EBADF, EBUSY, EINTR, EINVAL, ENOMEM}, {0},
	 {EMFILE}},
	{"fcntl", SYS_fcntl, CHILD, INSTEAD, "move", {EBADF, EINVAL, ENOMEM}, {0}, {EMFILE}},
	{"openat", SYS_openat, CHILD, INSTEAD, "open",
	 {ENOENT, EACCES, EINTR, EIO, ENXIO, ELOOP, ENOTDIR, ENOSPC, EROFS, ENODEV, ENFILE, ENOMEM,
	  EISDIR, EEXIST, EPERM}, {0}, {EMFILE, ETXTBSY}},
	{"close", SYS_close, BOTH, AFTER, "", {0}, {EIO, EINTR, ENOSPC, EDQUOT}, {0}},
	{"close_range", SYS_close_range, CHILD, INSTEAD, "close", {0}, {ENOSYS, EPERM, EINVAL},
	 {ENOMEM, EMFILE}},
	{"pidfd_open", SYS_pidfd_open, BOTH, INSTEAD, "", {0},
	 {EPERM, ENOSYS, EINVAL, EMFILE, ENFILE, ENOMEM, ESRCH, ENODEV}, {0}},
	{"pidfd_getfd", SYS_pidfd_getfd, CHILD, INSTEAD, "", {0},
	 {EPERM, ENOSYS, EINVAL, EMFILE, ENFILE, ENOMEM, ESRCH, EBADF}, {0}},
	/* what goes on to the next directory of PATH may find it there */
	{"execve", SYS_execve, CHILD, INSTEAD, "exec",
	 {E2BIG, ENOEXEC, ELOOP, ENOMEM, EIO, EPERM, EAGAIN, ENFILE, EINVAL, EISDIR, ELIBBAD}, {0},
	 {ENOENT, EACCES, ENOTDIR, ENAMETOOLONG, ENODEV, ESTALE, ETIMEDOUT, ETXTBSY, EMFILE}},
	{"clone", SYS_clone, CHILD, INSTEAD, "detach", {EAGAIN, ENOMEM, EPERM}, {0}, {0}},
	{"wait4", SYS_wait4, CHILD, AFTER, "", {0}, {ECHILD}, {0}},
	{"umask", SYS_umask, CHILD, INSTEAD, "", {0}, {0}, {0}},
	{"getppid", SYS_getppid, BOTH, INSTEAD, "", {0}, {0}, {0}},
	{"exit_group", SYS_exit_group, CHILD, INSTEAD, "", {0}, {0}, {0}},

	{"clone3", SYS_clone3, PARENT, INSTEAD, "clone", {EAGAIN, ENOMEM, EBUSY, ENOSPC},
	 {ENOSYS, EPERM, EINVAL, E2BIG, EMFILE, ENFILE}, {0}},
	{"pipe2", SYS_pipe2, PARENT, INSTEAD, "prepare", {ENOMEM}, {0}, {EMFILE, ENFILE}},
	{"fcntl", SYS_fcntl, PARENT, INSTEAD, "prepare audit", {0}, {0}, {EMFILE, EBADF, ENOMEM}},
	{"openat", SYS_openat, PARENT, INSTEAD, "prepare audit", {0}, {0},
	 {EMFILE, ENFILE, EACCES, ENOENT, ENOMEM, EPERM}},
	{"ioctl", SYS_ioctl, PARENT, INSTEAD, "prepare", {0}, {0},
	 {EIO, EINVAL, ENOTTY, EPERM, ENOSYS, EMFILE, ENOMEM}},
	{"newfstatat", SYS_newfstatat, PARENT, INSTEAD, "audit", {0}, {0}, {EACCES, ENOMEM, EIO}},
	{"fstat", SYS_fstat, PARENT, INSTEAD, "audit", {0}, {0}, {EACCES, ENOMEM, EIO}},
	{"getdents64", SYS_getdents64, PARENT, INSTEAD, "audit", {0}, {0}, {EIO, ENOENT, ENOMEM}},
	{"read", SYS_read, PARENT, INSTEAD, "", {0}, {EIO, ESRCH, ENOMEM}, {0}},
	{"mmap", SYS_mmap, PARENT, INSTEAD, "prepare options clone audit", {0}, {0}, {ENOMEM}},
	{"brk", SYS_brk, PARENT, INSTEAD, "prepare options clone audit", {0}, {0}, {ENOMEM}},
	{"munmap", SYS_munmap, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"madvise", SYS_madvise, PARENT, INSTEAD, "", {0}, {EINVAL, ENOMEM}, {0}},
	{"wait4", SYS_wait4, PARENT, INSTEAD, "", {0}, {EINTR}, {0}},
	{"wait4", SYS_wait4, PARENT, AFTER, "", {0}, {ECHILD}, {0}},
	{"waitid", SYS_waitid, PARENT, INSTEAD, "", {0}, {EINTR, EINVAL, ENOSYS, EPERM}, {0}},
#ifdef SYS_poll
	{"poll", SYS_poll, PARENT, INSTEAD, "", {0}, {EINTR, ENOMEM, EINVAL}, {0}},
	{"getpgrp", SYS_getpgrp, PARENT, INSTEAD, "", {0}, {0}, {0}},
#endif
	{"ppoll", SYS_ppoll, PARENT, INSTEAD, "", {0}, {EINTR, ENOMEM, EINVAL}, {0}},
	{"clock_nanosleep", SYS_clock_nanosleep, PARENT, INSTEAD, "", {0}, {EINTR}, {0}},
	{"kill", SYS_kill, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"getpid", SYS_getpid, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"getpgid", SYS_getpgid, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"getsid", SYS_getsid, PARENT, INSTEAD, "", {0}, {EPERM, ESRCH}, {0}},
	{"setpgid", SYS_setpgid, PARENT, INSTEAD, "", {0}, {EPERM, ESRCH}, {0}},
#ifdef SYS_readlink
	{"readlink", SYS_readlink, PARENT, INSTEAD, "", {0}, {ENOENT, EACCES}, {0}},
#endif
	{"readlinkat", SYS_readlinkat, PARENT, INSTEAD, "", {0}, {ENOENT, EACCES}, {0}},
	{"kcmp", SYS_kcmp, PARENT, INSTEAD, "", {0}, {EPERM, ENOSYS}, {0}},
	{"getpriority", SYS_getpriority, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"prctl", SYS_prctl, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"rt_sigprocmask", SYS_rt_sigprocmask, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"rt_sigaction", SYS_rt_sigaction, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"futex", SYS_futex, PARENT, INSTEAD, "", {0}, {0}, {0}},
	/* the mark at the end */
	{"gettid", SYS_gettid, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{"tgkill", SYS_tgkill, PARENT, INSTEAD, "", {0}, {0}, {0}},
	{NULL, 0, BOTH, INSTEAD, NULL, {0}, {0}, {0}},
};

/*
 * ---- One run
 */

struct call {
	long number;
	enum side side;
};

/* What is to be answered to which call, if it is the one that was there before. */
struct fault {
	int at;		/* negative: none */
	struct call call;
	int err;
	enum how how;
};

/* What fault_launch said: of its last launch, and of the state afterwards. */
struct verdict {
	int has_ended, hung, was_injected, result, status;
	char step[32], text[256], left[256];
};

struct tracee {
	pid_t pid;	/* 0: free */
	int started;	/* its first stop is the kernel's own */
	int answers;	/* at its next return */
};

static struct call calls[MAX_CALLS];
static int call_count;
static struct tracee tracees[16];
static char **program;
static int was_injected;
static volatile sig_atomic_t time_is_over;

static void note_time(int number)
{
	(void)number;
	time_is_over = 1;
}

static struct tracee *find(pid_t pid)
{
	struct tracee *free_one = NULL;
	size_t i;

	for (i = 0; i < COUNT(tracees); i++) {
		if (tracees[i].pid == pid)
			return &tracees[i];
		if (!tracees[i].pid)
			free_one = &tracees[i];
	}
	if (!free_one)
		exit(2);
	*free_one = (struct tracee){.pid = pid};
	return free_one;
}

static void get(pid_t pid, struct user_regs_struct *registers)
{
	struct iovec vector = {registers, sizeof(*registers)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector) < 0)
		exit(2);
}

static void set(pid_t pid, int regset, void *registers, size_t size)
{
	struct iovec vector = {registers, size};

	if (ptrace(PTRACE_SETREGSET, pid, regset, &vector) < 0)
		exit(2);
}

static void leave_out(pid_t pid)
{
#ifdef ARCH_CALL_REGSET
	int none = -1;

	set(pid, ARCH_CALL_REGSET, &none, sizeof(none));
#else
	struct user_regs_struct registers;

	get(pid, &registers);
	registers.ARCH_CALL = (unsigned long)-1;
	set(pid, NT_PRSTATUS, &registers, sizeof(registers));
#endif
}

static void answer(pid_t pid, int err)
{
	struct user_regs_struct registers;

	get(pid, &registers);
	registers.ARCH_RESULT = (unsigned long)-(long)err;
	set(pid, NT_PRSTATUS, &registers, sizeof(registers));
}

static void at_call(struct tracee *tracee, int is_child, const struct fault *fault)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) <= 0)
		exit(77);
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->answers)
		answer(tracee->pid, fault->err);
	tracee->answers = 0;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || call_count == MAX_CALLS)
		return;
	calls[call_count] = (struct call){(long)info.entry.nr, is_child ? CHILD : PARENT};
	if (call_count++ == fault->at && calls[fault->at].number == fault->call.number &&
	    calls[fault->at].side == fault->call.side) {
		was_injected = tracee->answers = 1;
		if (fault->how == INSTEAD)
			leave_out(tracee->pid);
	}
}

static pid_t start(int output)
{
	pid_t pid = fork();
	int fd;

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(77);
		/* the program inherits nothing that it could take for its own */
		dup2(output, 1);
		for (fd = 3; fd < 256; fd++)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
		raise(SIGSTOP);
		execv(program[0], program);
		_exit(127);
	}
	return pid;
}

/* Until the program and its children before exec have ended. Returns its wait status. */
static int trace(pid_t main_pid, const struct fault *fault)
{
	int status, main_status = -1, marks = 0, alive = 1;
	pid_t pid;

	while (alive > 0 && (pid = waitpid(-1, &status, WALL)) > 0) {
		struct tracee *tracee = find(pid);
		int deliver = 0, event;

		if (!WIFSTOPPED(status)) {
			if (pid == main_pid)
				main_status = status;
			tracee->pid = 0;
			alive--;
			continue;
		}
		event = status >> 16;
		if (!tracee->started) {
			tracee->started = 1;
			if (pid == main_pid)
				ptrace(PTRACE_SETOPTIONS, pid, 0,
				       PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
					       PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
					       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE);
			else
				alive++;
		} else if (event == PTRACE_EVENT_EXEC && pid != main_pid) {
			/* it is launched: let it go */
			ptrace(PTRACE_DETACH, pid, 0, 0);
			tracee->pid = 0;
			alive--;
			continue;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			at_call(tracee, pid != main_pid, fault);
		} else if (pid == main_pid && WSTOPSIG(status) == SIGURG) {
			marks++;
		} else if (event == 0 && WSTOPSIG(status) != SIGTRAP) {
			deliver = WSTOPSIG(status);
		}
		ptrace(marks == 1 ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, deliver);
	}
	return main_status;
}

static void read_verdict(FILE *output, struct verdict *verdict)
{
	char line[512];

	while (fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "result ", 7) == 0) {
			verdict->step[0] = verdict->text[0] = '\0';
			sscanf(line, "result %d %31[^:]: %255[^\n]", &verdict->result, verdict->step,
			       verdict->text);
		} else if (sscanf(line, "status %d", &verdict->status) != 1 &&
			   strncmp(line, "left ", 5) == 0) {
			snprintf(verdict->left, sizeof(verdict->left), "%.250s", line);
		} else if (strncmp(line, "wait: ", 6) == 0) {
			snprintf(verdict->left, sizeof(verdict->left), "%.250s", line);
		}
		verdict->has_ended |= strcmp(line, "end") == 0;
	}
}

static void run(const struct fault *fault, struct verdict *verdict)
{
	FILE *output = tmpfile();
	pid_t pid;
	int status;

	*verdict = (struct verdict){.result = -9999};
	memset(tracees, 0, sizeof(tracees));
	call_count = was_injected = 0;
	time_is_over = 0;
	pid = start(fileno(output));
	alarm(60);
	status = trace(pid, fault);
	alarm(0);
	if (time_is_over) {
		verdict->hung = 1;
		kill(pid, SIGKILL);
		while (waitpid(-1, NULL, WALL) > 0)
			;
	}
	if (status == 77 << 8)
		exit(77);
	verdict->was_injected = was_injected;
	rewind(output);
	read_verdict(output, verdict);
	if (status != 0)
		verdict->has_ended = 0;
	fclose(output);
}

/*
 * ---- All of them
 */

static int is_among(int err, const int *list, size_t size)
{
	size_t i;

	for (i = 0; i < size && list[i]; i++)
		if (list[i] == err)
			return 1;
	return 0;
}

/*
 * Where /proc doesn't say that a child with another user's ids has left our
 * memory, the parent stays what nobody may attach to.
 */
static int may_stay_undumpable(const struct rule *rule, const struct verdict *verdict)
{
	return rule->side == PARENT && (rule->number == SYS_openat || rule->number == SYS_read) &&
	       strncmp(verdict->left, "left the dumpable flag", 22) == 0;
}

/* NULL, or what is wrong. */
static const char *judge(const struct rule *rule, const struct fault *fault,
			 const struct verdict *verdict)
{
	int may_pass = !is_among(fault->err, rule->fails, COUNT(rule->fails));
	int may_fail = !is_among(fault->err, rule->passes, COUNT(rule->passes));

	if (verdict->hung)
		return "it hangs";
	if (!verdict->has_ended)
		return "it died";
	if (verdict->left[0] && !may_stay_undumpable(rule, verdict))
		return verdict->left;
	if (verdict->result == 0)
		return may_pass ? verdict->status ? "another status" : NULL : "no error";
	if (!may_fail)
		return "an error";
	if (verdict->result != -fault->err)
		return "another error";
	if (!strstr(rule->steps, verdict->step) || !verdict->step[0])
		return "another step";
	return strstr(verdict->text, strerror(fault->err)) ? NULL : "another text";
}

static int tried, wrong;

static void try(const struct rule *rule, const struct call *call, int at, int err)
{
	struct fault fault = {at, *call, err, rule->how};
	struct verdict verdict;
	const char *why = "the call isn't made any more";
	int times = 0;

	tried++;
	/* waiting takes more calls or fewer, as the child is slow or fast */
	do
		run(&fault, &verdict);
	while (!verdict.was_injected && ++times < 20);
	if (verdict.was_injected)
		why = judge(rule, &fault, &verdict);
	if (!why)
		return;
	wrong++;
	printf("wrong: %s's %s (%d) answers %s: %s: result %d %s: %s\n",
	       call->side == CHILD ? "child" : "parent", rule->name, at, strerrorname_np(err), why,
	       verdict.result, verdict.step, verdict.text);
}

/* The same ones each time, and others at another call. */
static int is_chosen(int at, int err, int percent)
{
	uint32_t mixed = (uint32_t)at * 2654435761u ^ (uint32_t)err * 2246822519u;

	mixed ^= mixed >> 15;
	mixed *= 2246822519u;
	mixed ^= mixed >> 13;
	return (int)(mixed % 100) < percent;
}

/* All that this table says of a call; 0: nothing. */
static int try_by(const struct rule *rule, const struct call *call, int at, int percent)
{
	int is_known = 0;
	size_t i, j;

	for (; rule->name; rule++) {
		const int *lists[] = {rule->fails, rule->passes, rule->either};
		const size_t sizes[] = {COUNT(rule->fails), COUNT(rule->passes),
					COUNT(rule->either)};

		if (rule->number != call->number || !(rule->side & call->side))
			continue;
		is_known = 1;
		for (i = 0; i < 3; i++)
			for (j = 0; j < sizes[i] && lists[i][j]; j++)
				if (is_chosen(at, lists[i][j], percent))
					try(rule, call, at, lists[i][j]);
	}
	return is_known;
}

static void try_all(const struct call *reference, int count, int percent,
		    const struct rule *first)
{
	const struct call *call;

	for (call = reference; call < reference + count; call++) {
		int at = (int)(call - reference);

		if (call->number == SYS_pidfd_open)
			first = fetching;
		if (try_by(first, call, at, percent) || try_by(usual, call, at, percent))
			continue;
		wrong++;
		printf("wrong: no rule for the %s's call %ld\n",
		       call->side == CHILD ? "child" : "parent", call->number);
	}
}

int main(int argc, char *argv[])
{
	static struct call reference[MAX_CALLS];
	const struct fault none = {.at = -1};
	struct sigaction action = {.sa_handler = note_time};
	struct verdict verdict;
	int count;

	if (argc < 4)
		return 2;
	program = argv + 3;
	sigaction(SIGALRM, &action, NULL);
	run(&none, &verdict);
	if (verdict.result != 0 || verdict.status != 0 || verdict.left[0] || !verdict.has_ended ||
	    call_count == 0) {
		printf("wrong: without a fault: result %d %s: %s, status %d, %d calls, %s\n",
		       verdict.result, verdict.step, verdict.text, verdict.status, call_count,
		       verdict.left);
		return 1;
	}
	count = call_count;
	memcpy(reference, calls, sizeof(calls));
	try_all(reference, count, atoi(argv[1]),
		strcmp(argv[2], "by-hand") == 0 ? by_hand : &usual[COUNT(usual) - 1]);
	printf("%d calls, %d faults, %d wrong\n", count, tried, wrong);
	return wrong != 0;
}

#endif
