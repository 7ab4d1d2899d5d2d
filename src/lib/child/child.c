/* SPDX-License-Identifier: MIT */
/*
 * The clone instruction and all that runs from there to exec, nothing else.
 * The child may share its parent's memory while other threads run, so nothing
 * here uses libc, thread-local storage or a lock: this object has no undefined
 * symbol, and that is checked. It leaves by exec or exit only.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#ifdef POSIX_SPAWN_ONLY

#pragma message "this processor's system calls are unknown here: method posix_spawn is all there is"

long spu__clone_child(unsigned long flags, void *stack_top, int *parent_word, struct plan *plan)
{
	(void)flags, (void)stack_top, (void)parent_word, (void)plan;
	return -ENOSYS;
}

long spu__clone3_child(const struct kernel_clone_args *args, size_t size, struct plan *plan)
{
	(void)args, (void)size, (void)plan;
	return -ENOSYS;
}

void spu__run_plan(struct plan *plan)
{
	plan->report.err = ENOSYS;
	plan->report.at = plan->start;
}

#else

/* One section, so that a check can see that no call leaves it. */
#define CHILD __attribute__((section(".text.spu_child"), noinline))

/* Beyond this number nothing is looked for where neither close_range nor /proc is there. */
#define CLOSE_BOUND (1u << 20)

#define STOP_SIGNALS (SPU_SIGNAL(SIGTSTP) | SPU_SIGNAL(SIGTTIN) | SPU_SIGNAL(SIGTTOU))

