/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../child/child.h"
#include "../clock.h"
#include "../error.h"
#include "../plan/compile.h"
#include "executed.h"
#include "ids.h"
#include "knowledge.h"

extern char **environ;

/*
 * ---- Once
 */

/* NULL where it isn't needed. */
static int copy_path(struct launch *launch)
{
	const struct spu_options *options = &launch->options;
	const char *file = options->file ? options->file : launch->argv[0];
	const char *path = getenv("PATH");

	if (options->path || options->program_fd.set || strchr(file, '/') ||
	    (launch->actions && launch->actions->path))
		return 0;
	/* POSIX's confstr(_CS_PATH), as glibc has it */
	launch->path = strdup(path ? path : "/bin:/usr/bin");
	if (!launch->path)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "PATH");
	return 0;
}

static int choose_memory(struct launch *launch)
{
	const struct spu_options *options = &launch->options;
	int r;

	launch->copies_memory = spu__memory_is_shared() == 0;
	launch->changes_ids = launch->purpose != FOR_EXEC &&
			      (options->uid.set || options->gid.set ||
			       (launch->actions && launch->actions->resets_ids));
	if (!launch->changes_ids)
		return 0;
	r = spu__id_change_needs_copy(!(options->flags & (SPU_SETSID | SPU_DETACH)));
	if (r < 0)
		return spu__error(launch->ret_error, -r, SPU_STEP_PREPARE, -1,
				  "uid, gid: look at fs.suid_dumpable");
	launch->copies_memory |= r;
	return 0;
}

static int give_actions(struct launch *launch)
{
	launch->given = spu__allot(launch->arena, ACTIONS_ROOM(launch->actions->count) *
						  sizeof(*launch->given));
	if (!launch->given)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "actions");
	launch->given_count = spu__give_actions(launch->actions, launch->given);
	return 0;
}

static uint64_t current_mask(void)
{
	uint64_t mask = 0;

	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, KERNEL_SIGSET_SIZE);
	return mask;
}

/*
 * The caller opens FIFOs so that a signal can end the waiting. A child that has a deadline
 * may wait for them itself, and so may a process that executes in place and has all signals
 * blocked, as a spawn server's child has.
 */
static int may_wait_for_fifos(const struct launch *launch)
{
	const uint64_t always = SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP);

	return launch->deadline != NEVER ||
	       (launch->purpose == FOR_EXEC && (current_mask() | always) == ~UINT64_C(0));
}

static int give(struct launch *launch)
{
	const struct spu_options *options = &launch->options;
	size_t entries = spu__count_entries(options->fds);
	int count, r = 0;

	launch->given = spu__allot(launch->arena, GIVEN_ROOM(entries) * sizeof(*launch->given));
	if (!launch->given)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "descriptors");
	count = spu__give(options->fds, launch->ends.of_entry, options->leaks == SPU_LEAKS_ALLOW,
			  launch->given, launch->ret_error);
	if (count < 0)
		return count;
	launch->given_count = (size_t)count;
	if (!may_wait_for_fifos(launch))
		r = spu__open_fifos(&launch->ends, launch->given, launch->given_count, options,
				    launch->ret_error);
	if (r == 0)
		r = spu__hold_for_exec(&launch->ends, launch->given, launch->given_count, options,
				       launch->ret_error);
	return r;
}

/* Not with a deadline, which ends a child that no file system answers, but not us. */
static int may_be_born_in_cgroup(const struct launch *launch)
{
	const struct spu_options *options = &launch->options;

	return options->cgroup && !options->server && launch->purpose != FOR_EXEC &&
	       options->method == SPU_METHOD_VFORK && launch->deadline == NEVER &&
	       spu__may_use(FEATURE_BIRTH);
}

int spu__open_launch(struct launch *ret, char *const argv[], const struct spu_options *options,
		     const struct actions *actions, enum purpose purpose, struct arena *arena,
		     struct spu_error *ret_error)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->purpose = purpose;
	ret->argv = argv;
	ret->options = *options;
	ret->actions = actions;
	ret->arena = arena;
	ret->ret_error = ret_error;
	ret->deadline = spu__deadline_of(options->timeout_ms);
	r = choose_memory(ret);
	if (r == 0)
		r = spu__make_ends(&ret->options, &ret->ends, ret_error);
	if (r < 0)
		return r;
	if (arena)
		ret->stacks = spu__allot(arena, CHILD_STACKS);
	if (may_be_born_in_cgroup(ret))
		spu__open_cgroup(&ret->ends, ret->options.cgroup);
	r = actions ? give_actions(ret) : give(ret);
	if (r == 0)
		r = copy_path(ret);
	if (r < 0)
		spu__close_launch(ret, 0);
	return r;
}

