/* SPDX-License-Identifier: MIT */
/*
 * suite: long alone
 *
 * All at once that has ever been dangerous where ids are changed in shared memory:
 * eight threads launch in all ways, one of them into another pid namespace, while
 * their children are killed and stopped at random, others fork, and an ordinary
 * user tries to get into each process that he may.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <time.h>

#include "races.h"

#define SUITE "attack"
#define NOBODY 65534
#define LAUNCHERS 8
/* Where nothing lies in a program that was just executed. */
#define SECRET_ADDRESS ((void *)0x200000000000)

static char fifo[64];
static atomic_int launched, cancelled, launching;
static int inner_namespace;
/* Not to be killed: the attackers, and who holds the namespace */
static pid_t spared[3];

/*
 * ---- The attacker
 */

/*
 * Another stop may come before that of being attached, and its end at any time: a
 * tracer that doesn't take that keeps it from its parent.
 */
static void poke_and_let_go(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		ptrace(PTRACE_POKEDATA, pid, SECRET_ADDRESS, 0x41414141L);
		if (WSTOPSIG(status) != SIGSTOP)
			ptrace(PTRACE_CONT, pid, 0, 0);
		else if (ptrace(PTRACE_DETACH, pid, 0, 0) == 0)
			return;
	}
}

static void attack(pid_t pid)
{
	char path[32], word[] = "overwritten";
	struct iovec from = {word, sizeof(word)}, to = {SECRET_ADDRESS, sizeof(word)};
	int memory;

	process_vm_writev(pid, &from, 1, &to, 1, 0);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory >= 0) {
		pwrite(memory, word, sizeof(word), (off_t)(intptr_t)SECRET_ADDRESS);
		close(memory);
	}
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0)
		poke_and_let_go(pid);
}

static void attack_for_ever(void)
{
	munmap(SECRET_ADDRESS, 4096);
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(patience(300));
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc)))
			if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
				attack(atoi(entry->d_name));
		if (proc)
			closedir(proc);
	}
}

/* Its init waits for what is launched there. */
static void hold_namespace(int told)
{
	pid_t init;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWPID) < 0 || (init = fork()) < 0)
		_exit(1);
	if (init == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			waitpid(-1, NULL, 0);
			usleep(10000);
		}
	}
	if (write(told, &init, sizeof(init)) != (ssize_t)sizeof(init))
		_exit(1);
	pause();
	_exit(0);
}

