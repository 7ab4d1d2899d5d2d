/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever options say of descriptors, the plan that is made
 * of them gives the child what the manual promises.
 */
#include <linux/landlock.h>

#include "lib/plan/check.h"
#include "simulated.h"

#define ENTRIES 24

static char *const argv[] = {"program", NULL};

/* One of them is tried at a time, so that the model's functions may know it. */
static struct one {
	struct spu_fd fds[ENTRIES + 1];
	struct spu_options options;
	struct held_fd own[NUMBERS];
	int ends[ENTRIES];	/* of pipes: the child's, by entry */
	char named[NUMBERS];
} one;

static void take_entry(struct bytes *bytes, struct spu_fd *fd)
{
	static const char *const paths[] = {"/a", "b", "/dev/null"};
	static int stored;
	unsigned how = take(bytes);
	int n = take_number(bytes);

	switch (how % 8) {
	case 0:
		*fd = (struct spu_fd)SPU_KEEP(n);
		break;
	case 1:
	case 2:
		*fd = (struct spu_fd)SPU_MAP(n, take_source(bytes, one.own));
		break;
	case 3:
		*fd = (struct spu_fd)SPU_SAME(n, take_number(bytes));
		break;
	case 4:
		*fd = (struct spu_fd)SPU_OPEN(n, paths[how / 8 % 3], O_RDWR);
		break;
	case 5:
		*fd = (struct spu_fd)SPU_NULL(n);
		break;
	case 6:
		*fd = (struct spu_fd)SPU_CLOSE(n);
		break;
	case 7:
		*fd = (struct spu_fd)SPU_PIPE_IN(n, &stored);
		break;
	}
	one.named[n] = 1;
}

/* What is more of the options makes steps that use a number for a while, or hold one. */
static void take_options(struct bytes *bytes)
{
	static const struct spu_limit limits[] = {SPU_LIMIT(7, 64, 128), SPU_LIMIT(1, 0, 5), {0}};
	static const struct spu_landlock rules[] = {
		SPU_BENEATH("/", LANDLOCK_ACCESS_FS_EXECUTE), {0}};
	unsigned which = take(bytes);

	one.options = (struct spu_options){
		.size = sizeof(one.options), .fds = one.fds, .limits = which & 1 ? limits : NULL,
		.leaks = which & 2 ? SPU_LEAKS_ALLOW : SPU_LEAKS_CLOSE,
		.pid_file = which & 4 ? "pid" : NULL, .cgroup = which & 8 ? "/group" : NULL,
		.flags = which & 16 ? SPU_DETACH : 0,
		.landlock_rules = which & 32 ? rules : NULL,
		.landlock_access = which & 32 ? LANDLOCK_ACCESS_FS_EXECUTE : 0,
		.oom_score_adj = {(which & 64) != 0, which & 64 ? 7 : 0},
		.program_fd = {(which & 128) != 0, which & 128 ? 699 : 0},
	};
}

static struct held_fd made(const struct spu_fd *fd)
{
	if (fd->kind == SPU_FD_OPEN || fd->kind == SPU_FD_NULL)
		return file_of_path(fd->kind == SPU_FD_OPEN ? fd->path : "/dev/null");
	return one.own[one.ends[fd - one.fds]];
}

/* Said independently of given.c: may it be asked for? */
static int is_right(void)
{
	const struct spu_fd *fd, *end;
	int n;

	for (fd = one.fds; fd->kind; fd++) {
		if (find_target(fd + 1, fd->fd))
			return 0;
		if (fd->kind != SPU_FD_SAME)
			continue;
		end = find_end(one.fds, fd, &n);
		if (end ? end->kind == SPU_FD_CLOSE
			: n < 0 || (n > 2 && one.options.leaks != SPU_LEAKS_ALLOW))
			return 0;
	}
	return 1;
}

/* A launch refuses what reads a number that isn't open; what a close-on-exec one is, isn't said. */
static int has_sources(void)
{
	const struct spu_fd *fd;
	int n;

	for (fd = one.fds; fd->kind; fd++) {
		if ((fd->kind == SPU_FD_KEEP && !one.own[fd->fd].inode) ||
		    (fd->kind == SPU_FD_MAP && !one.own[fd->from].inode))
			return 0;
		if (fd->kind == SPU_FD_SAME && !find_end(one.fds, fd, &n) &&
		    (!one.own[n].inode || one.own[n].cloexec))
			return 0;
	}
	return 1;
}

static void try_plan(struct bytes *bytes, struct given *given, size_t count)
{
	static struct simulated child;
	static struct held_fd wanted[NUMBERS];
	const struct promise promise = {one.fds, one.own, NUMBERS,
					one.options.leaks == SPU_LEAKS_ALLOW, made};
	unsigned how = take(bytes), held = (one.options.program_fd.set ? 2 : 0) |
					   (one.options.landlock_access ? 4 : 0);
	struct plan_request request = {
		.argv = argv, .environ = argv + 1, .options = &one.options, .path = "/a:/b",
		.table = {.given = given, .count = count, .reads = -1, .parent = 4711,
			  .holder = 4711, .closes = !promise.allows,
			  .in_place = (how & 3) == 3, .by_hand = (how & 7) == 2,
			  .is_shared = (how & 3) == 1 && !promise.allows, .may_fetch = how >> 3 & 1},
	};
	struct plan plan;
	void *block;
	int r;

	if (!request.table.in_place && !request.table.is_shared)
		held |= how >> 4 & 1;
	take_held(bytes, held, one.own, one.named, &request.table);
	if (spu__compile(&request, &plan, &block) < 0)
		FAULT("no plan\n");
	memcpy(child.parent, one.own, sizeof(child.parent));
	child.plan = &plan;
	child.is_shared = request.table.is_shared;
	r = simulate(&child);
	if (r < 0)
		FAULT("step %d, kind %d: %s\n", child.at, plan.steps[child.at].kind, strerror(-r));
	promise_table(&promise, wanted);
	compare_tables(child.own, wanted);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, data + size};
	struct given *given = malloc(GIVEN_ROOM(ENTRIES) * sizeof(*given));
	struct spu_options checked;
	int count, i;

	memset(&one, 0, sizeof(one));
	take_options(&bytes);
	take_table(&bytes, one.own);
	count = (int)take(&bytes) % (ENTRIES + 1);
	for (i = 0; i < count; i++)
		take_entry(&bytes, &one.fds[i]);
	for (i = 0; i < count; i++)
		one.ends[i] = one.fds[i].kind == SPU_FD_PIPE_IN
			    ? take_free(&bytes, one.own, one.named, IN_CALLER) : -1;
	if (spu__check_options(argv, &one.options, &checked, NULL) < 0)
		FAULT("options are refused\n");
	i = spu__give(one.fds, one.ends, one.options.leaks == SPU_LEAKS_ALLOW, given, NULL);
	if ((i >= 0) != is_right())
		FAULT("%d, but %s\n", i, is_right() ? "nothing is wrong" : "it can't be had");
	if (i >= 0 && has_sources())
		try_plan(&bytes, given, (size_t)i);
	free(given);
	return 0;
}
