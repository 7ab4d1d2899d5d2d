/* SPDX-License-Identifier: MIT */
/*
 * Makes descriptors that exec leaves open, with a second thread and without, closes
 * them, and launches a program, in one of some ways.
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static char **command;
static pthread_t thread;
static int ends[2];

extern char **environ;

static void *wait_for_end(void *unused)
{
	char byte;

	while (read(ends[0], &byte, 1) > 0)
		;
	return unused;
}

static void begin_thread(void)
{
	if (pipe2(ends, O_CLOEXEC) < 0 || pthread_create(&thread, NULL, wait_for_end, NULL) != 0)
		exit(3);
}

/* Joined, it is there still for who traces us, until that has seen its end. */
static void end_thread(void)
{
	struct stat tasks;

	close(ends[1]);
	pthread_join(thread, NULL);
	while (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3)
		usleep(1000);
}

static void end(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		exit(3);
}

static void launch(void)
{
	pid_t pid;

	if (posix_spawn(&pid, command[0], NULL, NULL, command, environ) != 0)
		exit(3);
	end(pid);
}

static __attribute__((noinline)) int by_open(int flags)
{
	int fd = open("/etc/passwd", O_RDONLY | flags);

	__asm__ volatile("" ::: "memory");
	return fd;
}

static void opened(void)
{
	volatile int i;

	begin_thread();
	launch();
	for (i = 0; i < 3; i++)
		close(by_open(0));
	end_thread();
}

/* The classical shape, by each of both calls */
static void later(void)
{
	/* volatile: one place, not three */
	volatile int i;
	int fd;

	begin_thread();
	for (i = 0; i < 3; i++) {
		fd = by_open(0);
		if (i == 0)
			ioctl(fd, FIOCLEX);
		if (i == 1)
			fcntl(fd, F_SETFD, FD_CLOEXEC), fcntl(fd, F_SETFD, FD_CLOEXEC);
		close(fd);
	}
	/* another file, under the number of the last */
	fd = open("/etc/group", O_RDONLY | O_CLOEXEC);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	launch();
	end_thread();
}

static void at_once(void)
{
	begin_thread();
	close(by_open(O_CLOEXEC));
	launch();
	end_thread();
}

static void alone(void)
{
	close(by_open(0));
	launch();
}

static void never(void)
{
	begin_thread();
	close(by_open(0));
	end_thread();
}

/* There is never more than one thread when something is launched. */
static void before(void)
{
	launch();
	begin_thread();
	close(by_open(0));
	end_thread();
	launch();
}

/* A copy works on, and executes nothing. */
static void copied(void)
{
	pid_t pid;

	begin_thread();
	close(by_open(0));
	pid = fork();
	if (pid == 0)
		_exit(0);
	end(pid);
	end_thread();
}

/* The program is launched by a copy of a copy. */
static void twice(void)
{
	pid_t pid;

	begin_thread();
	close(by_open(0));
	pid = fork();
	if (pid == 0) {
		launch();
		_exit(0);
	}
	end(pid);
	end_thread();
}

static void in_child(void)
{
	pid_t pid;

	begin_thread();
	pid = fork();
	if (pid == 0) {
		close(by_open(0));
		execv(command[0], command);
		_exit(127);
	}
	end(pid);
	end_thread();
}

/* All launches close what nobody named. */
static void rest(void)
{
	pid_t pid;

	begin_thread();
	close(by_open(0));
	pid = fork();
	if (pid == 0) {
		syscall(SYS_close_range, 3, ~0u, 0);
		execv(command[0], command);
		_exit(127);
	}
	end(pid);
	end_thread();
}

static void leaked(void)
{
	begin_thread();
	by_open(0);
	launch();
	end_thread();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = {
		{"opened", opened}, {"later", later}, {"at-once", at_once}, {"alone", alone},
		{"never", never}, {"before", before}, {"copied", copied}, {"twice", twice},
		{"in-child", in_child}, {"rest", rest}, {"leaked", leaked},
	};

	if (argc < 3)
		return 2;
	command = argv + 2;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(argv[1], ways[i].name) == 0) {
			ways[i].run();
			return 0;
		}
	return 2;
}
