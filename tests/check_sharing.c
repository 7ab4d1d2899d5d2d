/* SPDX-License-Identifier: MIT */
/*
 * What a launch shares with its parent for a moment, and must leave as it is:
 * the descriptor table that it begins with, and all that other threads change
 * by way of libc meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "races.h"

#define SUITE "sharing"
#define LAUNCHERS 8
#define HOLDERS 6

static atomic_int launches_left;

/*
 * ---- Descriptors that are known
 */

/* Numbers that only this thread uses; the rest of its slots are where open() puts them. */
#define OWN_NUMBERS 24
#define SLOTS 32
#define FIRST_OWN 256

struct slot {
	int fd;		/* -1: closed */
	int cloexec;
	dev_t device;
	ino_t inode;
};

static int own_number(int holder, int slot)
{
	return slot < OWN_NUMBERS ? FIRST_OWN + holder * OWN_NUMBERS + slot : -1;
}

/* A file that is nobody else's, so that its inode says which it is. */
static void fill(struct slot *slot, int number, int cloexec)
{
	int fd = memfd_create("held", cloexec ? MFD_CLOEXEC : 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		fault("memfd_create: %m");
		return;
	}
	if (number >= 0) {
		if (dup3(fd, number, cloexec ? O_CLOEXEC : 0) != number)
			fault("dup3 to %d: %m", number);
		if (close(fd) < 0)
			fault("close %d: %m", fd);
		fd = number;
	}
	*slot = (struct slot){fd, cloexec, st.st_dev, st.st_ino};
}

static void empty(struct slot *slot)
{
	if (slot->fd >= 0 && close(slot->fd) < 0)
		fault("%d was closed by somebody else: %m", slot->fd);
	slot->fd = -1;
}

static void verify(const struct slot *slot, int number)
{
	struct stat st;
	int flags;

	if (slot->fd < 0) {
		if (number >= 0 && fcntl(number, F_GETFD) >= 0)
			fault("%d was opened by somebody else", number);
		return;
	}
	flags = fcntl(slot->fd, F_GETFD);
	if (flags < 0 || fstat(slot->fd, &st) < 0)
		fault("%d: %m", slot->fd);
	else if (st.st_dev != slot->device || st.st_ino != slot->inode)
		fault("%d is another file", slot->fd);
	else if (flags != (slot->cloexec ? FD_CLOEXEC : 0))
		fault("%d: close-on-exec is %d", slot->fd, flags);
}

static void *hold_descriptors(void *argument)
{
	int holder = (int)(intptr_t)argument, i;
	unsigned random = 12345u + (unsigned)holder, round;
	struct slot slots[SLOTS];

	for (i = 0; i < SLOTS; i++)
		slots[i].fd = -1;
	for (round = 0; !atomic_load(&stop); round++) {
		random = random * 1103515245u + 12345u;
		i = (int)(random >> 16) % SLOTS;
		/* over what is open, too, where the number is the thread's own */
		if (random >> 31 || own_number(holder, i) < 0)
			empty(&slots[i]);
		if (random >> 30 & 1)
			fill(&slots[i], own_number(holder, i), random >> 29 & 1);
		for (i = 0; round % 8 == 0 && i < SLOTS; i++)
			verify(&slots[i], own_number(holder, i));
	}
	for (i = 0; i < SLOTS; i++) {
		verify(&slots[i], own_number(holder, i));
		empty(&slots[i]);
	}
	return NULL;
}

/*
 * ---- Launches that do all that is done to descriptors
 */

/* A number that is copied with the table, and one that is fetched. */
#define LOW_SOURCE 200
#define HIGH_SOURCE 640

static void expect(int kind, int expected, int r, const struct spu_error *error, int status)
{
	if (r != expected)
		fault("launch %d: %d, not %d: %s", kind, r, expected, r < 0 ? error->text : "");
	else if (r == 0 && status != 0)
		fault("launch %d: the child's status is %#x", kind, (unsigned)status);
}

static void launch_with_pipes(void)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error;
	struct spu_child child;
	int in, out, r, status = 0;
	char nothing;

	options.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out));
	r = spu_spawn(&child, SPU_ARGV(child_path), &options, &error);
	expect(0, 0, r, &error, 0);
	if (r < 0)
		return;
	close(in);
	if (read(out, &nothing, 1) != 0)
		fault("the pipe's other end: %m");
	close(out);
	r = spu_wait(&child, -1, &status);
	expect(0, 0, r, &error, status);
	spu_child_release(&child);
}

