/* SPDX-License-Identifier: MIT */
/* A child that is born in its control group, and what is done where it can't be. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "filters.h"
#include "held.h"
#include "kernel.h"
#include "launches.h"

#define SUITE "cgroup"

static char group[PATH_MAX];

/* One that was killed, or is nobody's child, may be on its way out. */
static void remove_empty(const char *path)
{
	int tries;

	for (tries = 0; rmdir(path) < 0 && errno == EBUSY && tries < patience(200000); tries++)
		usleep(1000);
}

static void remove_group(void)
{
	if (*group)
		remove_empty(group);
}

/* A new one of version 2, or "". */
static void make_group(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	*group = '\0';
	while (mounts && (mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "cgroup2") == 0) {
			snprintf(group, sizeof(group), "%s/spawnutil.%d", mount->mnt_dir,
				 (int)getpid());
			if (mkdir(group, 0755) < 0)
				*group = '\0';
			break;
		}
	if (mounts)
		endmntent(mounts);
}

#define NEED_GROUP() \
	do { \
		NEED_OWN_CHILD(SUITE);	/* who leaves it out later leaves the group, too */ \
		make_group(); \
		if (!*group) \
			SKIP(SUITE, "no control group of version 2 may be made here"); \
	} while (0)

/* Does the plan have that word? */
static int explains(const char *word, const struct spu_options *options)
{
	struct spu_error error;
	char *text;
	int r = spu_explain(SPU_ARGV("true"), options, &text, &error), has;

	ASSERT_OK(r, error);
	has = strstr(text, word) != NULL;
	free(text);
	return has;
}

#define BIRTH "CLONE_INTO_CGROUP"
#define STEP "cgroup.procs"

static void assert_in_group(const struct spu_options *options)
{
	char command[2 * PATH_MAX];

	snprintf(command, sizeof(command), "grep -q '^0::.*/%s$' /proc/self/cgroup",
		 strrchr(group, '/') + 1);
	ck_assert_int_eq(exit_of(SPU_ARGV("/bin/sh", "-c", command), options), 0);
}

static void refuse_clone3(void)
{
	filter_call(SYS_clone3, ANSWER(ENOSYS));
	assert_in_group(SPU_OPTIONS(.cgroup = group));
	assert_in_group(SPU_OPTIONS(.cgroup = group));
	ck_assert(explains(STEP, SPU_OPTIONS(.cgroup = group)));
}

START_TEST(a_child_is_born_in_its_group)
{
	NEED_GROUP();
	assert_in_group(SPU_OPTIONS(.cgroup = group));
	assert_in_group(SPU_OPTIONS(.cgroup = group));
	if (!explains(BIRTH, SPU_OPTIONS(.cgroup = group)))
		SKIP(SUITE, "not before Linux 5.7");
	ck_assert(!explains(STEP, SPU_OPTIONS(.cgroup = group)));
	/* a deadline is about the child, which opens it then */
	ck_assert(!explains(BIRTH, SPU_OPTIONS(.cgroup = group, .timeout_ms = 86400000)));
	ck_assert(explains(STEP, SPU_OPTIONS(.cgroup = group, .timeout_ms = 86400000)));
	assert_in_group(SPU_OPTIONS(.cgroup = group, .timeout_ms = 86400000));
	in_own_process(refuse_clone3);
	assert_in_group(SPU_OPTIONS(.cgroup = group));
}
END_TEST

/* The descriptor of the group is nobody's but the clone's. */
START_TEST(it_holds_no_descriptor_more)
{
	size_t open_before = count_open();
	struct state_report *report;

	NEED_GROUP();
	report = run_report(SPU_OPTIONS(.cgroup = group));
	ck_assert_uint_eq(report->fd_count, count_standard());
	report = run_report(SPU_OPTIONS(.cgroup = group, .fds = SPU_FDS(SPU_NULL(3), SPU_NULL(4))));
	ck_assert_uint_eq(report->fd_count, count_standard() + 2);
	assert_unchanged(open_before);
}
END_TEST