CHILD static long close_or_mark(int fd, unsigned flags)
{
	if (flags & KERNEL_CLOSE_RANGE_CLOEXEC)
		return syscall3(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
	return syscall3(SYS_close, fd, 0, 0);
}

/* -1 for "." and ".." */
CHILD static int parse_number(const char *text)
{
	int number = 0;

	if (*text < '0' || *text > '9')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (*text - '0');
	return number;
}

/* One pass over the directory; returns how many were from first on, or a negative errno value. */
CHILD static long close_listed(int directory, unsigned first, unsigned flags)
{
	char entries[1024] __attribute__((aligned(8)));
	long size, position, found = 0;

	while ((size = syscall3(SYS_getdents64, directory, (long)entries, sizeof(entries))) > 0) {
		for (position = 0; position < size;) {
			struct kernel_dirent64 *entry = (void *)(entries + position);
			int fd = parse_number(entry->name);

			position += entry->size;
			if (fd < 0 || fd == directory || (unsigned)fd < first)
				continue;
			found += close_or_mark(fd, flags) == 0;
		}
	}
	return size < 0 ? size : found;
}

/* 0, or a negative errno value where there is no list. */
CHILD static long close_by_list(unsigned first, unsigned flags)
{
	/* in place a thread may run it that has a table of its own */
	static const char proc[] = "/proc/thread-self/fd";
	long directory, found;

	directory = syscall4(SYS_openat, AT_FDCWD, (long)proc,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (directory < 0)
		return directory;
	/* An emulated /proc may skip an entry when the one before goes: look again */
	do
		found = close_listed((int)directory, first, flags);
	while (found > 0 && !flags && syscall3(SYS_lseek, directory, 0, 0) == 0);
	syscall3(SYS_close, directory, 0, 0);
	return found < 0 ? found : 0;
}

CHILD static void close_by_count(unsigned first, unsigned end, unsigned flags)
{
	for (; first < end; first++)
		close_or_mark((int)first, flags);
}

/*
 * The hard limit: a lowered soft one leaves higher numbers open. Does it leave none
 * from first on, it was lowered too.
 */
CHILD static unsigned count_end(unsigned first)
{
	struct kernel_rlimit64 limit;

	if (syscall4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit) < 0 ||
	    limit.max > CLOSE_BOUND || limit.max <= first)
		return CLOSE_BOUND;
	return (unsigned)limit.max;
}

/*
 * For kernels before 5.9 and for filters that refuse close_range. A gap ends
 * below an open descriptor, so it is counted through: when its turn comes the root
 * may be another, whose /proc lists what its owner likes.
 */
CHILD static void close_range_by_hand(unsigned first, unsigned last, unsigned flags)
{
	if (last != ~0u) {
		close_by_count(first, last + 1, flags);
		return;
	}
	if (close_by_list(first, flags) == 0)
		return;
	close_by_count(first, count_end(first), flags);
	/* The list may have wanted a number, and knows what is above a lowered limit. */
	close_by_list(first, flags);
}

/*
 * The right answer to a range that ends before it begins is EINVAL. Some filters
 * say 0 to what they don't let through.
 */
CHILD static long ask_close_range(struct plan *plan, const struct step *step)
{
	if (syscall3(step->number, step->arg[0], step->arg[1], step->arg[2]) != -EINVAL)
		plan->closes_by_hand = 1;
	return 0;
}

CHILD static long close_range_step(const struct plan *plan, const struct step *step)
{
	long r = -ENOSYS;

	if (!plan->closes_by_hand)
		r = syscall3(step->number, step->arg[0], step->arg[1], step->arg[2]);
	if (r != -ENOSYS && r != -EPERM && r != -EINVAL)
		return r;
	close_range_by_hand((unsigned)step->arg[0], (unsigned)step->arg[1],
			    (unsigned)step->arg[2]);
	return 0;
}

/* From the parent's table to one of its own: nothing may be done by hand before that. */
CHILD static long unshare_step(const struct plan *plan, const struct step *step)
{
	if (plan->closes_by_hand)
		return -EPERM;
	return syscall3(step->number, step->arg[0], step->arg[1], step->arg[2]);
}

/* Without CLONE_CLEAR_SIGHAND the parent's handlers are still installed here. */
CHILD static long reset_handlers(void)
{
	static const struct kernel_sigaction by_default;
	struct kernel_sigaction now;
	int number;

	for (number = 1; number <= KERNEL_SIGNALS; number++)
		if (syscall4(SYS_rt_sigaction, number, 0, (long)&now, KERNEL_SIGSET_SIZE) == 0 &&
		    now.handler != (void *)SIG_DFL && now.handler != (void *)SIG_IGN)
			syscall4(SYS_rt_sigaction, number, (long)&by_default, 0,
				 KERNEL_SIGSET_SIZE);
	return 0;
}

/*
 * A stop that is pending would be delivered when the mask is set, before exec,
 * and the parent, suspended by CLONE_VFORK, would hang until somebody sends
 * SIGCONT to a process that it doesn't know yet.
 */
CHILD static long look_for_stop(const struct plan *plan, const struct step *step)
{
	uint64_t pending = 0;

	syscall3(step->number, (long)&pending, KERNEL_SIGSET_SIZE, 0);
	return (pending & STOP_SIGNALS & ~plan->mask) ? -REPORT_STOP : 0;
}

/*
 * Is the parent the one that the plan knows? 0: it is in another pid namespace.
 * Else it was killed meanwhile.
 */
CHILD static long ask_parent(const struct step *step)
{
	long parent = syscall3(step->number, 0, 0, 0);

	if (parent == step->arg[0] || (parent == 0 && step->kind == STEP_PARENT_ALIVE))
		return 0;
	return parent == 0 ? -ENOTSUP : -ESRCH;
}

/* The kernel drops what a timer sends to the first process of a pid namespace. */
CHILD static long ask_for_init(const struct step *step)
{
	return syscall3(step->number, 0, 0, 0) == 1 ? -ENOTSUP : 0;
}

/* The child's own number, as text, where the step says and ended as it says. */
CHILD static long write_pid(struct plan *plan, const struct step *step)
{
	char *text = (char *)step->arg[2];
	long pid = syscall3(step->number, 0, 0, 0), rest;
	int size = 0;

	for (rest = pid; rest > 0; rest /= 10)
		size++;
	plan->pid_size = size + 1;
	text[size] = (char)step->arg[3];
	for (; size > 0; pid /= 10)
		text[--size] = (char)('0' + pid % 10);
	return 0;
}

/* The beginning of a number is another's: a file that can't take all of it holds none. */
CHILD static long write_pid_line(const struct plan *plan, const struct step *step, long file)
{
	long r = syscall3(step->number, file, (long)plan->pid_line, plan->pid_size);

	if (r < 0 || r == plan->pid_size)
		return r;
	syscall3(SYS_ftruncate, file, 0, 0);
	return -ENOSPC;
}

/* What makes execvp(3) go on to the next directory. */
CHILD static int goes_on(int err)
{
	return err == ENOENT || err == EACCES || err == ENOTDIR || err == ENAMETOOLONG ||
	       err == ESTALE || err == ENODEV || err == ETIMEDOUT;
}

/* Of all the answers on the way the one that tells most. */
CHILD static int rank(int err)
{
	if (!goes_on(err))
		return 4;
	return err == EACCES ? 3 : err == ENOENT ? 2 : 1;
}

CHILD static long exec_one(const struct plan *plan, const char *candidate)
{
	if (plan->program >= 0)
		return syscall6(SYS_execveat, plan->program, (long)candidate, (long)plan->argv,
				(long)plan->env, AT_EMPTY_PATH, 0);
	return syscall3(SYS_execve, (long)candidate, (long)plan->argv, (long)plan->env);
}

CHILD static long exec_first(struct plan *plan)
{
	int err = 0, best = 0, best_index = 0, i;

	for (i = 0; plan->candidates[i] && (i == 0 || goes_on(err)); i++) {
		plan->report.index = i;
		err = (int)-exec_one(plan, plan->candidates[i]);
		if (!best || rank(err) > rank(best)) {
			best = err;
			best_index = i;
		}
	}
	plan->report.index = best_index;
	return -best;
}

/* *saved is what one step gives to a later one: see enum step_link. */
CHILD static long issue(const struct step *step, long *saved)
{
	long first = step->arg[0], r;

	if (step->link == LINK_SAVED && *saved == step->arg[1])
		return 0;
	if (step->link == LINK_SAVED)
		first = *saved;
	r = syscall6(step->number, first, step->arg[1], step->arg[2], step->arg[3],
		     step->arg[4], step->arg[5]);
	if (step->link == LINK_SAVE)
		*saved = r;
	/* It is closed whatever the answer: EIO and EINTR tell of data, of another's mostly */
	return step->number == SYS_close ? 0 : r;
}

/*
 * A process whose parent leaves at once is nobody's to wait for. Its number is in
 * the report before it runs: whoever finds this one killed must end that one.
 */
CHILD static long detach(struct plan *plan, int next)
{
	int *word = (int *)&plan->report.pid, status = 0;
	long r;

	plan->start = next;
	r = spu__clone_child(KERNEL_CLONE_VM | KERNEL_CLONE_VFORK | KERNEL_CLONE_PARENT_SETTID |
			     (unsigned)plan->exit_signal, plan->spare_stack, word, plan);
	if (r < 0)
		return r;
	/*
	 * One that failed is ours to reap: the caller might be a subreaper, or init. No
	 * step taken: its memory is a copy, so that we don't know. Killed in exec it has
	 * the exit signal 0 still, that exec changes. The exit status is the signal that
	 * killed it.
	 */
	if (plan->report.err || plan->report.at != plan->count - 1 ||
	    syscall4(SYS_wait4, r, (long)&status, KERNEL_WCLONE | WNOHANG, 0) == 0)
		syscall4(SYS_wait4, r, (long)&status,
			 KERNEL_WALL | (plan->report.at < next ? WNOHANG : 0), 0);
	syscall3(SYS_exit_group, status & 0x7f, 0, 0);
	return 0;
}

CHILD void spu__run_plan(struct plan *plan)
{
	long saved = -1, r = 0;
	int i;

	for (i = plan->start; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		plan->report.at = i;
		plan->report.index = step->index;
		switch (step->kind) {
		case STEP_HANDLERS:
			r = reset_handlers();
			break;
		case STEP_DETACH:
			r = detach(plan, i + 1);
			break;
		case STEP_DEADLINE_HERE:
			r = ask_for_init(step);
			break;
		case STEP_DEADLINE:
			r = syscall4(step->number, plan->timer, 0, step->arg[2], 0);
			break;
		case STEP_ASK_CLOSE:
			r = ask_close_range(plan, step);
			break;
		case STEP_UNSHARE:
			r = unshare_step(plan, step);
			break;
		case STEP_CLOSE_TAIL:
		case STEP_CLOSE_GAP:
			r = close_range_step(plan, step);
			break;
		case STEP_DETACH_HERE:
		case STEP_FETCH_HERE:
		case STEP_PARENT_ALIVE:
			r = ask_parent(step);
			break;
		case STEP_PID_VARIABLE:
		case STEP_PID_TEXT:
			r = write_pid(plan, step);
			break;
		case STEP_PID_WRITE:
			r = write_pid_line(plan, step, saved);
			break;
		case STEP_STOP_PENDING:
			r = look_for_stop(plan, step);
			break;
		case STEP_EXEC:
			r = exec_first(plan);
			break;
		default:
			r = issue(step, &saved);
		}
		if (r < 0)
			break;
	}
	plan->report.err = (int)-r;
}

/* Reached from the clone instruction, on the child's own stack. */
CHILD __attribute__((used, noreturn, visibility("hidden")))
void spu__child_entry(struct plan *plan);

void spu__child_entry(struct plan *plan)
{
	spu__run_plan(plan);
	if (plan->error_pipe >= 0)
		syscall3(SYS_write, plan->error_pipe, (long)&plan->report, sizeof(plan->report));
	for (;;)
		syscall3(SYS_exit_group, 127, 0, 0);
}

CHILD static long clone_raw(long number, long a, long b, long parent_word, struct plan *plan)
{
	long result, child_word = (long)&plan->report.pid;

	ARCH_CLONE(result, number, a, b, parent_word, child_word, "spu__child_entry", plan);
	return result;
}

CHILD long spu__clone_child(unsigned long flags, void *stack_top, int *parent_word,
			    struct plan *plan)
{
	return clone_raw(SYS_clone, (long)(flags | KERNEL_CLONE_CHILD_SETTID), (long)stack_top,
			 (long)parent_word, plan);
}

CHILD long spu__clone3_child(const struct kernel_clone_args *args, size_t size, struct plan *plan)
{
	return clone_raw(SYS_clone3, (long)args, (long)size, 0, plan);
}

#endif
