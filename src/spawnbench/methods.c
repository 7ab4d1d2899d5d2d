/* SPDX-License-Identifier: MIT */
/*
 * The table of methods, and those that are bare system calls. Each does what a
 * plain program would write and no more: the clock is read by the caller, just
 * outside these functions.
 */
#include "methods.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_EXECUTED 127
#define FLOOR_STACK_SIZE (16 * 1024)

/* glibc has it from 2.34 on, musl from 1.2.2 on: found when the program starts. */
pid_t _Fork(void) __attribute__((weak));

#ifdef __SANITIZE_THREAD__
/* Its clone() takes the child for a copy, and then misses what the thread does. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
#define clone __clone
#endif

struct floor_exec {
	const struct target *target;
	volatile int err;
};

/* Runs in the parent's memory, so errno is the parent's too: it is given back by err. */
static int floor_child(void *argument)
{
	struct floor_exec *exec = argument;

	execve(exec->target->path, exec->target->argv, environ);
	exec->err = errno;
	return EXIT_NOT_EXECUTED;
}

static int pid_finish(struct launched *launched, int *ret_status)
{
	while (wait4(launched->pid, ret_status, 0, NULL) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* libc's clone() is the system call and a jump to the function, nothing else. */
static int floor_start(const struct target *target, struct launched *launched)
{
	char stack[FLOOR_STACK_SIZE] __attribute__((aligned(64)));
	struct floor_exec exec = {target, 0};
	int status;

	launched->pid = clone(floor_child, stack + sizeof(stack),
			      CLONE_VM | CLONE_VFORK | SIGCHLD, &exec);
	if (launched->pid < 0)
		return -errno;
	if (exec.err)
		pid_finish(launched, &status);
	return -exec.err;
}

static int forked(pid_t pid, const struct target *target, struct launched *launched)
{
	if (pid == 0) {
		execve(target->path, target->argv, environ);
		_exit(EXIT_NOT_EXECUTED);
	}
	launched->pid = pid;
	return pid < 0 ? -errno : 0;
}

static int fork_start(const struct target *target, struct launched *launched)
{
	return forked(fork(), target, launched);
}

static int bare_fork_start(const struct target *target, struct launched *launched)
{
	if (_Fork)
		return forked(_Fork(), target, launched);
	snprintf(launched->error.text, sizeof(launched->error.text), "this libc has no _Fork");
	return -ENOTSUP;
}

/* A function of its own: the child must write to no variable that the parent goes on with. */
static __attribute__((noinline)) pid_t vfork_exec(const struct target *target)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(target->path, target->argv, environ);
		_exit(EXIT_NOT_EXECUTED);
	}
	return pid;
}

static int vfork_start(const struct target *target, struct launched *launched)
{
	launched->pid = vfork_exec(target);
	return launched->pid < 0 ? -errno : 0;
}

/* What the measuring itself takes: no process at all. */
static int empty_start(const struct target *target, struct launched *launched)
{
	(void)target;
	launched->status = 0;
	return 0;
}

static int ended_finish(struct launched *launched, int *ret_status)
{
	*ret_status = launched->status;
	return 0;
}

const struct method method_table[] = {
	{FLOOR_METHOD, floor_start, pid_finish, 0},
	{"fork", fork_start, pid_finish, METHOD_COPIES},
	{"_Fork", bare_fork_start, pid_finish, METHOD_COPIES},
	{"vfork", vfork_start, pid_finish, 0},
	{"posix_spawn", posix_spawn_start, pid_finish, 0},
	{"posix_spawn-closefrom", closefrom_start, pid_finish, 0},
	{"spu", spu_close_start, spu_finish, 0},
	{"spu-allow", spu_allow_start, spu_finish, 0},
	{"spu-fail", spu_fail_start, spu_finish, 0},
	{"spu-deadline", spu_deadline_start, spu_finish, 0},
	{"spu-posix_spawn", spu_posix_spawn_start, spu_finish, 0},
	{"spu-posix_spawn-allow", spu_posix_spawn_allow_start, spu_finish, 0},
	{"spu-posix_spawn-fail", spu_posix_spawn_fail_start, spu_finish, 0},
	{"spu_posix_spawn", spu_posix_spawn_call_start, pid_finish, 0},
	{"system", system_start, ended_finish, METHOD_WAITS},
	{"spu_system", spu_system_start, ended_finish, METHOD_WAITS},
	{"popen", popen_start, popen_finish, 0},
	{"spu_popen", spu_popen_start, spu_popen_finish, 0},
	{"spu-server", spu_server_start_child, spu_finish, METHOD_UNUSUAL},
	{"empty", empty_start, ended_finish, METHOD_WAITS | METHOD_UNUSUAL},
};
const size_t method_table_count = sizeof(method_table) / sizeof(*method_table);

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < method_table_count; i++) {
		if (strcmp(method_table[i].name, name) == 0)
			return &method_table[i];
	}
	return NULL;
}