static const struct kind {
	int expected;
	char *argv[4];	/* none: with pipes */
	const char *cwd;
	struct spu_fd fds[4];
} kinds[] = {
	{0, {NULL}, NULL, {{0}}},
	{0, {child_path, NULL}, NULL, {{0}}},
	{0, {child_path, "3", NULL}, NULL, {SPU_MAP(3, LOW_SOURCE), {0}}},
	{0, {child_path, "3", "4", NULL}, NULL,
	 {SPU_MAP(4, HIGH_SOURCE), SPU_MAP(3, LOW_SOURCE), {0}}},
	{0, {child_path, "3", "4", NULL}, NULL,
	 {SPU_NULL(0), SPU_OPEN(3, "/dev/zero", O_RDONLY), SPU_SAME(4, 3), {0}}},
	{-ENOENT, {"/nonexistent/program", NULL}, NULL, {{0}}},
	{-ENOENT, {child_path, NULL}, "/nonexistent", {SPU_CLOSE(2), {0}}},
	{-ENOENT, {child_path, NULL}, NULL, {SPU_OPEN(5, "/nonexistent/file", O_RDONLY), {0}}},
};

#define KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))

static void launch_kind(int number)
{
	const struct kind *kind = &kinds[number];
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error;
	int status = 0, r;

	if (!kind->argv[0]) {
		launch_with_pipes();
		return;
	}
	options.cwd = kind->cwd;
	options.fds = kind->fds;
	r = spu_run(kind->argv, &options, &status, &error);
	expect(number, kind->expected, r, &error, status);
}

static void *launch_all_kinds(void *unused)
{
	int number;

	while ((number = atomic_fetch_sub(&launches_left, 1)) > 0)
		launch_kind(number % KINDS);
	return unused;
}

START_TEST(the_parents_descriptors_are_nobody_elses)
{
	struct team holders = {.count = 0}, launchers = {.count = 0};
	struct slot mine[2];
	size_t open_before;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= HIGH_SOURCE)
		SKIP(SUITE, "no more than %ld descriptors here", (long)limit.rlim_cur);
	if (!shares_table())
		SKIP(SUITE, "launches don't share the descriptor table here");
	open_before = count_open();
	fill(&mine[0], LOW_SOURCE, 1);
	fill(&mine[1], HIGH_SOURCE, 0);
	launches_left = share(12000);
	start(&holders, HOLDERS, hold_descriptors, NULL);
	start(&launchers, LAUNCHERS, launch_all_kinds, NULL);
	join(&launchers);
	stop = 1;
	join(&holders);
	verify(&mine[0], LOW_SOURCE);
	verify(&mine[1], HIGH_SOURCE);
	assert_no_fault();
	empty(&mine[0]);
	empty(&mine[1]);
	assert_unchanged(open_before);
	/* shared to the end */
	ck_assert(shares_table());
}
END_TEST

/*
 * ---- What other threads change by way of libc. Two directories hold the
 * child; PATH and the working directory are now the one, now the other.
 */

static char directories[2][sizeof(child_path) + 8], paths[2][2 * sizeof(child_path) + 32];
static char own_program[sizeof(child_path) + 8];
static int nobody_may;	/* root, and the child can be reached by others */

static void *change_ids(void *unused)
{
	gid_t groups[256];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int count = getgroups(256, groups);

	while (!atomic_load(&stop)) {
		if (setresuid(uid, uid, uid) < 0 || setresgid(gid, gid, gid) < 0 ||
		    (uid == 0 && setgroups((size_t)count, groups) < 0))
			fault("changing ids: %m");
		if (geteuid() != uid || getegid() != gid)
			fault("the parent is %d:%d by now", (int)geteuid(), (int)getegid());
		usleep(100);
	}
	return unused;
}

static void *change_limits(void *unused)
{
	struct rlimit wanted, limit;
	rlim_t turn = 0;

	while (!atomic_load(&stop)) {
		getrlimit(RLIMIT_MSGQUEUE, &wanted);
		wanted.rlim_cur = wanted.rlim_max < 1000 ? wanted.rlim_max : ++turn % 1000;
		if (setrlimit(RLIMIT_MSGQUEUE, &wanted) < 0 ||
		    getrlimit(RLIMIT_MSGQUEUE, &limit) < 0)
			fault("setrlimit: %m");
		if (limit.rlim_cur != wanted.rlim_cur || limit.rlim_max != wanted.rlim_max)
			fault("the parent's limit is %ld", (long)limit.rlim_cur);
	}
	return unused;
}

static void *change_directory(void *unused)
{
	int there = open(directories[1], O_PATH | O_DIRECTORY | O_CLOEXEC), i;
	char now[PATH_MAX];

	while (!atomic_load(&stop)) {
		for (i = 0; i < 2; i++) {
			if ((i ? fchdir(there) : chdir(directories[0])) < 0)
				fault("chdir: %m");
			sched_yield();
			if (!getcwd(now, sizeof(now)) || strcmp(now, directories[i]) != 0)
				fault("the parent is in %s, not in %s", now, directories[i]);
		}
	}
	close(there);
	return unused;
}

static void *change_environment(void *unused)
{
	unsigned turn = 0;

	while (!atomic_load(&stop)) {
		setenv("PATH", paths[++turn % 2], 1);
		if (strcmp(getenv("PATH"), paths[turn % 2]) != 0)
			fault("PATH is %s", getenv("PATH"));
		sched_yield();
	}
	return unused;
}

