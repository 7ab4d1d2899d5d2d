/* SPDX-License-Identifier: MIT */
/*
 * The plan, translated into the attributes and file actions of libc's
 * posix_spawn, or refused with the name of what that can't express. Order
 * among the attributes, and attributes before actions, are POSIX's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "../quote.h"
#include "launch.h"
#include "syscall.h"

#if defined(__GLIBC__)
#define HAS_CHDIR __GLIBC_PREREQ(2, 29)
#define HAS_CLOSEFROM __GLIBC_PREREQ(2, 34)
#define HAS_TCSETPGRP __GLIBC_PREREQ(2, 35)
#else	/* musl */
#define HAS_CHDIR 1
#define HAS_CLOSEFROM 0
#define HAS_TCSETPGRP 0
#endif

struct translation {
	const struct launch *launch;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	short flags;
	sigset_t defaults;
	int spare;	/* a number that is free in the child */
	FILE *out;	/* NULL, or where to say what is done */
};

static int refuse(const struct launch *launch, const char *what)
{
	return spu__refusal(launch->ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1,
			    "%s: not with method posix_spawn", what);
}

#define SAY(translation, ...) \
	do { \
		if ((translation)->out) \
			fprintf((translation)->out, __VA_ARGS__); \
	} while (0)

static void set_flag(struct translation *t, short flag, const char *name)
{
	if (!(t->flags & flag))
		SAY(t, "attribute %s\n", name);
	t->flags |= flag;
}

static int close_tail(struct translation *t, int from)
{
#if HAS_CLOSEFROM
	SAY(t, "addclosefrom_np(%d)\n", from);
	return posix_spawn_file_actions_addclosefrom_np(&t->actions, from);
#else
	(void)from;
	return -refuse(t->launch, "leaks close (this libc has no closefrom)");
#endif
}

static int change_directory(struct translation *t, const char *path)
{
#if HAS_CHDIR
	SAY(t, "addchdir_np(\"%s\")\n", path);
	return posix_spawn_file_actions_addchdir_np(&t->actions, path);
#else
	(void)path;
	return -refuse(t->launch, "cwd (this libc has no addchdir_np)");
#endif
}

static int set_foreground(struct translation *t, int fd)
{
#if HAS_TCSETPGRP
	SAY(t, "addtcsetpgrp_np(%d)\n", fd);
	return posix_spawn_file_actions_addtcsetpgrp_np(&t->actions, fd);
#else
	(void)fd;
	return -refuse(t->launch, "foreground (this libc has no addtcsetpgrp_np)");
#endif
}

static int dup_to(struct translation *t, int from, int to)
{
	SAY(t, "adddup2(%d, %d)\n", from, to);
	return posix_spawn_file_actions_adddup2(&t->actions, from, to);
}

static int close_numbers(struct translation *t, long first, long last)
{
	int r = 0;

	SAY(t, "addclose(%ld", first);
	SAY(t, last > first ? " to %ld)\n" : ")\n", last);
	for (; first <= last && r == 0; first++)
		r = posix_spawn_file_actions_addclose(&t->actions, (int)first);
	return r;
}

static int translate_move(struct translation *t, const struct step *step)
{
	if (step->link == LINK_SAVE)
		return dup_to(t, (int)step->arg[0], t->spare);
	if (step->link == LINK_SAVED && step->number == SYS_close)
		return close_numbers(t, t->spare, t->spare);
	if (step->link == LINK_SAVED)
		return dup_to(t, t->spare, (int)step->arg[1]);
	/* onto itself: POSIX.1-2024 has that take close-on-exec off, glibc since 2.29 */
	return dup_to(t, (int)step->arg[0],
		      (int)(step->number == SYS_fcntl ? step->arg[0] : step->arg[1]));
}

/* The plan opens and moves into place in three steps; here the first says all. */
static int translate_open(struct translation *t, const struct step *step)
{
	int fd = (int)step[1].arg[1];

	if (step->link != LINK_SAVE)
		return 0;
	SAY(t, "addopen(%d, \"%s\", 0%lo, 0%lo)\n", fd, (const char *)step->arg[1], step->arg[2],
	    step->arg[3]);
	return posix_spawn_file_actions_addopen(&t->actions, fd, (const char *)step->arg[1],
						(int)step->arg[2], (mode_t)step->arg[3]);
}

/* 0 or an errno value, positive as posix_spawn's are. */
static int translate_step(struct translation *t, const struct step *step)
{
	switch (step->kind) {
	case STEP_CLOSE_TAIL:
		return close_tail(t, (int)step->arg[0]);
	case STEP_CLOSE_GAP:
		return close_numbers(t, step->arg[0], step->arg[1]);
	case STEP_SIGNAL:
		set_flag(t, POSIX_SPAWN_SETSIGDEF, "POSIX_SPAWN_SETSIGDEF");
		return sigaddset(&t->defaults, step->index) < 0 ? errno : 0;
	case STEP_SETSID:
		set_flag(t, POSIX_SPAWN_SETSID, "POSIX_SPAWN_SETSID");
		return 0;
	case STEP_PGROUP:
		set_flag(t, POSIX_SPAWN_SETPGROUP, "POSIX_SPAWN_SETPGROUP");
		return posix_spawnattr_setpgroup(&t->attributes, (pid_t)step->arg[1]);
	case STEP_CWD:
		return change_directory(t, (const char *)step->arg[0]);
	case STEP_MOVE:
		return translate_move(t, step);
	case STEP_OPEN:
		return translate_open(t, step);
	case STEP_SAME:
		return dup_to(t, (int)step->arg[0], (int)step->arg[1]);
	case STEP_FOREGROUND:
		return set_foreground(t, (int)step->arg[0]);
	case STEP_MASK:
		set_flag(t, POSIX_SPAWN_SETSIGMASK, "POSIX_SPAWN_SETSIGMASK");
		return 0;
	default:	/* handlers, stop-pending, exec: libc's own */
		return 0;
	}
}

