/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn(3), posix_spawnp(3), pidfd_spawn(3), pidfd_spawnp(3): attributes
 * become options, file actions a list of steps.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "file_actions.h"
#include "libc_spawn.h"
#include "preload.h"
#include "spawn.h"

#define KNOWN_FLAGS \
	(POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | \
	 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER | \
	 POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID)
#define UNCHANGEABLE (SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP))

#ifdef POSIX_SPAWN_ONLY
#define IS_LIBCS 1	/* libc's is all there is on this processor */
#else
#define IS_LIBCS 0
#endif

static char *const nothing[] = {NULL};

/*
 * ---- Attributes
 */

/* The kernel's set is the first word of libc's. */
static uint64_t signals_of(const sigset_t *set)
{
	uint64_t signals;

	memcpy(&signals, set, sizeof(signals));
	return signals;
}

static int read_signals(const posix_spawnattr_t *attributes, int flags,
			struct spu_options *options)
{
	sigset_t set;
	int r = 0;

	if (flags & POSIX_SPAWN_SETSIGDEF) {
		r = posix_spawnattr_getsigdefault(attributes, &set);
		options->default_signals = signals_of(&set) & ~UNCHANGEABLE;
	}
	if (r == 0 && flags & POSIX_SPAWN_SETSIGMASK) {
		r = posix_spawnattr_getsigmask(attributes, &set);
		options->block_signals = signals_of(&set);
	} else {
		options->flags |= SPU_KEEP_MASK;
	}
	return r;
}

static int read_scheduling(const posix_spawnattr_t *attributes, int flags,
			   struct spu_options *options)
{
	struct sched_param param = {0};
	int policy = 0, r;

	if (!(flags & (POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM)))
		return 0;
	r = posix_spawnattr_getschedparam(attributes, &param);
	options->sched_priority = SPU_SET(param.sched_priority);
	if (r == 0 && flags & POSIX_SPAWN_SETSCHEDULER) {
		r = posix_spawnattr_getschedpolicy(attributes, &policy);
		options->scheduler = SPU_SET(policy);
	}
	return r;
}

/* 0 or an errno value */
static int read_attributes(const posix_spawnattr_t *attributes, struct spu_options *options,
			   struct actions *actions)
{
	short flags = 0;
	pid_t group;
	int r = 0;

	if (attributes)
		r = posix_spawnattr_getflags(attributes, &flags);
	if (r == 0 && flags & ~KNOWN_FLAGS)
		r = ENOTSUP;	/* a newer libc's */
	if (r == 0)
		r = read_signals(attributes, flags, options);
	if (r == 0)
		r = read_scheduling(attributes, flags, options);
	if (flags & POSIX_SPAWN_SETSID)
		options->flags |= SPU_SETSID;
	if (r == 0 && flags & POSIX_SPAWN_SETPGROUP) {
		r = posix_spawnattr_getpgroup(attributes, &group);
		options->pgroup = SPU_SET(group);
	}
	if (flags & POSIX_SPAWN_RESETIDS) {
		actions->real_uid = getuid();
		actions->real_gid = getgid();
		actions->resets_ids = actions->real_uid != (long)geteuid() ||
				      actions->real_gid != (long)getegid();
	}
	return r;
}

/*
 * ---- Leaks
 */

static int is_leak(const struct actions *actions, int fd)
{
	const struct action *action = actions->list, *end = action + actions->count;

	for (; action < end; action++)
		if (action->fd == fd || (action->kind == ACTION_COPY && action->source == fd) ||
		    (action->kind == ACTION_CLOSE_FROM && fd >= action->fd))
			return 0;
	return 1;
}

static int refuse_leaks(const struct actions *actions)
{
	struct spu_audit *audit;
	int r = spu_audit(0, 0, &audit);
	size_t i;

	if (r < 0)
		return -r;
	for (i = 0; i < audit->count && r == 0; i++)
		if (is_leak(actions, audit->fds[i].fd))
			r = EBADFD;
	spu_audit_free(audit);
	return r;
}

/*
 * ---- One call
 */

static int launch_by_libc(const struct posix_call *call, pid_t *ret_pid)
{
	struct libc_spawn libc = spu__libc_spawn();
	libc_spawn_function *function = call->is_path ? libc.spawn : libc.spawnp;

	if (!function)
		return ENOSYS;
	return function(ret_pid, call->file, call->actions, call->attributes, call->argv,
			call->envp);
}

static int launch(const struct posix_call *call, struct actions *actions, struct spu_child *child)
{
	struct spu_options options = {
		.size = sizeof(options),
		.file = call->file,
		.env = call->envp ? call->envp : nothing,
		.method = SPU_METHOD_VFORK,
		.leaks = call->leaks,
		.flags = call->wants_pidfd ? 0 : SPU_NO_PIDFD,
	};
	int r = read_attributes(call->attributes, &options, actions);

	if (r == 0 && options.leaks == SPU_LEAKS_FAIL)
		r = refuse_leaks(actions);
	return r ? r : -spu__spawn_by_actions(child, call->argv ? call->argv : nothing, &options,
					      actions);
}

/*
 * No room, or a kernel that has none: said before a child is made. A filter that refuses
 * this call may let the flag of clone pass.
 */
static int look_for_pidfds(void)
{
	long r = syscall3(SYS_pidfd_open, getpid(), 0, 0);

	if (r >= 0)	/* libc's close is a cancellation point, and this isn't to be one */
		syscall3(SYS_close, r, 0, 0);
	return r < 0 && r != -EPERM ? (int)-r : 0;
}

/*
 * Of a child that there is: ended again, where it can't be had. Who ignores SIGCHLD may
 * have none any more, and its number may be another's.
 */
static int open_pidfd(pid_t pid, int *ret_pidfd)
{
	long r = syscall3(SYS_pidfd_open, pid, 0, 0);

	*ret_pidfd = (int)r;
	if (r >= 0 || r == -ESRCH)
		return r < 0 ? ESRCH : 0;
	kill(pid, SIGKILL);
	while (syscall4(SYS_wait4, pid, 0, KERNEL_WALL, 0) == -EINTR)
		;
	return (int)-r;
}

/* What is known before a child is made: 0 or an errno value. */
static int look_before(const struct posix_call *call)
{
	if (!call->file)
		return EFAULT;
	/* in each directory, whether that is there or not */
	if (!call->is_path && strlen(call->file) > NAME_MAX && !strchr(call->file, '/'))
		return ENAMETOOLONG;
	return call->wants_pidfd ? look_for_pidfds() : 0;
}

int spu__spawn_posix(const struct posix_call *call, int *ret)
{
	struct actions actions = {.path = call->is_path ? call->file : NULL};
	struct spu_child child = {.pidfd = -1};
	int before = errno, r = look_before(call);

	if (r == 0)
		r = IS_LIBCS || !spu__read_actions(call->actions, &actions)
		  ? launch_by_libc(call, &child.pid) : launch(call, &actions, &child);
	if (r == 0 && call->wants_pidfd && child.pidfd < 0)
		r = open_pidfd(child.pid, &child.pidfd);
	if (r == 0 && ret)
		*ret = call->wants_pidfd ? child.pidfd : child.pid;
	errno = before;
	return r;
}

/*
 * ---- The names. For the linker's --wrap, too; weak, since a program may have one of
 * its own.
 */

#define NAME(name, result, is_path, wants_pidfd) \
	SPAWN_FUNCTION(spu_, name, result, is_path, wants_pidfd, SPU_LEAKS_ALLOW) \
	__typeof__(spu_##name) __wrap_##name __attribute__((weak, alias("spu_" #name)));

SPAWN_FAMILY(NAME)
