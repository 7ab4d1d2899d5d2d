/* SPDX-License-Identifier: MIT */
/*
 * ss_interrupt COUNT COMMAND [ARG...]: runs COMMAND so often, each time as the
 * foreground job of a terminal, types ^C at a random moment in its first 5 ms,
 * and waits for its end. 0: SIGINT ended each of them; 99: one of them not.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WITHIN_US 5000
#define PATIENCE_S 30

static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || setsid() < 0)
		return -1;
	slave = open(ptsname(master), O_RDWR | O_CLOEXEC);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return -1;
	return dup2(slave, STDIN_FILENO) < 0 ? -1 : master;
}

/* It begins when it has the terminal: later that would be taken from a command. */
static pid_t start(char **argv)
{
	int go[2] = {-1, -1};
	sigset_t none;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		_exit(98);
	pid = fork();
	if (pid != 0) {
		setpgid(pid, pid);
		tcsetpgrp(STDIN_FILENO, pid);
		close(go[0]);
		close(go[1]);
		return pid;
	}
	close(go[1]);
	while (read(go[0], &(char){0}, 1) > 0)
		;
	dup2(STDIN_FILENO, STDOUT_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(97);
}

/* The wait status, or -1 if it doesn't end. */
static int wait_for(pid_t pid, const sigset_t *child)
{
	static const struct timespec patience = {PATIENCE_S, 0};
	int status;

	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (sigtimedwait(child, NULL, &patience) < 0)
			return -1;
	}
}

int main(int argc, char **argv)
{
	unsigned seed = (unsigned)getpid();
	int count = argc > 2 ? atoi(argv[1]) : 0, master, status;
	struct timespec pause = {0};
	sigset_t blocked, child;
	pid_t pid;

	if (count <= 0)
		return 98;
	if (fork() != 0) {	/* a session needs a process that leads no group */
		wait(&status);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
	}
	master = open_terminal();
	if (master < 0) {
		perror("terminal");
		_exit(98);
	}
	/* before there is anyone whom a ^C could reach */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	blocked = child;
	sigaddset(&blocked, SIGTTOU);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	while (count-- > 0) {
		pid = start(argv + 2);
		pause.tv_nsec = rand_r(&seed) % WITHIN_US * 1000;
		nanosleep(&pause, NULL);
		if (write(master, "\003", 1) != 1)
			_exit(98);
		status = wait_for(pid, &child);
		if (status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
			continue;
		fprintf(stderr, "^C after %ld us: status %#x, %d to go\n", pause.tv_nsec / 1000, status,
			count);
		kill(-pid, SIGKILL);
		_exit(99);
	}
	_exit(0);
}