static int open_inner_namespace(void)
{
	char path[48];
	pid_t init = 0;
	int told[2];

	ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
	spared[2] = fork();
	if (spared[2] == 0)
		hold_namespace(told[1]);
	close(told[1]);
	ck_assert_int_eq(read(told[0], &init, sizeof(init)), (ssize_t)sizeof(init));
	close(told[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * ---- Beside the launches
 */

/* A child that opens the FIFO is before exec until somebody writes to it. */
static void *open_fifo_now_and_then(void *unused)
{
	while (atomic_load(&launching) > 0) {
		int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
		usleep(3000);
	}
	return unused;
}

static int is_spared(pid_t pid)
{
	size_t i;

	for (i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
		if (spared[i] == pid)
			return 1;
	return 0;
}

static void harm(pid_t pid, unsigned chance)
{
	if (chance % 6 == 0)
		kill(pid, SIGKILL);
	if (chance % 6 == 1) {
		kill(pid, SIGSTOP);
		usleep(200);
		kill(pid, SIGCONT);
	}
}

/* The children of one thread, as the kernel lists them. */
static void harm_children(const char *thread, unsigned *random)
{
	char path[300], text[512], *next = text;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%s/children", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	for (;;) {
		pid_t pid = (pid_t)strtol(next, &next, 10);

		if (pid <= 0)
			return;
		*random = *random * 1664525u + 1013904223u;
		if (!is_spared(pid))
			harm(pid, *random >> 24);
	}
}

static void *harm_all(void *unused)
{
	unsigned random = 7;

	while (!atomic_load(&stop)) {
		DIR *tasks = opendir("/proc/self/task");
		struct dirent *entry;

		while (tasks && (entry = readdir(tasks)))
			if (entry->d_name[0] != '.')
				harm_children(entry->d_name, &random);
		if (tasks)
			closedir(tasks);
		usleep(500);
	}
	return unused;
}

static void *fork_now_and_then(void *unused)
{
	while (!atomic_load(&stop)) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
		usleep(2000);
	}
	return unused;
}

static struct spu_options choose(unsigned chance, const struct spu_fd *held)
{
	static const gid_t none[1];
	struct spu_options options = {.size = sizeof(options), .uid = {1, NOBODY},
				      .gid = {1, NOBODY}, .groups = none};

	if (chance % 8 < 2)
		options.flags = SPU_DETACH;
	if (chance % 8 == 2)
		options.flags = SPU_SETSID;
	if (chance / 8 % 8 == 0)
		options.fds = held;
	return options;
}

static void *launch_all_kinds(void *argument)
{
	const struct spu_fd held[] = {SPU_OPEN(3, fifo, O_RDONLY), {0}};
	static atomic_int number;
	int own = atomic_fetch_add(&number, 1), is_inner = own == 0;
	unsigned random = 3 + 977 * (unsigned)own;

	(void)argument;
	if (is_inner && setns(inner_namespace, CLONE_NEWPID) < 0)
		fault("setns: %m");
	while (!atomic_load(&stop)) {
		struct spu_options options;
		struct spu_error error;
		struct spu_child child;
		int r;

		random = random * 1664525u + 1013904223u;
		options = choose(random >> 20, held);
		r = spu_spawn(&child, SPU_ARGV(child_path), &options, &error);
		atomic_fetch_add(r == -ECANCELED ? &cancelled : &launched, 1);
		/* who is born into another namespace can't be let go by who is between */
		if (r < 0 && r != -ECANCELED && !(is_inner && r == -ENOTSUP))
			fault("%s", error.text);
		if (r == 0 && !(options.flags & SPU_DETACH))
			spu_wait(&child, -1, NULL);
		if (r == 0)
			spu_child_release(&child);
	}
	atomic_fetch_sub(&launching, 1);
	return NULL;
}

START_TEST(nobody_gets_into_the_parent_and_no_launch_hangs)
{
	struct team launchers = {.count = 0}, others = {.count = 0};
	size_t open_before, i;
	char *secret, *text;

	if (geteuid() != 0)
		SKIP(SUITE, "only root can change ids");
	if (IS_SANITIZED)
		SKIP(SUITE, "sanitizers have memory of their own at that address");
	secret = mmap(SECRET_ADDRESS, 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(secret, SECRET_ADDRESS);
	strcpy(secret, "root's own");
	snprintf(fifo, sizeof(fifo), "/tmp/spu_attack_%d", (int)getpid());
	ck_assert_int_eq(mkfifo(fifo, 0666), 0);
	ck_assert_int_eq(chmod(fifo, 0666), 0);
	inner_namespace = open_inner_namespace();
	if (inner_namespace < 0)
		SKIP(SUITE, "no pid namespace, or /proc isn't of ours");
	for (i = 0; i < 2; i++) {
		spared[i] = fork();
		if (spared[i] == 0)
			attack_for_ever();
	}
	open_before = count_open();
	atomic_store(&launching, LAUNCHERS);
	start(&others, 1, open_fifo_now_and_then, NULL);
	start(&others, 1, harm_all, NULL);
	start(&others, 1, fork_now_and_then, NULL);
	start(&launchers, LAUNCHERS, launch_all_kinds, NULL);
	sleep(10);
	atomic_store(&stop, 1);
	join(&launchers);
	join(&others);
	ck_assert_str_eq(secret, "root's own");
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	ck_assert_uint_eq(count_open(), open_before);
	for (i = 0; i < 3; i++) {
		kill(spared[i], SIGKILL);
		waitpid(spared[i], NULL, 0);
	}
	assert_no_child();
	assert_no_fault();
	ck_assert_int_gt(atomic_load(&launched), 100);
	ck_assert_int_gt(atomic_load(&cancelled), 0);
	/* children that were killed before they ran haven't taught that memory is copied */
	ck_assert_int_eq(spu_explain(SPU_ARGV("true"), NULL, &text, NULL), 0);
	ck_assert_msg(strstr(text, "CLONE_VM|") && !strstr(text, " ready "), "%s", text);
	free(text);
	unlink(fifo);
	printf("%d launched, %d cancelled\n", atomic_load(&launched), atomic_load(&cancelled));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	int failed;

	make_child();
	ADD(nobody_gets_into_the_parent_and_no_launch_hangs);
	failed = run_suite(suite);
	remove_child();
	return failed;
}
