/* SPDX-License-Identifier: MIT */
/*
 * Checks options before anything is made. All that can be said without asking
 * the kernel is said here; what an option does is not known here, but for others
 * that go without saying with it.
 */
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "../../arch/arch.h"
#include "../../quote.h"
#include "../error.h"
#include "plan.h"

#define KNOWN_FLAGS \
	(SPU_SETSID | SPU_DETACH | SPU_KEEP_MASK | SPU_NO_NEW_PRIVS | SPU_KEEP_GROUPS | \
	 SPU_NO_PIDFD)
/* No struct of any version is smaller: that is the size of a pointer, say, and options are lost. */
#define SMALLEST_SIZE (offsetof(struct spu_options, reserved_word) + sizeof(unsigned))
/* Nor larger; a size above is a mistake, and isn't read up to. */
#define LARGEST_SIZE 4096
/* What follows a program's struct is zero for a newer library, and padding isn't, always. */
_Static_assert(sizeof(struct spu_options) == SMALLEST_SIZE, "the last member ends the struct");
#ifdef POSIX_SPAWN_ONLY
#define DEFAULT_METHOD SPU_METHOD_POSIX_SPAWN
#else
#define DEFAULT_METHOD SPU_METHOD_VFORK
#endif
#define UNCHANGEABLE (SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP))

static int refuse(struct spu_error *ret_error, int index, const char *what)
{
	return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, index, "%s", what);
}

/* As clone3 and openat2 do: an older library takes a newer struct if nothing new is used. */
static int copy_sized(const struct spu_options *options, struct spu_options *ret,
		      struct spu_error *ret_error)
{
	static const struct spu_options none = SPU_OPTIONS_INIT;
	const unsigned char *tail;
	size_t i;

	if (!options)
		options = &none;
	if (options->size == 0)
		return refuse(ret_error, -1,
			      "options.size is 0: use SPU_OPTIONS or SPU_OPTIONS_INIT");
	if (options->size < SMALLEST_SIZE)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "options.size is %zu: no version's struct is so small",
				    options->size);
	if (options->size > LARGEST_SIZE)
		return spu__refusal(ret_error, E2BIG, SPU_STEP_OPTIONS, -1,
				    "options.size is %zu: no version's struct is so large",
				    options->size);
	tail = (const unsigned char *)options;
	for (i = sizeof(*ret); i < options->size; i++)
		if (tail[i])
			return spu__refusal(ret_error, E2BIG, SPU_STEP_OPTIONS, -1,
					    "options has members that version " SPU_VERSION
					    " doesn't know");
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, options, options->size < sizeof(*ret) ? options->size : sizeof(*ret));
	ret->size = sizeof(*ret);	/* spu_run() hands its copy on */
	return 0;
}

static int check_lists(const struct spu_options *options, struct spu_error *ret_error)
{
	const char *const *entry, *variable = options->pid_variable;

	if (variable && (!*variable || strchr(variable, '=')))
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "pid_variable: %s is not a name", QUOTED(variable, NAME_SIZE));
	for (entry = options->env_set; entry && *entry; entry++)
		if (!strchr(*entry, '=') || **entry == '=')
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS,
					    (int)(entry - options->env_set),
					    "env_set: %s is not NAME=VALUE",
					    QUOTED(*entry, NAME_SIZE));
	for (entry = options->env_unset; entry && *entry; entry++)
		if (strchr(*entry, '=') || !**entry)
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS,
					    (int)(entry - options->env_unset),
					    "env_unset: %s is not a name",
					    QUOTED(*entry, NAME_SIZE));
	return 0;
}

/* The members that entries of a kind have, beside their number. */
enum { HAS_FROM = 1, HAS_FILE = 2, HAS_RET_FD = 4, HAS_TERMINAL = 8, IS_KIND = 16 };

static const unsigned char kinds[] = {
	[SPU_FD_KEEP] = IS_KIND,
	[SPU_FD_MAP] = IS_KIND | HAS_FROM,
	[SPU_FD_SAME] = IS_KIND | HAS_FROM,
	[SPU_FD_OPEN] = IS_KIND | HAS_FILE,
	[SPU_FD_NULL] = IS_KIND,
	[SPU_FD_CLOSE] = IS_KIND,
	[SPU_FD_PIPE_IN] = IS_KIND | HAS_RET_FD,
	[SPU_FD_PIPE_OUT] = IS_KIND | HAS_RET_FD,
	[SPU_FD_PTY] = IS_KIND | HAS_RET_FD | HAS_TERMINAL,
};

