/* SPDX-License-Identifier: MIT */
/*
 * Each step in the words of posix_spawn's attributes and file actions, or
 * refused by name. Order among the attributes, and attributes before actions,
 * are POSIX's.
 */
#include "posix_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../quote.h"
#include "../error.h"
#include "../libc_spawn.h"
#include "../plan/shown.h"
#include "retry.h"

/* So many actions more are worth one that closes all from a number on. */
#define MANY_CLOSES 64

/* An action and a call for each number; ten milliseconds are long enough. */
#define MOST_CLOSES 65536

struct translation {
	const struct launch *launch;
	struct libc_spawn libc;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	short flags;
	sigset_t defaults;
	int spare;	/* a number that is free in the child */
	long limit;	/* libc takes no number from here on */
	int is_swept;	/* all gaps from here on are closed */
	struct text *out;	/* NULL, or where to say what is done */
};

static int refuse(const struct translation *t, const char *what)
{
	return spu__refusal(t->launch->ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1,
			    "%s: not with method posix_spawn", what);
}

#define SAY(translation, ...) \
	do { \
		if ((translation)->out) \
			spu__add_text((translation)->out, __VA_ARGS__); \
	} while (0)

/*
 * ---- Descriptors. 0 or an errno value, positive as posix_spawn's are.
 */

/* libc takes no such number, though one is open if the limit was lowered behind it. */
static int refuse_above_limit(struct translation *t, const char *verb, long fd)
{
	char what[64];
	struct text text = TEXT_IN(what);

	if (fd < t->limit || fcntl((int)fd, F_GETFD) < 0)
		return 0;
	spu__add_text(&text, "%s %ld, above the limit of open files", verb, fd);
	return -refuse(t, what);
}

static int dup_to(struct translation *t, long from, long to)
{
	int r = refuse_above_limit(t, "give", from);

	if (r != 0)
		return r;
	SAY(t, "adddup2(%ld, %ld)\n", from, to);
	return t->libc.add_copy(&t->actions, (int)from, (int)to);
}

static int close_number(struct translation *t, long fd)
{
	if (fd >= t->limit)
		return refuse_above_limit(t, "close", fd);
	SAY(t, "addclose(%ld)\n", fd);
	return t->libc.add_close(&t->actions, (int)fd);
}

/* Open or not: another thread may open one until the child is made. */
static int close_each(struct translation *t, long from)
{
	char what[96];
	struct text text = TEXT_IN(what);
	long fd;
	int r = 0;

	if (t->limit > MOST_CLOSES) {
		spu__add_text(&text, "leaks close, with a limit of %ld open files (this libc has "
			      "no closefrom)", t->limit);
		return -refuse(t, what);
	}
	SAY(t, "addclose(%ld), ... addclose(%ld)\n", from, t->limit - 1);
	for (fd = from; fd < t->limit && r == 0; fd++)
		r = t->libc.add_close(&t->actions, (int)fd);
	return r;
}

static int close_from(struct translation *t, long from)
{
	struct rlimit limit;
	long hard, fd;
	int r = 0;

	if (from < 0 || from > INT_MAX)
		return 0;	/* behind the last number, where a long may be of 32 bits */
	if (from < t->limit && t->libc.add_close_from) {
		SAY(t, "addclosefrom_np(%ld)\n", from);
		return t->libc.add_close_from(&t->actions, (int)from);
	}
	if (from < t->limit)
		r = close_each(t, from);
	hard = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 1 << 20
	     ? (long)limit.rlim_max : 1 << 20;
	for (fd = from < t->limit ? t->limit : from; fd < hard && r == 0; fd++)
		r = refuse_above_limit(t, "close", fd);
	return r;
}

/*
 * A wide gap: what is given above it is put aside in it, all from there on is
 * closed, and that is put back.
 */
static int sweep(struct translation *t, long first, long above)
{
	const struct given *given = t->launch->given, *end = given + t->launch->given_count;
	long aside = first;
	int r = 0;

	for (given = end - above; given < end && r == 0; given++)
		if (given->kind != GIVEN_CLOSED)
			r = dup_to(t, given->fd, aside++);
	if (r == 0)
		r = close_from(t, aside);
	for (given = end - above, aside = first; given < end && r == 0; given++)
		if (given->kind != GIVEN_CLOSED)
			r = dup_to(t, aside++, given->fd);
	while (aside > first && r == 0)
		r = close_number(t, --aside);
	t->is_swept = 1;
	return r;
}

static int close_gap(struct translation *t, long first, long last)
{
	const struct given *given = t->launch->given;
	size_t count = t->launch->given_count, above = 0;
	int r = 0;

	if (t->is_swept)
		return 0;
	while (above < count && given[count - 1 - above].fd > last)
		above++;
	if (t->libc.add_close_from && last - first > MANY_CLOSES + 3 * (long)above)
		return sweep(t, first, (long)above);
	for (; first <= last && r == 0; first++)
		r = close_number(t, first);
	return r;
}

