/* SPDX-License-Identifier: MIT */
/*
 * Pure: compiles options into a plan. Allocates, resolves every argument,
 * touches no descriptor and makes no process.
 */
#include "compile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../text.h"
#include "environment.h"
#include "path.h"

static const struct kernel_sigaction disposition_default = {.handler = (void *)SIG_DFL};
static const struct kernel_sigaction disposition_ignore = {.handler = (void *)SIG_IGN};

/*
 * ---- Signals, session, directories
 */

static void add_dispositions(struct plan *plan, enum step_kind kind, uint64_t signals,
			     const struct kernel_sigaction *action)
{
	int number;

	for (number = 1; number <= KERNEL_SIGNALS; number++) {
		if (!(signals & SPU_SIGNAL(number)))
			continue;
		spu__add_step3(plan, kind, number, number, (long)action, 0);
		plan->steps[plan->count - 1].arg[3] = KERNEL_SIGSET_SIZE;
	}
}

/* A SIGKILL of the kernel's: no mask holds it back, and it ends what is stopped. */
static void add_deadline(struct plan *plan, int64_t left_us)
{
	if (!left_us)
		return;
	plan->overdue = (struct kernel_sigevent){.signal = SIGKILL};
	plan->left = (struct kernel_itimerspec){.value = {left_us / 1000000,
							  left_us % 1000000 * 1000}};
	spu__add_step(plan, STEP_DEADLINE_HERE, -1);
	spu__add_step3(plan, STEP_DEADLINE_MAKE, -1, KERNEL_CLOCK_MONOTONIC, (long)&plan->overdue,
		       (long)&plan->timer);
	spu__add_step3(plan, STEP_DEADLINE, -1, 0, 0, (long)&plan->left);
}

/* A limit of open files would be in the way of descriptors that are still to come. */
static void add_limits(struct plan *plan, const struct spu_options *options,
		       enum step_kind kind)
{
	const struct spu_limit *limit;

	for (limit = options->limits; limit && limit->kind; limit++)
		if ((limit->resource == RLIMIT_NOFILE) == (kind == STEP_LIMIT_LAST))
			spu__add_step3(plan, kind, (int)(limit - options->limits), 0,
				       limit->resource, (long)&limit->soft);
}

/* Opened, written and closed: the kind is the first of three. */
static void add_line(struct plan *plan, enum step_kind open, const char *path, const char *line,
		     const char *subject)
{
	int first = plan->count, i;

	spu__add_step3(plan, open, -1, AT_FDCWD, (long)path, O_WRONLY);
	spu__add_step3(plan, open + 1, -1, -1, (long)line, (long)strlen(line));
	spu__add_step3(plan, open + 2, -1, -1, -1, 0);
	for (i = first; i < plan->count; i++) {
		plan->steps[i].link = i == first ? LINK_SAVE : LINK_SAVED;
		plan->steps[i].arg[5] = (long)subject;
	}
}

/* A vfork child's score is its own, though its memory is shared (the kernel's __set_oom_adj) */
static void add_oom_score(struct plan *plan, const struct spu_options *options)
{
	static const char path[] = "/proc/self/oom_score_adj";
	struct text text = TEXT_IN(plan->oom);

	if (!options->oom_score_adj.set)
		return;
	spu__add_text(&text, "%ld", options->oom_score_adj.value);
	add_line(plan, STEP_OOM_OPEN, path, plan->oom, plan->oom);
}

/* The file is the caller's: opened in its directory and with its rights and limits. */
static void add_pid(struct plan *plan, const struct spu_options *options)
{
	const char *path = options->pid_file;
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
			  O_CLOEXEC;

	if (options->pid_variable)
		spu__add_step3(plan, STEP_PID_VARIABLE, -1, 0, (long)options->pid_variable,
			       (long)plan->pid_value);
	if (!path)
		return;
	spu__add_step3(plan, STEP_PID_OPEN, -1, AT_FDCWD, (long)path, flags);
	plan->steps[plan->count - 1].arg[3] = 0644;
	plan->steps[plan->count - 1].link = LINK_SAVE;
	spu__add_step3(plan, STEP_PID_TEXT, -1, 0, (long)path, (long)plan->pid_line);
	plan->steps[plan->count - 1].arg[3] = '\n';
	spu__add_step(plan, STEP_PID_WRITE, -1)->arg[5] = (long)path;
	spu__add_step3(plan, STEP_PID_CLOSE, -1, -1, -1, 0);
	plan->steps[plan->count - 1].arg[5] = (long)path;
	plan->steps[plan->count - 1].link = LINK_SAVED;
}