static const char *find_fault_in_fd(const struct spu_fd *fd)
{
	unsigned has = fd->kind > 0 && (size_t)fd->kind < sizeof(kinds) ? kinds[fd->kind] : 0;
	const struct {
		int applies;
		const char *fault;
	} faults[] = {
		{fd->fd < 0, "negative"},
		{!(has & IS_KIND), "unknown kind"},
		{has & HAS_FROM && fd->from < 0, "its source is negative"},
		{has & HAS_FILE && !fd->path, "no path"},
		{has & HAS_FILE && fd->mode & ~07777u, "mode out of range"},
		{has & HAS_RET_FD && !fd->ret_fd, "nowhere to store the caller's end"},
		{!(has & HAS_FROM) && fd->from, "its kind has no from"},
		{!(has & HAS_FILE) && (fd->path || fd->flags || fd->mode),
		 "its kind has no path, flags and mode"},
		{!(has & HAS_RET_FD) && fd->ret_fd, "its kind has no ret_fd"},
		{!(has & HAS_TERMINAL) && (fd->termios || fd->winsize),
		 "its kind has no termios and winsize"},
		{fd->reserved_words[0] != 0, "reserved is not 0"},
	};
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].applies)
			return faults[i].fault;
	return NULL;
}

static int check_fds(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct spu_fd *fd;

	for (fd = options->fds; fd && fd->kind; fd++) {
		const char *fault = find_fault_in_fd(fd);

		if (fault)
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS,
					    (int)(fd - options->fds), "descriptor %d: %s", fd->fd,
					    fault);
	}
	return 0;
}

/* A terminal of the child's own wants a session that it controls. */
static int add_session(struct spu_options *options, struct spu_error *ret_error)
{
	const struct spu_fd *pty = spu__find_pty(options->fds);
	const struct spu_fd *second = pty ? spu__find_pty(pty + 1) : NULL;

	if (!pty)
		return 0;
	if (second)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS,
				    (int)(second - options->fds),
				    "descriptor %d: a second pseudo-terminal", second->fd);
	if (options->pgroup.set)
		return refuse(ret_error, -1,
			      "pgroup: with a pseudo-terminal the child leads a group already");
	options->flags |= SPU_SETSID;
	if (!options->ctty.set)
		options->ctty = SPU_SET(pty->fd);
	return 0;
}

static int refuse_limit(struct spu_error *ret_error, const struct spu_limit *limit, int index)
{
	const char *why = limit->kind != 1 ? "unknown kind" : "the soft one is above the hard one";
	const char *name = spu__limit_name(limit->resource);

	if (!*name)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, index, "limit %d: %s",
				    limit->resource, why);
	return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, index, "limit %s: %s", name, why);
}

static int check_numbers(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct spu_limit *limit;
	size_t i;

	for (limit = options->limits; limit && limit->kind; limit++)
		if (limit->kind != 1 || limit->soft > limit->hard)
			return refuse_limit(ret_error, limit, (int)(limit - options->limits));
	for (i = 0; options->cpus && i < options->cpu_count; i++)
		if (options->cpus[i] < 0 || options->cpus[i] >= CPU_WORDS * 64)
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, (int)i,
					    "cpus: no processor has number %d", options->cpus[i]);
	return 0;
}

static int check_landlock(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct spu_landlock *rule;

	for (rule = options->landlock_rules; rule && rule->kind; rule++) {
		const char *fault = rule->kind != 1 ? "unknown kind" :
				    rule->reserved ? "reserved is not 0" :
				    !rule->path ? "no path" :
				    (rule->access & ~options->landlock_access) ?
				    "access that isn't in landlock_access" : NULL;

		if (fault)
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS,
					    (int)(rule - options->landlock_rules),
					    "landlock_rules: %s", fault);
	}
	return 0;
}