/*
 * ---- Steps, by the words of their rows
 */

static int translate_OWN(struct translation *t, const struct step *step)
{
	(void)t;
	(void)step;
	return 0;
}

static int translate_REFUSED(struct translation *t, const struct step *step)
{
	char subject[NAME_SIZE];
	struct text text = TEXT_IN(subject);

	spu__show_subject(&text, step);
	return -refuse(t, subject);
}

static int translate_CLOSE_TAIL(struct translation *t, const struct step *step)
{
	return close_from(t, step->arg[0]);
}

static int translate_CLOSE_GAP(struct translation *t, const struct step *step)
{
	return close_gap(t, step->arg[0], step->arg[1]);
}

static void set_flag(struct translation *t, short flag, const char *name)
{
	if (!(t->flags & flag))
		SAY(t, "attribute %s\n", name);
	t->flags |= flag;
}

static int translate_DEFAULT(struct translation *t, const struct step *step)
{
	set_flag(t, POSIX_SPAWN_SETSIGDEF, "POSIX_SPAWN_SETSIGDEF");
	return sigaddset(&t->defaults, (int)step->arg[0]) < 0 ? errno : 0;
}

static int translate_SETSID(struct translation *t, const struct step *step)
{
	(void)step;
	set_flag(t, POSIX_SPAWN_SETSID, "POSIX_SPAWN_SETSID");
	return 0;
}

static int translate_PGROUP(struct translation *t, const struct step *step)
{
	set_flag(t, POSIX_SPAWN_SETPGROUP, "POSIX_SPAWN_SETPGROUP");
	return posix_spawnattr_setpgroup(&t->attributes, (pid_t)step->arg[1]);
}

/* glibc knows three policies, musl none. */
static int set_priority(struct translation *t, const struct step *step, const int *priority,
			short flag, const char *name)
{
	const struct sched_param param = {.sched_priority = *priority};

	if (posix_spawnattr_setschedparam(&t->attributes, &param) != 0)
		return translate_REFUSED(t, step);
	set_flag(t, flag, name);
	return 0;
}

static int translate_SCHEDULER(struct translation *t, const struct step *step)
{
	if (posix_spawnattr_setschedpolicy(&t->attributes, (int)step->arg[1]) != 0)
		return translate_REFUSED(t, step);
	return set_priority(t, step, (const int *)step->arg[2], POSIX_SPAWN_SETSCHEDULER,
			    "POSIX_SPAWN_SETSCHEDULER");
}

static int translate_SCHED_PARAM(struct translation *t, const struct step *step)
{
	return set_priority(t, step, (const int *)step->arg[1], POSIX_SPAWN_SETSCHEDPARAM,
			    "POSIX_SPAWN_SETSCHEDPARAM");
}

static int translate_CWD(struct translation *t, const struct step *step)
{
	const char *path = (const char *)step->arg[0];

	if (!t->libc.add_chdir)
		return -refuse(t, "cwd (this libc has no addchdir_np)");
	SAY(t, "addchdir_np(\"%s\")\n", path);
	return t->libc.add_chdir(&t->actions, path);
}

static int translate_MOVE(struct translation *t, const struct step *step)
{
	return dup_to(t, step->arg[0], step->arg[1]);
}

/* POSIX.1-2024 has that take close-on-exec off, glibc since 2.29 */
static int translate_MOVE_KEEP(struct translation *t, const struct step *step)
{
	return dup_to(t, step->arg[0], step->arg[0]);
}

static int translate_MOVE_SAVE(struct translation *t, const struct step *step)
{
	return dup_to(t, step->arg[0], t->spare);
}

static int translate_MOVE_RESTORE(struct translation *t, const struct step *step)
{
	return dup_to(t, t->spare, step->arg[1]);
}

static int translate_MOVE_DROP(struct translation *t, const struct step *step)
{
	(void)step;
	return close_number(t, t->spare);
}

/* The plan closes, opens and moves into place in four steps; here one says all. */
static int translate_OPEN(struct translation *t, const struct step *step)
{
	const char *path = (const char *)step->arg[1];

	SAY(t, "addopen(%d, \"%s\", 0%lo, 0%lo)\n", step->given->fd, path, step->arg[2],
	    step->arg[3]);
	return t->libc.add_open(&t->actions, step->given->fd, path, (int)step->arg[2],
				(mode_t)step->arg[3]);
}

static int translate_FOREGROUND(struct translation *t, const struct step *step)
{
	if (!t->libc.add_foreground)
		return -refuse(t, "foreground (this libc has no addtcsetpgrp_np)");
	SAY(t, "addtcsetpgrp_np(%ld)\n", step->arg[0]);
	return t->libc.add_foreground(&t->actions, (int)step->arg[0]);
}

