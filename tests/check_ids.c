/* SPDX-License-Identifier: MIT */
/*
 * Launches that change ids: the one place where a wrong design lets an
 * unprivileged process write into root's memory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "support.h"

#define THREADS 8
#define NOBODY 65534
/* Where nothing lies in a program that was just executed. */
#define SECRET_ADDRESS ((void *)0x200000000000)

static const gid_t no_group[1];
static char fifo[64];
static atomic_int launched, failed, done;

static const struct spu_options *as_nobody(void)
{
	static const struct spu_options options = {
		.size = sizeof(options), .uid = {1, NOBODY}, .gid = {1, NOBODY},
		.groups = no_group};

	return &options;
}

/*
 * ---- The attacker: an ordinary user who tries every process that he may
 */

static int try_to_write(pid_t pid)
{
	char word[] = "overwritten";
	struct iovec from = {word, sizeof(word)}, to = {SECRET_ADDRESS, sizeof(word)};

	return process_vm_writev(pid, &from, 1, &to, 1, 0) > 0;
}

static void attack_for_ever(void)
{
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc))) {
			int pid = atoi(entry->d_name);

			if (pid > 0 && pid != getpid())
				try_to_write(pid);
		}
		if (proc)
			closedir(proc);
	}
}

static pid_t start_attacker(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		munmap(SECRET_ADDRESS, 4096);
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		attack_for_ever();
	}
	return pid;
}

/*
 * ---- The launches
 */

/* A child that opens the FIFO is before exec until somebody writes to it. */
static void *open_fifo_now_and_then(void *unused)
{
	while (!atomic_load(&done)) {
		int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
		usleep(3000);
	}
	return unused;
}

static void *launch_as_nobody(void *count)
{
	for (long i = 0; i < (long)(intptr_t)count; i++) {
		struct spu_options options = *as_nobody();
		struct spu_error error;
		int status, r;

		if (i % 16 == 0)
			options.fds = SPU_FDS(SPU_OPEN(3, fifo, O_RDONLY));
		r = spu_run(SPU_ARGV("/bin/true"), &options, &status, &error);
		if (r < 0 || status != 0)
			atomic_fetch_add(&failed, 1);
		atomic_fetch_add(&launched, 1);
	}
	return NULL;
}

START_TEST(nobody_can_write_into_the_parent_while_children_change_ids)
{
	long each = knob("ID_LAUNCHES", 250);
	pthread_t threads[THREADS], opener;
	pid_t attacker;
	char *secret;

	if (geteuid() != 0)
		SKIP("ids", "only root can change ids");
	if (IS_SANITIZED)
		SKIP("ids", "sanitizers have memory of their own at that address");
	secret = mmap(SECRET_ADDRESS, 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(secret, SECRET_ADDRESS);
	strcpy(secret, "root's own");
	snprintf(fifo, sizeof(fifo), "/tmp/spu_ids_%d", (int)getpid());
	ck_assert_int_eq(mkfifo(fifo, 0666), 0);
	ck_assert_int_eq(chmod(fifo, 0666), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	attacker = start_attacker();
	pthread_create(&opener, NULL, open_fifo_now_and_then, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, launch_as_nobody, (void *)(intptr_t)each);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&done, 1);
	pthread_join(opener, NULL);
	kill(attacker, SIGKILL);
	waitpid(attacker, NULL, 0);
	unlink(fifo);
	ck_assert_int_eq(atomic_load(&failed), 0);
	ck_assert_int_eq(atomic_load(&launched), THREADS * each);
	ck_assert_str_eq(secret, "root's own");
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	assert_no_child();
}
END_TEST

START_TEST(a_detached_child_that_is_gone_by_now_leaves_the_parent_dumpable)
{
	const char *build = getenv("BUILD");
	char ends_at_once[4096];

	if (geteuid() != 0)
		SKIP("ids", "only root can change ids");
	snprintf(ends_at_once, sizeof(ends_at_once), "%s/spawnbench-child",
		 build ? build : "build");
	if (spu_run(SPU_ARGV(ends_at_once), as_nobody(), NULL, NULL) == -EACCES)
		SKIP("ids", "another user can't reach the build directory");
	/* what ends is gone at once, whoever is init here */
	signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (int i = 0; i < 500; i++) {
		struct spu_options options = *as_nobody();
		struct spu_error error;
		struct spu_child child;

		options.flags = SPU_DETACH;
		ASSERT_OK(spu_spawn(&child, SPU_ARGV(ends_at_once), &options, &error), error);
		spu_child_release(&child);
		ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	}
}
END_TEST

START_TEST(a_parent_that_is_not_dumpable_stays_so)
{
	int status;

	if (geteuid() != 0)
		SKIP("ids", "only root can change ids");
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 0), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("/bin/true"), as_nobody(), &status, NULL), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ids");
	TCase *tests = tcase_create("ids");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, nobody_can_write_into_the_parent_while_children_change_ids);
	tcase_add_test(tests, a_detached_child_that_is_gone_by_now_leaves_the_parent_dumpable);
	tcase_add_test(tests, a_parent_that_is_not_dumpable_stays_so);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
