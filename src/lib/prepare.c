/* SPDX-License-Identifier: MIT */
/*
 * Everything up to the clone, and its undoing: options are checked, descriptors
 * acquired, the plan compiled from what can only be asked in the parent.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "launch.h"
#include "syscall.h"

extern char **environ;

static int is_known(atomic_int *fact)
{
	return atomic_load_explicit(fact, memory_order_relaxed);
}

int spu__memory_is_shared(void)
{
	return atomic_load_explicit(&spu__knowledge.memory_is_shared, memory_order_relaxed);
}

static uint64_t current_mask(void)
{
	uint64_t mask = 0;

	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, KERNEL_SIGSET_SIZE);
	return mask;
}

/* One that isn't could be taken by the child's pidfd, which lands in a shared table. */
static int sources_are_open(const struct descriptors *d)
{
	size_t i;

	for (i = 0; i < d->count; i++)
		if (d->given[i].kind == GIVEN_MOVE && fcntl(d->given[i].source, F_GETFD) < 0)
			return 0;
	return 1;
}

/*
 * Copying a table of 19 000 descriptors costs 700 us, a short copy 5. Needs
 * memory that is known to be shared: valgrind ends the program for CLONE_FILES.
 */
static int may_share_table(const struct launch *launch, enum purpose purpose)
{
	return purpose != FOR_EXEC && purpose != FOR_SPAWN_AGAIN &&
	       launch->options.leaks != SPU_LEAKS_ALLOW &&
	       launch->options.method == SPU_METHOD_VFORK &&
	       launch->descriptors.error_pipe[1] < 0 && !launch->copies_memory &&
	       spu__memory_is_shared() > 0 &&
	       !is_known(&spu__knowledge.cant_unshare) &&
	       sources_are_open(&launch->descriptors);
}

/* NULL where it isn't needed, or there is no memory for it. */
static char *copy_path(const struct spu_options *options, const char *file)
{
	const char *path = getenv("PATH");
	size_t size;
	char *copy;

	if (options->path || strchr(file, '/'))
		return NULL;
	if (!path)
		path = "/bin:/usr/bin";	/* POSIX's confstr(_CS_PATH), as glibc has it */
	size = strlen(path);
	copy = malloc(size + 1);
	if (!copy)
		return NULL;
	memcpy(copy, path, size);
	copy[size] = '\0';
	return copy;
}

static int compile(struct launch *launch, char *const argv[], enum purpose purpose)
{
	const struct spu_options *options = &launch->options;
	struct plan_request request = {
		.argv = argv,
		.environ = environ,
		.options = options,
		.given = launch->descriptors.given,
		.given_count = launch->descriptors.count,
		.mask = (options->flags & SPU_KEEP_MASK) ? current_mask() : 0,
		.error_pipe = launch->descriptors.error_pipe[1],
		.shares_table = may_share_table(launch, purpose),
		/* with other ids the child may not */
		.may_fetch = !launch->changes_ids &&
			     !is_known(&spu__knowledge.cant_fetch),
		.parent = purpose == FOR_EXEC ? getppid() : getpid(),
		.group = options->foreground.set ? getpgrp() : 0,
		.nice = options->nice.set ? getpriority(PRIO_PROCESS, 0) : 0,
		.in_place = purpose == FOR_EXEC,
	};
	int r;

	launch->path = copy_path(options, options->file ? options->file : argv[0]);
	request.path = options->path ? options->path : launch->path ? launch->path : "";
	r = spu__compile(&request, &launch->plan, &launch->plan_block);
	if (r < 0)
		return spu__error(launch->ret_error, -r, SPU_STEP_PREPARE, -1, "plan");
	return 0;
}

int spu__prepare(struct launch *launch, char *const argv[], const struct spu_options *options,
		 enum purpose purpose, struct spu_error *ret_error)
{
	int r, wants_pipe;

	*launch = (struct launch){.ret_error = ret_error};
	r = spu__check_options(argv, options, &launch->options, ret_error);
	if (r < 0)
		return r;
	if (purpose != FOR_EXEC && (launch->options.uid.set || launch->options.gid.set)) {
		launch->changes_ids = 1;
		launch->copies_memory = spu__id_change_needs_copy();
	}
	wants_pipe = purpose != FOR_EXEC && launch->options.method == SPU_METHOD_VFORK &&
		     (launch->copies_memory ||
		      spu__memory_is_shared() <= 0);
	r = spu__acquire_descriptors(&launch->options, wants_pipe, &launch->descriptors,
				     ret_error);
	if (r < 0)
		return r;
	r = compile(launch, argv, purpose);
	if (r < 0)
		spu__dispose(launch, 0);
	return r;
}

void spu__dispose(struct launch *launch, int succeeded)
{
	spu__release_descriptors(&launch->descriptors, succeeded);
	free(launch->plan_block);
	free(launch->path);
}
