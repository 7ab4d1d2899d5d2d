/* SPDX-License-Identifier: MIT */
/*
 * The founding case: a host in C whose threads work in a Go plugin (the
 * argument, sa_plugin.go), and which forks meanwhile; the child calls the plugin
 * too, and hangs. Says "child PID", "parent PID", "ready" then, and waits for
 * it. A child that gets through, which is rare, is followed by another.
 */
#include <dlfcn.h>
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 100
#define HANGS_AFTER_MS 2000

static int (*plugin_sum)(int n);

static void *work(void *argument)
{
	for (;;)
		plugin_sum(100000);
	return argument;
}

static pid_t fork_into_plugin(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(plugin_sum(10) != 45);
}

static int is_over(pid_t pid)
{
	for (int waited = 0; waited < HANGS_AFTER_MS; waited += 10) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return 1;
		usleep(10000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	void *plugin = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW);
	pthread_t thread;
	pid_t pid = 0;
	int i;

	if (!plugin)
		errx(1, "%s", dlerror());
	plugin_sum = (int (*)(int))dlsym(plugin, "plugin_sum");
	if (!plugin_sum || plugin_sum(10) != 45)
		errx(1, "no plugin");
	alarm(300);
	for (i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, work, NULL) != 0)
			errx(1, "no thread");
	for (i = 0; i < TRIES && pid == 0; i++) {
		pid = fork_into_plugin();
		if (is_over(pid))
			pid = 0;
	}
	if (pid == 0)
		errx(1, "%d children got through", TRIES);
	printf("child %d\nparent %d\nready\n", (int)pid, (int)getpid());
	fflush(stdout);
	waitpid(pid, NULL, 0);
	return 0;
}