/*
 * ---- For each attempt
 */

/* One that isn't could be taken by the child's pidfd, which lands in a shared table. */
static int sources_are_open(const struct launch *launch)
{
	size_t i;

	for (i = 0; i < launch->given_count; i++)
		if ((launch->actions ? launch->given[i].source >= 0
				     : launch->given[i].kind == GIVEN_MOVE) &&
		    fcntl(launch->given[i].source, F_GETFD) < 0)
			return 0;
	return 1;
}

/*
 * Copying a table of 19 000 descriptors costs 700 us, a short copy 5. Needs
 * memory that is known to be shared: valgrind ends the program for CLONE_FILES.
 */
static int may_share_table(const struct launch *launch)
{
	return launch->purpose != FOR_EXEC && !launch->is_ordinary &&
	       launch->options.leaks != SPU_LEAKS_ALLOW &&
	       launch->options.method == SPU_METHOD_VFORK &&
	       launch->ends.error_pipe[1] < 0 && !launch->copies_memory &&
	       spu__memory_is_shared() > 0 &&
	       spu__may_use(FEATURE_UNSHARE) && spu__may_use(FEATURE_CLOSE_RANGE) &&
	       sources_are_open(launch);
}

/*
 * Descriptors are fetched from the table that is this thread's: the process's, as a
 * rule, whose first thread stands for it if it hasn't ended.
 */
static void find_holder(struct table *table)
{
	pid_t thread = (pid_t)syscall3(SYS_gettid, 0, 0, 0);

	table->holder = table->parent;
	if (thread == table->parent ||
	    syscall6(SYS_kcmp, table->parent, thread, KERNEL_KCMP_FILES, 0, 0, 0) == 0)
		return;
	table->holder = thread;
	table->holder_flags = KERNEL_PIDFD_THREAD;
}

/*
 * Where unshare() has put off a pid namespace, the parent's number is nobody's there.
 * Not inline: only who asks has room on the stack for the names.
 */
static __attribute__((noinline)) int is_born_beside_us(void)
{
	char own[64], childs[64];
	ssize_t length = readlink("/proc/thread-self/ns/pid", own, sizeof(own));

	return length > 0 && length == readlink("/proc/thread-self/ns/pid_for_children", childs,
						sizeof(childs)) &&
	       memcmp(own, childs, (size_t)length) == 0;
}

static int has_high_source(const struct launch *launch)
{
	size_t i;

	if (launch->actions)
		return spu__highest_read(launch->given, launch->given_count, 0) >
		       spu__highest_read(launch->given, launch->given_count, 1);
	for (i = 0; i < launch->given_count; i++)
		if ((launch->given[i].kind == GIVEN_MOVE ||
		     launch->given[i].kind == GIVEN_FETCH) &&
		    launch->given[i].source >= FETCH_FROM)
			return 1;
	return 0;
}

static void choose_table(const struct launch *launch, struct table *table)
{
	table->closes = launch->options.leaks != SPU_LEAKS_ALLOW;
	table->by_hand = !spu__may_use(FEATURE_CLOSE_RANGE);
	table->in_place = launch->purpose == FOR_EXEC;
	table->is_shared = may_share_table(launch);
	if (launch->options.pdeathsig.set || launch->options.flags & SPU_DETACH)
		table->parent = table->in_place ? getppid() : getpid();
	/* with other ids the child may not */
	if (!table->is_shared || launch->changes_ids || !has_high_source(launch) ||
	    !is_born_beside_us())
		return;
	table->may_fetch = spu__may_use(FEATURE_FETCH);
	if (table->may_fetch) {
		table->parent = getpid();
		find_holder(table);
	} else if (launch->purpose == FOR_CHILD) {
		spu__skip(FEATURE_FETCH);
	}
}

static void choose(const struct launch *launch, struct table *table)
{
	choose_table(launch, table);
	table->reads = launch->actions ? spu__highest_read(launch->given, launch->given_count,
							   table->may_fetch) : -1;
}

/* At least a little: 0 would be no limit. */
static int64_t time_left(const struct launch *launch)
{
	int64_t left;

	if (launch->deadline == NEVER)
		return 0;
	left = launch->deadline - spu__now_us();
	return left > 0 ? left : 1;
}