static void add_scheduling(struct plan *plan, const struct spu_options *options)
{
	plan->sched_priority = (int)options->sched_priority.value;
	if (options->scheduler.set)
		spu__add_step3(plan, STEP_SCHEDULER, -1, 0, options->scheduler.value,
			       (long)&plan->sched_priority);
	else if (options->sched_priority.set)
		spu__add_step3(plan, STEP_SCHED_PARAM, -1, 0, (long)&plan->sched_priority, 0);
}

static void add_priorities(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	if (options->nice.set)
		spu__add_step3(plan, STEP_NICE, -1, PRIO_PROCESS, 0,
			       request->nice + options->nice.value);
	add_oom_score(plan, options);
	if (options->cpus)
		spu__add_step3(plan, STEP_CPUS, -1, 0, CPU_WORDS * sizeof(uint64_t),
			       (long)plan->cpus);
	add_scheduling(plan, options);
	if (options->ioprio.set)
		spu__add_step3(plan, STEP_IOPRIO, -1, KERNEL_IOPRIO_WHO_PROCESS, 0,
			       options->ioprio.value);
}

static void add_directories(struct plan *plan, const struct spu_options *options)
{
	if (options->root)
		spu__add_step1(plan, STEP_ROOT, -1, (long)options->root);
	/* chroot alone would leave the working directory outside */
	if (options->root && (!options->cwd || options->cwd[0] != '/'))
		spu__add_step1(plan, STEP_CWD, -1, (long)"/");
	if (options->cwd)
		spu__add_step1(plan, STEP_CWD, -1, (long)options->cwd);
}

/* gid before uid, which may take the right to; saved ones too. */
static void add_ids(struct plan *plan, const struct spu_options *options)
{
	long gid = options->gid.value, uid = options->uid.value;

	if (options->groups)
		spu__add_step3(plan, STEP_GROUPS, -1, (long)options->group_count,
			       (long)options->groups, 0);
	if (options->gid.set)
		spu__add_step3(plan, STEP_GID, -1, gid, gid, gid);
	if (options->uid.set)
		spu__add_step3(plan, STEP_UID, -1, uid, uid, uid);
}

/* POSIX_SPAWN_RESETIDS */
static void reset_ids(struct plan *plan, const struct actions *actions)
{
	spu__add_step3(plan, STEP_RESET_GID, -1, -1, actions->real_gid, -1);
	spu__add_step3(plan, STEP_RESET_UID, -1, -1, actions->real_uid, -1);
}

static void add_process_steps(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	add_dispositions(plan, STEP_DEFAULT, options->default_signals, &disposition_default);
	add_dispositions(plan, STEP_IGNORE, options->ignore_signals, &disposition_ignore);
	if (options->flags & SPU_SETSID)
		spu__add_step(plan, STEP_SETSID, -1);
	if (options->pgroup.set)
		spu__add_step3(plan, STEP_PGROUP, -1, 0, options->pgroup.value, 0);
	if (options->cgroup && !request->is_born_in_cgroup)
		add_line(plan, STEP_CGROUP_OPEN, plan->cgroup, "0", options->cgroup);
	add_pid(plan, options);
	add_priorities(plan, request);
	add_limits(plan, options, STEP_LIMIT);
	if (options->umask.set)
		spu__add_step1(plan, STEP_UMASK, -1, options->umask.value);
	add_directories(plan, options);
	spu__add_capabilities_before_ids(plan, options, &request->capabilities);
	add_ids(plan, options);
	if (request->actions && request->actions->resets_ids)
		reset_ids(plan, request->actions);
	spu__add_ambient(plan, options);
}

static pid_t find_group(const struct plan_request *request)
{
	if (request->options->pgroup.set)
		return (pid_t)request->options->pgroup.value;
	return (request->options->flags & SPU_SETSID) ? 0 : request->group;
}