static int find_refused_option(const struct launch *launch)
{
	const struct spu_options *o = &launch->options;
	const struct {
		int given;
		const char *name;
	} refused[] = {
		{o->umask.set != 0, "umask"},
		{o->ctty.set != 0, "ctty"},
		{o->root != NULL, "root"},
		{o->uid.set != 0, "uid"},
		{o->gid.set != 0, "gid"},
		{o->groups != NULL, "groups"},
		{o->limits != NULL, "limits"},
		{o->nice.set != 0, "nice"},
		{o->cpus != NULL, "cpus"},
		{o->pdeathsig.set != 0, "pdeathsig"},
		{(o->flags & SPU_NO_NEW_PRIVS) != 0, "no_new_privs"},
		{o->ignore_signals != 0, "ignore_signals"},
		{(o->flags & SPU_DETACH) != 0, "detach"},
		{o->path != NULL, "path"},
	};
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].given)
			return refuse(launch, refused[i].name);
	return 0;
}

static int is_named(const struct descriptors *d, int fd)
{
	size_t i;

	for (i = 0; i < d->count; i++)
		if (d->given[i].fd == fd ||
		    (d->given[i].kind == GIVEN_MOVE && d->given[i].source == fd))
			return 1;
	return 0;
}

/* Neither given nor needed; where it is open it must be one that the child doesn't get. */
static int find_spare(const struct launch *launch)
{
	int allows = launch->options.leaks == SPU_LEAKS_ALLOW, spare = 3;

	while (is_named(&launch->descriptors, spare) || (allows && fcntl(spare, F_GETFD) >= 0))
		spare++;
	return spare;
}

static int translate(struct translation *t)
{
	const struct plan *plan = &t->launch->plan;
	sigset_t mask;
	int i, r = 0;

	sigemptyset(&t->defaults);
	t->spare = find_spare(t->launch);
	for (i = 0; i < plan->count && r == 0; i++)
		r = translate_step(t, &plan->steps[i]);
	/* libc's sigaddset leaves its own signals out; the kernel's set is the first word. */
	sigemptyset(&mask);
	memcpy(&mask, &plan->mask, sizeof(plan->mask));
	if (r == 0)
		r = posix_spawnattr_setsigmask(&t->attributes, &mask);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&t->attributes, &t->defaults);
	if (r == 0)
		r = posix_spawnattr_setflags(&t->attributes, t->flags);
	return r;
}

static int call(struct translation *t, struct spu_child *ret_child)
{
	const struct plan *plan = &t->launch->plan;
	const char *file = t->launch->options.file ? t->launch->options.file : plan->argv[0];
	long paused_us = 0;
	pid_t pid;
	int r;

	do
		r = posix_spawnp(&pid, file, &t->actions, &t->attributes, plan->argv, plan->env);
	while (r == ETXTBSY && spu__pause_while_busy(&paused_us));
	if (r != 0)
		return spu__error(t->launch->ret_error, r, SPU_STEP_POSIX_SPAWN, -1,
				  "posix_spawn %s", QUOTED(file, NAME_SIZE));
	ret_child->pid = pid;
	if (t->launch->options.flags & SPU_NO_PIDFD)
		return 0;
	ret_child->pidfd = (int)syscall3(SYS_pidfd_open, pid, 0, 0);
	if (ret_child->pidfd < 0)
		ret_child->pidfd = -1;
	return 0;
}

static int with_translation(const struct launch *launch, FILE *out, struct spu_child *ret_child)
{
	struct translation t = {.launch = launch, .out = out};
	int r = find_refused_option(launch);

	if (r < 0)
		return r;
	if (posix_spawnattr_init(&t.attributes) != 0)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "attributes");
	if (posix_spawn_file_actions_init(&t.actions) != 0) {
		posix_spawnattr_destroy(&t.attributes);
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "actions");
	}
	r = -translate(&t);
	if (r < 0 && r != -ENOTSUP)
		r = spu__error(launch->ret_error, -r, SPU_STEP_PREPARE, -1, "file actions");
	if (r == 0 && ret_child)
		r = call(&t, ret_child);
	posix_spawn_file_actions_destroy(&t.actions);
	posix_spawnattr_destroy(&t.attributes);
	return r;
}

int spu__posix_spawn(const struct launch *launch, struct spu_child *ret_child)
{
	return with_translation(launch, NULL, ret_child);
}

int spu__explain_posix_spawn(const struct launch *launch, FILE *out)
{
	return with_translation(launch, out, NULL);
}