static uint64_t read_bounding_set(void)
{
	uint64_t set = 0;
	long r;
	int number;

	/* EINVAL: behind the last one that the kernel knows */
	for (number = 0; (r = syscall6(SYS_prctl, PR_CAPBSET_READ, number, 0, 0, 0, 0)) >= 0;
	     number++)
		set |= (uint64_t)r << number;
	return set;
}

static void read_capabilities(const struct spu_options *options, struct capabilities *ret)
{
	struct kernel_cap_head head = {KERNEL_CAP_VERSION_3, 0};
	struct kernel_cap_sets sets[2] = {{0, 0, 0}, {0, 0, 0}};

	if (!spu__sets_capabilities(options))
		return;
	syscall3(SYS_capget, (long)&head, (long)sets, 0);
	ret->effective = (uint64_t)sets[1].effective << 32 | sets[0].effective;
	ret->permitted = (uint64_t)sets[1].permitted << 32 | sets[0].permitted;
	ret->inheritable = (uint64_t)sets[1].inheritable << 32 | sets[0].inheritable;
	if (options->bounding_set.set)
		ret->bounding = read_bounding_set();
}

static int compile(struct launch *launch)
{
	const struct spu_options *options = &launch->options;
	struct plan_request request = {
		.argv = launch->argv,
		.environ = environ,
		.path = options->path ? options->path : launch->path,
		.options = options,
		.actions = launch->actions,
		.table = {.given = launch->given, .count = launch->given_count,
			  .held = {launch->ends.error_pipe[1], launch->ends.program,
				   launch->ends.ruleset}},
		.is_born_in_cgroup = launch->ends.cgroup >= 0,
		.arena = launch->arena,
		.left_us = time_left(launch),
		.mask = (options->flags & SPU_KEEP_MASK) ? current_mask() : 0,
		.group = options->foreground.set || launch->actions ? getpgrp() : 0,
		.nice = options->nice.set ? getpriority(PRIO_PROCESS, 0) : 0,
	};
	int r;

	read_capabilities(options, &request.capabilities);
	choose(launch, &request.table);
	spu__give_back(launch->arena, launch->plan_block);
	launch->plan_block = NULL;
	r = spu__compile(&request, &launch->plan, &launch->plan_block);
	if (r < 0)
		return spu__error(launch->ret_error, -r, SPU_STEP_PREPARE, -1, "plan");
	return 0;
}

/*
 * How a child that has a copy of our memory tells what became of it; one that may
 * have one, before the first launch.
 */
static int make_error_pipe(struct launch *launch)
{
	int r;

	spu__close_error_pipe(&launch->ends);
	if (launch->purpose == FOR_EXEC || launch->options.method != SPU_METHOD_VFORK ||
	    (!launch->copies_memory && spu__memory_is_shared() > 0))
		return 0;
	r = spu__make_error_pipe(&launch->ends, launch->given, launch->given_count);
	/* A full table is no reason not to launch: memory will be shared, most likely */
	if (r == 0 || ((r == -EMFILE || r == -ENFILE) && !launch->copies_memory))
		return 0;
	return spu__error(launch->ret_error, -r, SPU_STEP_PREPARE, -1, "error pipe");
}

int spu__plan_launch(struct launch *launch)
{
	int r = make_error_pipe(launch);

	return r < 0 ? r : compile(launch);
}

/*
 * A file that was made isn't made again (O_EXCL), and isn't emptied again: it is
 * opened as it is, but not through a link that has taken its place.
 */
void spu__keep_what_was_made(struct launch *launch, int at)
{
	int i;

	for (i = 0; i < at; i++) {
		const struct step *step = &launch->plan.steps[i];
		struct given *given;

		if (step->kind != STEP_OPEN)
			continue;
		given = &launch->given[step->given - launch->given];
		if (given->flags & O_CREAT && given->flags & O_EXCL)
			given->flags = (given->flags & ~O_EXCL) | O_NOFOLLOW;
		given->flags &= ~O_TRUNC;
	}
}

void spu__close_launch(struct launch *launch, int succeeded)
{
	spu__release_ends(&launch->ends, succeeded);
	free(launch->path);
	spu__give_back(launch->arena, launch->plan_block);
	spu__give_back(launch->arena, launch->given);
	spu__give_back(launch->arena, launch->stacks);
}