static void add_terminal_steps(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	if (options->ctty.set)
		spu__add_step3(plan, STEP_CTTY, -1, options->ctty.value, TIOCSCTTY, 0);
	if (options->foreground.set)
		spu__add_foreground(plan, -1, (int)options->foreground.value);
}

static void add_last_rights(struct plan *plan, const struct plan_request *request)
{
	const struct spu_options *options = request->options;

	if (options->flags & SPU_NO_NEW_PRIVS)
		spu__add_step3(plan, STEP_NO_NEW_PRIVS, -1, PR_SET_NO_NEW_PRIVS, 1, 0);
	if (options->pdeathsig.set) {
		spu__add_step3(plan, STEP_PDEATHSIG, -1, PR_SET_PDEATHSIG,
			       options->pdeathsig.value, 0);
		spu__add_step1(plan, STEP_PARENT_ALIVE, -1, request->table.parent);
	}
	add_limits(plan, options, STEP_LIMIT_LAST);
	spu__add_securebits(plan, options, &request->capabilities);
	if (options->landlock_access)
		spu__add_step1(plan, STEP_LANDLOCK, -1, request->table.held[HELD_RULESET]);
}

static void add_filter(struct plan *plan, const struct spu_options *options)
{
	if (!options->seccomp)
		return;
	plan->filter = (struct kernel_filter){(unsigned short)options->seccomp_count,
					      options->seccomp};
	spu__add_step3(plan, STEP_SECCOMP, -1, KERNEL_SECCOMP_SET_MODE_FILTER, 0,
		       (long)&plan->filter);
}

/*
 * ---- The whole
 */

static void add_steps(struct plan *plan, const struct plan_request *request,
		      const struct move *moves, int move_count)
{
	spu__add_step(plan, STEP_HANDLERS, -1);
	if (request->options->flags & SPU_DETACH) {
		spu__add_step1(plan, STEP_DETACH_HERE, -1, request->table.parent);
		spu__add_step(plan, STEP_DETACH, -1);
	}
	add_deadline(plan, request->left_us);
	spu__add_tail(plan, &request->table);
	add_process_steps(plan, request);
	if (request->actions)
		spu__add_actions(plan, request->actions, &request->table);
	else
		spu__add_table(plan, &request->table, moves, move_count);
	add_terminal_steps(plan, request);
	add_last_rights(plan, request);
	if (!request->table.in_place)
		spu__add_step(plan, STEP_STOP_PENDING, -1);
	add_filter(plan, request->options);
	spu__add_step3(plan, STEP_MASK, -1, SIG_SETMASK, (long)&plan->mask, 0);
	plan->steps[plan->count - 1].arg[3] = KERNEL_SIGSET_SIZE;
	if (request->table.held[HELD_ERROR_PIPE] >= 0)
		spu__add_step3(plan, STEP_READY, -1, request->table.held[HELD_ERROR_PIPE],
			       (long)&plan->report, sizeof(plan->report));
	spu__add_step(plan, STEP_EXEC, -1);
}

/*
 * An upper bound: beside descriptors, signals, limits, capabilities and a second chdir
 * one of a kind.
 */
static size_t bound_steps(const struct plan_request *request)
{
	const struct spu_options *options = request->options;
	uint64_t signals = options->default_signals | options->ignore_signals;
	size_t limits = 0;

	while (options->limits && options->limits[limits].kind)
		limits++;
	return (size_t)__builtin_popcountll(signals) + limits + STEP_KINDS + 1 +
	       spu__bound_capabilities(options) +
	       spu__bound_table(&request->table) +
	       (request->actions ? spu__bound_actions(request->actions) : 0);
}

static uint64_t *write_cpus(const struct spu_options *options, uint64_t *mask)
{
	size_t i;

	memset(mask, 0, CPU_WORDS * sizeof(*mask));
	for (i = 0; i < options->cpu_count; i++)
		mask[options->cpus[i] / 64] |= (uint64_t)1 << options->cpus[i] % 64;
	return mask;
}

#define MEMBERS "/cgroup.procs"

/* How much the parts of the one block hold. */
struct sizes {
	size_t cpus, candidates, text, pid, cgroup, environment, changes, moves, steps;
};