/* libc's sigaddset leaves its own signals out; the kernel's set is the first word. */
static int translate_MASK(struct translation *t, const struct step *step)
{
	sigset_t mask;

	set_flag(t, POSIX_SPAWN_SETSIGMASK, "POSIX_SPAWN_SETSIGMASK");
	sigemptyset(&mask);
	memcpy(&mask, (const void *)step->arg[1], sizeof(t->launch->plan.mask));
	return posix_spawnattr_setsigmask(&t->attributes, &mask);
}

static int (*const translations[])(struct translation *t, const struct step *step) = {
#define ROW(kind, number, name, call, posix, subject, shown) translate_##posix,
	STEPS(ROW)
#undef ROW
};

/*
 * ---- The whole
 */

static int is_named(const struct launch *launch, int fd)
{
	size_t i;

	for (i = 0; i < launch->given_count; i++)
		if (launch->given[i].fd == fd || (launch->given[i].kind == GIVEN_MOVE &&
						  launch->given[i].source == fd))
			return 1;
	return 0;
}

/* Neither given nor needed; where it is open it must be one that the child doesn't get. */
static int find_spare(const struct launch *launch)
{
	int allows = launch->options.leaks == SPU_LEAKS_ALLOW, spare = 3;

	while (is_named(launch, spare) || (allows && fcntl(spare, F_GETFD) >= 0))
		spare++;
	return spare;
}

/* A number at the limit or above, as a rule. What is refused has been said. */
static int step_error(const struct translation *t, const struct step *step, int err)
{
	char subject[NAME_SIZE];
	struct text text = TEXT_IN(subject);

	if (err == ENOTSUP)
		return -err;
	if (err == ENOMEM)
		return spu__error(t->launch->ret_error, err, SPU_STEP_PREPARE, -1, "file actions");
	spu__show_subject(&text, step);
	return spu__error(t->launch->ret_error, err, spu__step_number((enum step_kind)step->kind),
			  step->index, "%s", subject);
}

/* 0 or a negative errno value, which is told. */
static int translate(struct translation *t)
{
	const struct plan *plan = &t->launch->plan;
	int i, r;

	/* libc looks for the program along the caller's PATH itself */
	if (t->launch->options.path)
		return refuse(t, "path");
	if (t->launch->options.program_fd.set)
		return refuse(t, "program_fd");
	sigemptyset(&t->defaults);
	t->spare = find_spare(t->launch);
	t->limit = sysconf(_SC_OPEN_MAX);
	if (t->limit < 0)
		t->limit = LONG_MAX;
	for (i = 0; i < plan->count; i++) {
		r = translations[plan->steps[i].kind](t, &plan->steps[i]);
		if (r != 0)
			return step_error(t, &plan->steps[i], r);
	}
	r = posix_spawnattr_setsigdefault(&t->attributes, &t->defaults);
	if (r == 0)
		r = posix_spawnattr_setflags(&t->attributes, t->flags);
	return r == 0 ? 0 : spu__error(t->launch->ret_error, r, SPU_STEP_PREPARE, -1, "attributes");
}

/* libc doesn't say how far a child came: what it has made would be in the next one's way. */
static int makes_once(const struct launch *launch)
{
	size_t i;

	for (i = 0; i < launch->given_count; i++)
		if (launch->given[i].kind == GIVEN_OPEN && launch->given[i].flags & O_EXCL)
			return 1;
	return 0;
}

static int call(struct translation *t, struct spu_child *ret_child)
{
	const struct plan *plan = &t->launch->plan;
	const char *file = t->launch->options.file ? t->launch->options.file : plan->argv[0];
	long paused_us = 0;
	pid_t pid;
	int r;

	do
		r = t->libc.spawnp(&pid, file, &t->actions, &t->attributes, plan->argv, plan->env);
	while (r == ETXTBSY && !makes_once(t->launch) &&
	       spu__pause_while_busy(&paused_us, t->launch->deadline));
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

static int with_translation(const struct launch *launch, struct text *out,
			    struct spu_child *ret_child)
{
	struct translation t = {.launch = launch, .libc = spu__libc_spawn(), .out = out};
	int r;

	if (posix_spawnattr_init(&t.attributes) != 0)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "attributes");
	if (t.libc.init(&t.actions) != 0) {
		posix_spawnattr_destroy(&t.attributes);
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "actions");
	}
	r = translate(&t);
	if (r == 0 && ret_child)
		r = call(&t, ret_child);
	t.libc.destroy(&t.actions);
	posix_spawnattr_destroy(&t.attributes);
	return r;
}

int spu__posix_spawn(const struct launch *launch, struct spu_child *ret_child)
{
	return with_translation(launch, NULL, ret_child);
}

int spu__explain_posix_spawn(const struct launch *launch, struct text *text)
{
	return with_translation(launch, text, NULL);
}