/* Whoever fills the struct member by member forgets one of the two. */
static int check_values(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct {
		const char *name;
		const struct spu_value *value;
	} values[] = {
		{"uid", &options->uid}, {"gid", &options->gid}, {"nice", &options->nice},
		{"pdeathsig", &options->pdeathsig}, {"umask", &options->umask},
		{"pgroup", &options->pgroup}, {"ctty", &options->ctty},
		{"foreground", &options->foreground}, {"oom_score_adj", &options->oom_score_adj},
		{"scheduler", &options->scheduler}, {"sched_priority", &options->sched_priority},
		{"ioprio", &options->ioprio}, {"program_fd", &options->program_fd},
		{"inheritable_caps", &options->inheritable_caps},
		{"ambient_caps", &options->ambient_caps}, {"bounding_set", &options->bounding_set},
		{"securebits", &options->securebits},
	};
	size_t i;

	/* a hole may follow the last, which is smaller than it */
	_Static_assert(sizeof(values) / sizeof(values[0]) ==
		       (offsetof(struct spu_options, default_signals) -
			offsetof(struct spu_options, program_fd)) / sizeof(struct spu_value),
		       "each is named");

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct spu_value *value = values[i].value;

		if (value->set > 1 || (!value->set && value->value))
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s: %s",
					    values[i].name, value->set ? "set is neither 0 nor 1"
					    : "a value, but set is 0");
	}
	return 0;
}

/* Wider than a long may be: ids need it. */
static int is_outside(const struct spu_value *value, int64_t max)
{
	return value->set && (value->value < 0 || value->value > max);
}

static const char *find_fault_in_scheduling(const struct spu_value *scheduler,
					    const struct spu_value *priority)
{
	long policy = scheduler->value & ~(long)SCHED_RESET_ON_FORK;
	int has_priority = policy == SCHED_FIFO || policy == SCHED_RR;

	if (is_outside(priority, 99))
		return "sched_priority: not 0 to 99";
	if (!scheduler->set)
		return NULL;
	if (policy == KERNEL_SCHED_DEADLINE)
		return "scheduler: SCHED_DEADLINE takes more than a priority";
	if (policy < 0 || policy > INT_MAX || !*spu__scheduler_name((int)policy))
		return "scheduler: unknown policy";
	if (has_priority && priority->value == 0)
		return "scheduler: SCHED_FIFO and SCHED_RR need a sched_priority, 1 to 99";
	return !has_priority && priority->value != 0 ?
	       "sched_priority: only SCHED_FIFO and SCHED_RR have one" : NULL;
}