static void join_without_rights(void)
{
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = group), EACCES, SPU_STEP_CGROUP, -1,
		     "cgroup /");
}

START_TEST(what_is_wrong_with_it_is_said_by_the_step)
{
	char below[PATH_MAX + 16], other[PATH_MAX + 16], type[PATH_MAX + 32];
	int fd, is_born;

	NEED_GROUP();
	is_born = explains(BIRTH, SPU_OPTIONS(.cgroup = group));
	in_own_process(join_without_rights);
	/* beside a threaded one there is none that takes anybody */
	snprintf(other, sizeof(other), "%s/other", group);
	ck_assert_int_eq(mkdir(other, 0755), 0);
	snprintf(below, sizeof(below), "%s/below", group);
	snprintf(type, sizeof(type), "%s/cgroup.type", below);
	ck_assert_int_eq(mkdir(below, 0755), 0);
	fd = open(type, O_WRONLY | O_CLOEXEC);
	if (write(fd, "threaded", 8) == 8)
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = other), EOPNOTSUPP,
			     SPU_STEP_CGROUP, -1, "other: ");
	close(fd);
	ck_assert_int_eq(rmdir(other), 0);
	ck_assert_int_eq(rmdir(below), 0);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = below), ENOENT, SPU_STEP_CGROUP, -1,
		     "below: No such file or directory");
	/* and the next one is born as ever */
	ck_assert_int_eq(explains(BIRTH, SPU_OPTIONS(.cgroup = group)), is_born);
	assert_in_group(SPU_OPTIONS(.cgroup = group));
}
END_TEST

START_TEST(no_room_in_it_is_no_reason_to_be_born_elsewhere)
{
	char most[PATH_MAX + 32];
	int fd;

	NEED_GROUP();
	snprintf(most, sizeof(most), "%s/pids.max", group);
	fd = open(most, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		SKIP(SUITE, "its number of processes can't be limited here");
	close(fd);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cgroup = group), EAGAIN, SPU_STEP_CLONE, -1,
		     "clone: too many processes");
}
END_TEST

static int write_to_group(const char *name, const char *text)
{
	char path[PATH_MAX + 32];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	r = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return r;
}

#define NEED_GROUP_KILL() \
	do { \
		NEED_GROUP(); \
		if (write_to_group("cgroup.kill", "1") < 0) \
			SKIP(SUITE, "no cgroup.kill before Linux 5.14"); \
	} while (0)

static const struct joiner {
	const char *how;
	unsigned flags;
	int timeout_ms;
} joiners[] = {
	{.how = "plainly"},
	{.how = "without a pidfd", .flags = SPU_NO_PIDFD},
	{.how = "in a session", .flags = SPU_SETSID},
	{.how = "detached", .flags = SPU_DETACH},
	{.how = "with a deadline", .timeout_ms = 86400000},
};

#define JOINERS ((int)(sizeof(joiners) / sizeof(joiners[0])))

static const struct joiner *joiner;

/* By a program that is executed once and no more: it says which group that was. */
static void assert_joins(const char *directory)
{
	const char *path = in_scratch("said"), *said = "";
	const struct spu_fd fds[] = {SPU_OPEN(1, path, O_WRONLY | O_CREAT | O_APPEND), {0}};
	char expected[PATH_MAX];
	struct spu_child child;
	struct spu_error error;
	int tries, r;

	r = spu_spawn(&child, SPU_ARGV("sh", "-c", "grep ^0:: /proc/self/cgroup; echo end"),
		      SPU_OPTIONS(.cgroup = directory, .flags = joiner->flags, .fds = fds,
				  .timeout_ms = joiner->timeout_ms), &error);
	ck_assert_msg(r == 0, "%s: %d: %s", joiner->how, r, r < 0 ? error.text : "");
	if (!(joiner->flags & SPU_DETACH))
		ck_assert_int_eq(spu_wait(&child, -1, NULL), 0);
	for (tries = 0; !ends_with(said, "\nend\n") && tries < patience(200000); tries++) {
		usleep(1000);
		said = read_all(open(path, O_RDONLY | O_CLOEXEC));
	}
	snprintf(expected, sizeof(expected), "%s\nend\n", strrchr(directory, '/'));
	ck_assert_msg(ends_with(said, expected) && strchr(said, '\n') + 5 == said + strlen(said),
		      "%s: %s", joiner->how, said);
	spu_child_release(&child);
	ck_assert_int_eq(unlink(path), 0);
	assert_no_child();
}