static size_t align(size_t size)
{
	return (size + sizeof(long) - 1) & ~(sizeof(long) - 1);
}

static struct sizes measure(const struct plan_request *request, const char *file)
{
	const char *variable = request->options->pid_variable, *cgroup = request->options->cgroup;
	struct sizes sizes = {
		.cgroup = cgroup ? align(strlen(cgroup) + sizeof(MEMBERS)) : 0,
		.pid = variable ? align(strlen(variable) + 1 + PID_ROOM) : 0,
		.cpus = request->options->cpus ? CPU_WORDS : 0,
		.moves = 3 * request->table.count,
		.steps = bound_steps(request),
	};

	sizes.environment = spu__measure_environment(request->options, request->environ,
						     &sizes.changes);
	spu__measure_candidates(file, request->path, &sizes.candidates, &sizes.text);
	sizes.text = align(sizes.text);
	return sizes;
}

static void *allocate(struct arena *arena, const struct sizes *sizes)
{
	return spu__allot(arena, sizes->cpus * sizeof(uint64_t) +
		      sizes->changes * sizeof(struct change) +
		      (sizes->candidates + 1 + sizes->environment) * sizeof(char *) +
		      sizes->moves * sizeof(struct move) + sizes->text + sizes->pid +
		      sizes->cgroup + sizes->steps * sizeof(struct step));
}

/* Whoever writes a number there moves that process. */
static char *write_cgroup(const struct spu_options *options, char *to)
{
	size_t length;

	if (!options->cgroup)
		return NULL;
	length = strlen(options->cgroup);
	memcpy(to, options->cgroup, length);
	memcpy(to + length, MEMBERS, sizeof(MEMBERS));
	return to;
}

/* Where the child writes the value. */
static char *write_pid_variable(const struct spu_options *options, char *to)
{
	size_t length = options->pid_variable ? strlen(options->pid_variable) : 0;

	if (!length)
		return NULL;
	memcpy(to, options->pid_variable, length);
	memcpy(to + length, "=", 2);
	return to + length + 1;
}

int spu__compile(const struct plan_request *request, struct plan *ret_plan, void **ret_block)
{
	const struct spu_options *options = request->options;
	const char *file = options->program_fd.set ? "" :
			   options->file ? options->file : request->argv[0];
	struct sizes sizes = measure(request, file);
	void *block = allocate(request->arena, &sizes);
	uint64_t *cpus = block;
	const char **candidates, **environment;
	struct change *changes;
	struct move *moves;
	char *text, *pid_value;
	int move_count;

	if (!block)
		return -ENOMEM;
	changes = (struct change *)(cpus + sizes.cpus);
	candidates = (const char **)(changes + sizes.changes);
	environment = candidates + sizes.candidates + 1;
	moves = (struct move *)(environment + sizes.environment);
	text = (char *)(moves + sizes.moves);
	pid_value = write_pid_variable(options, text + sizes.text);
	spu__choose_fetches(&request->table);
	spu__write_candidates(file, request->path, candidates, text);
	move_count = spu__order_moves(request->table.given, request->table.count, moves);
	if (move_count < 0) {
		spu__give_back(request->arena, block);
		return move_count;
	}
	*ret_plan = (struct plan){
		/* last: few of the bound are taken, and their pages needn't be touched */
		.steps = (struct step *)(text + sizes.text + sizes.pid + sizes.cgroup),
		.argv = request->argv,
		.env = spu__write_environment(options, request->environ,
					      pid_value ? text + sizes.text : NULL, environment,
					      sizes.environment, changes),
		.pid_value = pid_value,
		.cgroup = write_cgroup(options, text + sizes.text + sizes.pid),
		.candidates = candidates,
		.group = find_group(request),
		.cpus = sizes.cpus ? write_cpus(options, cpus) : NULL,
		.error_pipe = request->table.held[HELD_ERROR_PIPE],
		.program = request->table.held[HELD_PROGRAM],
		.closes_by_hand = request->table.by_hand,
		.clone_flags = request->table.is_shared ? KERNEL_CLONE_FILES : 0,
		.mask = options->block_signals |
			((options->flags & SPU_KEEP_MASK) ? request->mask : 0),
	};
	add_steps(ret_plan, request, moves, move_count);
	*ret_block = block;
	return 0;
}