static const char *find_fault(const struct spu_options *o)
{
	const struct {
		int applies;
		const char *fault;
	} faults[] = {
		{(o->flags & ~KNOWN_FLAGS) != 0, "flags: unknown bits"},
		{o->method > SPU_METHOD_POSIX_SPAWN, "method: unknown"},
		{o->leaks > SPU_LEAKS_FAIL, "leaks: unknown policy"},
		{o->reserved || o->reserved_word, "reserved is not 0"},
		{is_outside(&o->uid, UINT_MAX - 1), "uid: not a user id"},
		{is_outside(&o->gid, UINT_MAX - 1), "gid: not a group id"},
		{(o->uid.set || o->gid.set) && !o->groups && !(o->flags & SPU_KEEP_GROUPS),
		 "uid, gid: groups are not given, nor SPU_KEEP_GROUPS"},
		{o->groups && o->flags & SPU_KEEP_GROUPS, "groups: not with SPU_KEEP_GROUPS"},
		{!o->groups && o->group_count > 0, "group_count: without groups"},
		{!o->cpus && o->cpu_count > 0, "cpu_count: without cpus"},
		{o->cpus && o->cpu_count == 0, "cpus: none"},
		{o->landlock_rules && !o->landlock_access,
		 "landlock_rules: without landlock_access"},
		{!o->seccomp && o->seccomp_count > 0, "seccomp_count: without seccomp"},
		{o->seccomp && (o->seccomp_count < 1 || o->seccomp_count > KERNEL_FILTER_MOST),
		 "seccomp_count: not 1 to 4096"},
		{o->cgroup && !*o->cgroup, "cgroup: no name"},
		{o->nice.set && (o->nice.value < -40 || o->nice.value > 40),
		 "nice: not -40 to 40"},
		{o->oom_score_adj.set && (o->oom_score_adj.value < -1000 ||
					  o->oom_score_adj.value > 1000),
		 "oom_score_adj: not -1000 to 1000"},
		{is_outside(&o->ioprio, SPU_IOPRIO(SPU_IOPRIO_IDLE, 7)) ||
		 (o->ioprio.value & 0x1fff) > 7, "ioprio: not a class and a level of 0 to 7"},
		{o->ioprio.value >> 13 == SPU_IOPRIO_NONE && o->ioprio.value,
		 "ioprio: the class none has no level"},
		{o->ioprio.value >> 13 == SPU_IOPRIO_IDLE &&
		 o->ioprio.value != SPU_IOPRIO(SPU_IOPRIO_IDLE, 0),
		 "ioprio: the class idle has no level"},
		{o->pdeathsig.set && (o->pdeathsig.value < 1 ||
				      o->pdeathsig.value > KERNEL_SIGNALS), "pdeathsig: no signal"},
		{o->pdeathsig.set && o->flags & SPU_DETACH,
		 "pdeathsig: a detached child's parent is gone at once"},
		{is_outside(&o->program_fd, INT_MAX), "program_fd: not a descriptor"},
		{o->program_fd.set && (o->file || o->path), "program_fd: not with file or path"},
		{is_outside(&o->inheritable_caps, LONG_MAX),
		 "inheritable_caps: not a set of capabilities"},
		{is_outside(&o->ambient_caps, LONG_MAX), "ambient_caps: not a set of capabilities"},
		{is_outside(&o->bounding_set, LONG_MAX), "bounding_set: not a set of capabilities"},
		{o->inheritable_caps.set && o->ambient_caps.value & ~o->inheritable_caps.value,
		 "ambient_caps: one that isn't in inheritable_caps"},
		{is_outside(&o->securebits, 0xff), "securebits: not a set of them"},
		{is_outside(&o->umask, 0777), "umask: not 0 to 0777"},
		{is_outside(&o->pgroup, INT_MAX), "pgroup: not a process group"},
		{is_outside(&o->ctty, INT_MAX), "ctty: not a descriptor"},
		{is_outside(&o->foreground, INT_MAX), "foreground: not a descriptor"},
		{o->pgroup.set && o->flags & SPU_SETSID,
		 "pgroup: with SPU_SETSID the child leads a group already"},
		{o->ctty.set && !(o->flags & SPU_SETSID), "ctty: needs SPU_SETSID"},
		{(o->default_signals & o->ignore_signals) != 0,
		 "default_signals and ignore_signals name the same signal"},
		{((o->default_signals | o->ignore_signals) & UNCHANGEABLE) != 0,
		 "SIGKILL and SIGSTOP can't be changed"},
		{o->timeout_ms < 0, "timeout_ms: negative"},
		{o->grace_ms < 0, "grace_ms: negative"},
		{o->stop_signal < 0 || o->stop_signal > KERNEL_SIGNALS, "stop_signal: no signal"},
	};
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].applies)
			return faults[i].fault;
	return find_fault_in_scheduling(&o->scheduler, &o->sched_priority);
}

int spu__check_options(char *const argv[], const struct spu_options *options,
		       struct spu_options *ret_options, struct spu_error *ret_error)
{
	const char *fault;
	int r;

	if (!argv || !argv[0])
		return refuse(ret_error, -1, "argv names no program");
	r = copy_sized(options, ret_options, ret_error);
	if (r == 0)
		r = check_values(ret_options, ret_error);
	if (r < 0)
		return r;
	fault = find_fault(ret_options);
	if (fault)
		return refuse(ret_error, -1, fault);
	r = check_lists(ret_options, ret_error);
	if (r == 0)
		r = check_fds(ret_options, ret_error);
	if (r == 0)
		r = add_session(ret_options, ret_error);
	if (r == 0)
		r = check_numbers(ret_options, ret_error);
	if (r == 0)
		r = check_landlock(ret_options, ret_error);
	if (r < 0)
		return r;
	if (ret_options->method == SPU_METHOD_DEFAULT)
		ret_options->method = DEFAULT_METHOD;
	if (ret_options->method == SPU_METHOD_VFORK && DEFAULT_METHOD != SPU_METHOD_VFORK)
		return spu__refusal(ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1,
				    "method vfork: not on this processor");
	if (ret_options->leaks == SPU_LEAKS_DEFAULT)
		ret_options->leaks = SPU_LEAKS_CLOSE;
	return 0;
}