static const gid_t no_group[1];
static const struct spu_limit limits[] = {
	SPU_LIMIT(RLIMIT_MSGQUEUE, 0, 0), SPU_LIMIT(RLIMIT_NOFILE, 100, 100), {0, 0, 0, 0}};
static const char *const other_path[] = {"PATH=/nonexistent", NULL};

/* own_program is what only its owner may execute. */
static const struct other_kind {
	int expected, as_nobody;
	const char *program, *cwd;
	const struct spu_limit *limits;
	const char *const *env_set;
} other_kinds[] = {
	{0, 0, "child", NULL, NULL, NULL},
	{0, 0, "./child", NULL, NULL, NULL},
	{0, 0, "../child", directories[0], NULL, NULL},
	{0, 0, "child", "/", limits, other_path},
	{0, 0, own_program, NULL, NULL, NULL},
	{0, 1, child_path, NULL, NULL, NULL},
	{0, 1, "./child", directories[1], NULL, NULL},
	{-EACCES, 1, own_program, NULL, limits, NULL},
};

#define OTHER_KINDS (int)(sizeof(other_kinds) / sizeof(other_kinds[0]))

static void launch_meanwhile(int number)
{
	const struct other_kind *kind = &other_kinds[number];
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error;
	int status = 0, r;

	if (kind->as_nobody && !nobody_may)
		return;
	options.cwd = kind->cwd;
	options.limits = kind->limits;
	options.env_set = kind->env_set;
	if (kind->as_nobody) {
		options.uid = options.gid = SPU_SET(65534);
		options.groups = no_group;
	}
	r = spu_run(SPU_ARGV(kind->program), &options, &status, &error);
	expect(number, kind->expected, r, &error, status);
}

static void *launch_all_meanwhile(void *unused)
{
	int number;

	while ((number = atomic_fetch_sub(&launches_left, 1)) > 0)
		launch_meanwhile(number % OTHER_KINDS);
	return unused;
}

static void make_directories(void)
{
	char name[PATH_MAX], parent[PATH_MAX];
	int i;

	ck_assert_ptr_nonnull(realpath(child_path, parent));
	*strrchr(parent, '/') = '\0';
	for (i = 0; i < 2; i++) {
		snprintf(directories[i], sizeof(directories[i]), "%.60s/%d", parent, i);
		ck_assert_int_eq(mkdir(directories[i], 0755), 0);
		snprintf(name, sizeof(name), "%s/child", directories[i]);
		ck_assert_int_eq(link(child_path, name), 0);
	}
	snprintf(paths[0], sizeof(paths[0]), "/nonexistent:%s", directories[0]);
	snprintf(paths[1], sizeof(paths[1]), "%s:/nonexistent", directories[1]);
	snprintf(own_program, sizeof(own_program), "%.60s/own", parent);
	write_child(own_program);
	ck_assert_int_eq(chmod(own_program, 0700), 0);
}

static void remove_directories(void)
{
	char name[PATH_MAX];
	int i;

	unlink(own_program);
	for (i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s/child", directories[i]);
		unlink(name);
		rmdir(directories[i]);
	}
}

static int can_nobody_launch(void)
{
	struct spu_options options = SPU_OPTIONS_INIT;

	options.uid = options.gid = SPU_SET(65534);
	options.groups = no_group;
	return geteuid() == 0 && spu_run(SPU_ARGV(child_path), &options, NULL, NULL) == 0;
}

START_TEST(ids_limits_directory_and_environment_may_change_meanwhile)
{
	struct team changers = {.count = 0}, launchers = {.count = 0};
	size_t open_before = count_open();
	int dumpable = prctl(PR_GET_DUMPABLE);

	make_directories();
	nobody_may = can_nobody_launch();
	/* both, because libc keeps the strings: what is new to it, nobody may read meanwhile */
	setenv("PATH", paths[1], 1);
	setenv("PATH", paths[0], 1);
	ck_assert_int_eq(chdir(directories[0]), 0);
	launches_left = share(8000);
	start(&changers, 2, change_ids, NULL);
	start(&changers, 1, change_limits, NULL);
	start(&changers, 1, change_directory, NULL);
	if (IS_GLIBC)	/* musl frees what others may be reading */
		start(&changers, 1, change_environment, NULL);
	start(&launchers, LAUNCHERS, launch_all_meanwhile, NULL);
	join(&launchers);
	stop = 1;
	join(&changers);
	ck_assert_int_eq(chdir("/"), 0);
	remove_directories();
	assert_no_fault();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), dumpable);
	assert_unchanged(open_before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	int failed;

	make_child();
	ADD(the_parents_descriptors_are_nobody_elses);
	ADD(ids_limits_directory_and_environment_may_change_meanwhile);
	failed = run_suite(suite);
	remove_child();
	return failed;
}
