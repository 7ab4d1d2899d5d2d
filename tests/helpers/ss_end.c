/* SPDX-License-Identifier: MIT */
/*
 * ss_end COMMAND [ARG...]: runs it and says how it ended, "exited N", "died of
 * N" or "died of N, core dumped". All signals are at default in it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2)
		return 98;
	pid = fork();
	if (pid == 0) {
		for (int number = 1; number < NSIG; number++)
			signal(number, SIG_DFL);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(97);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 98;
	if (WIFSIGNALED(status))
		printf("died of %d%s\n", WTERMSIG(status),
		       WCOREDUMP(status) ? ", core dumped" : "");
	else
		printf("exited %d\n", WEXITSTATUS(status));
	return 0;
}
