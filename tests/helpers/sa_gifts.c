/* SPDX-License-Identifier: MIT */
/*
 * Launches programs that get descriptors on purpose, or not, as its argument says.
 * Exits 0 when all went as meant.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawnutil.h"

extern char **environ;

static char *const program[] = {"/bin/true", NULL};

static int end_of(pid_t pid)
{
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static int run_with(const struct spu_fd *fds)
{
	int status = -1;

	return spu_run(program, SPU_OPTIONS(.fds = fds), &status, NULL) < 0 ? -1 : status;
}

static int by_library(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return run_with(NULL) | run_with(SPU_FDS(SPU_MAP(50, fd))) |
	       run_with(SPU_FDS(SPU_OPEN(60, "/etc/group", O_RDONLY))) |
	       run_with(SPU_FDS(SPU_KEEP(fd)));
}

/* At the lowest free number open(2) itself does all that there is to do. */
static int by_actions(void)
{
	int lowest = open("/etc/passwd", O_RDONLY | O_CLOEXEC), r = 0;
	posix_spawn_file_actions_t actions;
	pid_t pid;

	close(lowest);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, lowest, "/etc/passwd", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 60, "/etc/passwd", O_RDONLY, 0);
	for (int i = 0; i < 2; i++)
		r |= posix_spawn(&pid, program[0], &actions, NULL, program, environ) ||
		     end_of(pid);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* First more calls than are recorded, but for one launch */
static int by_copies(void)
{
	int r = 0;

	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int fd = 3; i != 1 && fd < 1500; fd++)
				close(fd);
			dup2(open("/etc/passwd", O_RDONLY), 80);
			execv(program[0], program);
			_exit(127);
		}
		r |= end_of(pid);
	}
	return r;
}

static int open_late(void *unused)
{
	(void)unused;
	open("/etc/passwd", O_RDONLY);
	execv(program[0], program);
	_exit(127);
}

/* By what has the same table as its parent until it executes */
static int by_sharing(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	return end_of(clone(open_late, stack + sizeof(stack),
			    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, NULL));
}

static int on_purpose(void)
{
	return by_library() | by_actions() | by_copies() | by_sharing();
}

/* The parent holds it no more when the child executes a program. */
static int closed_at_once(void)
{
	int go[2], leaked = open("/etc/passwd", O_RDONLY);
	char byte;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (read(go[0], &byte, 1) == 1)
			execv(program[0], program);
		_exit(127);
	}
	close(leaked);
	return write(go[1], "", 1) != 1 || end_of(pid);
}

/* A leak among so many that one look at all would take long */
static int among_many(void)
{
	int r = open("/etc/group", O_RDONLY) < 0;

	for (int i = 0; i < 300; i++)
		r |= fcntl(0, F_DUPFD_CLOEXEC, 100) < 0;
	return r | by_copies();
}

/* What it was given itself is something else than what it hands on by that number. */
static int another_kind(void)
{
	int given = eventfd(0, EFD_CLOEXEC);

	if (dup2(given, 90) < 0)
		return -1;
	execl("/proc/self/exe", "sa_gifts", "hands-on-another-kind", (char *)NULL);
	return -1;
}

static int hands_on_another_kind(void)
{
	pid_t pid;

	return dup2(epoll_create1(EPOLL_CLOEXEC), 90) < 0 ||
	       posix_spawn(&pid, program[0], NULL, NULL, program, environ) || end_of(pid);
}

static void *kill_all(void *delay)
{
	usleep((unsigned)(size_t)delay);
	kill(getpid(), SIGKILL);
	return NULL;
}

/* Some are killed while they make a child, which then nobody tells of. */
static int killed(void)
{
	for (size_t i = 0; i < 60; i++) {
		pthread_t thread;
		pid_t pid = fork();

		if (pid == 0) {
			pthread_create(&thread, NULL, kill_all, (void *)(200 + i * 71 % 1500));
			for (;;)
				if (fork() == 0) {
					execv(program[0], program);
					_exit(127);
				}
		}
		end_of(pid);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*launch)(void);
} ways[] = {
	{"on-purpose", on_purpose}, {"closed-at-once", closed_at_once},
	{"another-kind", another_kind}, {"hands-on-another-kind", hands_on_another_kind},
	{"among-many", among_many}, {"killed", killed},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			return ways[i].launch() == 0 ? 0 : 1;
	fprintf(stderr, "sa_gifts: which?\n");
	return 2;
}