/* The first launch of a process differs from the later ones. */
static void join_killed_group(void)
{
	int i;

	for (i = 0; i < 3; i++)
		assert_joins(group);
}

START_TEST(a_group_that_was_killed_takes_children_again)
{
	NEED_GROUP_KILL();
	joiner = &joiners[_i];
	in_own_process(join_killed_group);
	ck_assert_int_eq(write_to_group("cgroup.kill", "1"), 0);
	in_own_process(join_killed_group);
}
END_TEST

static void join_from_killed_group(void)
{
	char other[PATH_MAX + 16];
	int i;

	snprintf(other, sizeof(other), "%s/other", group);
	ck_assert_int_eq(mkdir(other, 0755), 0);
	ck_assert_int_eq(write_to_group("cgroup.procs", "0"), 0);
	for (i = 0; i < 3; i++)
		assert_joins(other);
	remove_empty(other);
}

START_TEST(whose_group_was_killed_launches_into_others)
{
	NEED_GROUP_KILL();
	joiner = &joiners[_i];
	in_own_process(join_from_killed_group);
}
END_TEST

static pid_t kill_group_all_the_time(void)
{
	pid_t caller = getpid(), pid = fork();

	while (pid == 0 && getppid() == caller)
		write_to_group("cgroup.kill", "1");
	if (pid == 0)
		_exit(0);
	return pid;
}

START_TEST(a_group_that_is_being_killed_kills_and_no_program_is_executed_twice)
{
	const char *path = in_scratch("executed");
	const struct spu_fd fds[] = {SPU_OPEN(1, path, O_WRONLY | O_CREAT | O_APPEND), {0}};
	size_t executed = 0, made = 0, succeeded = 0, launches = 300, i;
	struct spu_error error;
	const char *text;
	pid_t killer;
	int status, r;

	NEED_GROUP_KILL();
	killer = kill_group_all_the_time();
	for (i = 0; i < launches; i++) {
		r = spu_run(SPU_ARGV("echo"), SPU_OPTIONS(.cgroup = group, .fds = fds), &status,
			    &error);
		ck_assert_msg(r == 0 || (r == -ECANCELED && error.signal == SIGKILL), "%d: %s", r,
			      r < 0 ? error.text : "");
		ck_assert(r < 0 || status == 0 || status == SIGKILL);
		made += r == 0;
		succeeded += r == 0 && status == 0;
	}
	kill(killer, SIGKILL);
	ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
	for (text = read_all(open(path, O_RDONLY | O_CLOEXEC)); *text; text++)
		executed++;
	printf("of %zu launches %zu were made, and %zu programs ended well\n", launches, made,
	       succeeded);
	ck_assert_uint_ge(executed, succeeded);
	ck_assert_uint_le(executed, made);
	assert_no_child();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_checked_fixture(tests, NULL, remove_group);
	tcase_add_test(tests, a_child_is_born_in_its_group);
	tcase_add_test(tests, it_holds_no_descriptor_more);
	tcase_add_test(tests, what_is_wrong_with_it_is_said_by_the_step);
	tcase_add_test(tests, no_room_in_it_is_no_reason_to_be_born_elsewhere);
	tcase_add_loop_test(tests, a_group_that_was_killed_takes_children_again, 0, JOINERS);
	tcase_add_loop_test(tests, whose_group_was_killed_launches_into_others, 0, JOINERS);
	tcase_add_test(tests, a_group_that_is_being_killed_kills_and_no_program_is_executed_twice);
	return run_suite(suite);
}
