/* SPDX-License-Identifier: MIT */
/*
 * The clone instruction and all that runs from there to exec, nothing else.
 * The child may share its parent's memory while other threads run, so nothing
 * here uses libc, thread-local storage or a lock: this object has no undefined
 * symbol, and that is checked. It leaves by exec or exit only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "plan.h"
#include "syscall.h"

#ifdef POSIX_SPAWN_ONLY

#warning "this processor's system calls are unknown here: method posix_spawn is all there is"

long spu__clone_child(unsigned long flags, void *stack_top, int *ret_pidfd, struct plan *plan)
{
	(void)flags, (void)stack_top, (void)ret_pidfd, (void)plan;
	return -ENOSYS;
}

long spu__clone3_child(const struct kernel_clone_args *args, struct plan *plan)
{
	(void)args, (void)plan;
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

/* One pass over the directory; returns how many were in the range, or a negative errno value. */
CHILD static long close_listed(int directory, unsigned first, unsigned last, unsigned flags)
{
	char entries[1024] __attribute__((aligned(8)));
	long size, position, found = 0;

	while ((size = syscall3(SYS_getdents64, directory, (long)entries, sizeof(entries))) > 0) {
		for (position = 0; position < size;) {
			struct kernel_dirent64 *entry = (void *)(entries + position);
			int fd = parse_number(entry->name);

			position += entry->size;
			if (fd < 0 || fd == directory)
				continue;
			if ((unsigned)fd < first || (unsigned)fd > last)
				continue;
			found += close_or_mark(fd, flags) == 0;
		}
	}
	return size < 0 ? size : found;
}

/* For kernels before 5.9 and for filters that refuse close_range. */
CHILD static long close_range_by_hand(unsigned first, unsigned last, unsigned flags)
{
	static const char proc[] = "/proc/self/fd";
	struct kernel_rlimit64 limit;
	long directory, found;
	unsigned fd;

	directory = syscall4(SYS_openat, AT_FDCWD, (long)proc,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (directory >= 0) {
		/* An emulated /proc may skip an entry when the one before goes: look again */
		do
			found = close_listed((int)directory, first, last, flags);
		while (found > 0 && !flags && syscall3(SYS_lseek, directory, 0, 0) == 0);
		syscall3(SYS_close, directory, 0, 0);
		if (found >= 0)
			return 0;
	}
	/* The hard limit: a lowered soft one leaves higher numbers open. */
	if (syscall4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit) < 0 ||
	    limit.max > CLOSE_BOUND)
		limit.max = CLOSE_BOUND;
	if (last >= limit.max)
		last = (unsigned)limit.max - 1;
	for (fd = first; fd <= last; fd++)
		close_or_mark((int)fd, flags);
	return 0;
}

CHILD static long close_range_step(const struct step *step)
{
	long r = syscall3(step->number, step->arg[0], step->arg[1], step->arg[2]);

	if (r == -ENOSYS || r == -EPERM || r == -EINVAL)
		r = close_range_by_hand((unsigned)step->arg[0], (unsigned)step->arg[1],
					(unsigned)step->arg[2]);
	return r;
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

/* Between clone and prctl the parent may have been killed; 0: it is in another pid namespace. */
CHILD static long is_parent_alive(const struct step *step)
{
	long parent = syscall3(step->number, 0, 0, 0);

	return parent == 0 || parent == step->arg[0] ? 0 : -ESRCH;
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

CHILD static long exec_first(struct plan *plan)
{
	int err, best = 0, i;

	for (i = 0; plan->candidates[i] && (i == 0 || goes_on(err)); i++) {
		err = (int)-syscall3(SYS_execve, (long)plan->candidates[i], (long)plan->argv,
				     (long)plan->env);
		if (!best || rank(err) > rank(best)) {
			best = err;
			plan->report.index = i;
		}
	}
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
	r = syscall4(step->number, first, step->arg[1], step->arg[2], step->arg[3]);
	if (step->link == LINK_SAVE)
		*saved = r;
	/* It is closed whatever the answer: EIO and EINTR tell of data, of another's mostly */
	return step->number == SYS_close ? 0 : r;
}

/* A process whose parent leaves at once is nobody's to wait for. */
CHILD static long detach(struct plan *plan, int next)
{
	long r;

	plan->start = next;
	r = spu__clone_child(KERNEL_CLONE_VM | KERNEL_CLONE_VFORK | SIGCHLD, plan->spare_stack, 0,
			     plan);
	if (r < 0)
		return r;
	/* One that failed is ours to reap: the caller might be a subreaper, or init. */
	if (plan->report.pid == r && (plan->report.err || plan->report.at != plan->count - 1))
		syscall4(SYS_wait4, r, 0, 0, 0);
	syscall3(SYS_exit_group, 0, 0, 0);
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
		case STEP_CLOSE_TAIL:
		case STEP_CLOSE_GAP:
			r = close_range_step(step);
			break;
		case STEP_PARENT_ALIVE:
			r = is_parent_alive(step);
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

/*
 * The kernel gives the child the parent's registers but for the stack pointer
 * and the result. What follows must stay one asm: the compiler may not put
 * anything of the parent's frame between the system call and the jump.
 */
#if defined(__x86_64__)

CHILD static long clone_raw(long number, long a, long b, long c, long d, struct plan *plan)
{
	long result;
	register long r10 __asm__("r10") = d;
	register struct plan *r9 __asm__("r9") = plan;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%r9, %%rdi\n\t"
			 "call spu__child_entry\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

CHILD long spu__clone_child(unsigned long flags, void *stack_top, int *ret_pidfd,
			    struct plan *plan)
{
	return clone_raw(SYS_clone, (long)(flags | KERNEL_CLONE_CHILD_SETTID), (long)stack_top,
			 (long)ret_pidfd, (long)&plan->report.pid, plan);
}

#elif defined(__aarch64__)

/* clone has child_tid fifth here, after tls. */
CHILD static long clone_raw(long number, long a, long b, long c, long e, struct plan *plan)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = e;
	register struct plan *x5 __asm__("x5") = plan;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x5\n\t"
			 "bl spu__child_entry\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

CHILD long spu__clone_child(unsigned long flags, void *stack_top, int *ret_pidfd,
			    struct plan *plan)
{
	return clone_raw(SYS_clone, (long)(flags | KERNEL_CLONE_CHILD_SETTID), (long)stack_top,
			 (long)ret_pidfd, (long)&plan->report.pid, plan);
}

#endif

CHILD long spu__clone3_child(const struct kernel_clone_args *args, struct plan *plan)
{
	return clone_raw(SYS_clone3, (long)args, sizeof(*args), 0, 0, plan);
}

#endif
