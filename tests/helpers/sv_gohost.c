/* SPDX-License-Identifier: MIT */
/*
 * The founding case with a spawn server: sv_gohost SERVER PLUGIN CHILD LAUNCHES. A host
 * in C starts the server, then loads a Go plugin in which its threads work while the
 * collector runs, and launches CHILD: itself, by the server, by the server behind a
 * filter that kills at clone and exec, and as another user. Says what each part did.
 */
#include <dlfcn.h>
#include <err.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawnutil.h"

#define THREADS 4
#define OTHER_USER 65534

static int (*plugin_sum)(int n);

static void *work(void *argument)
{
	for (;;)
		plugin_sum(1000);
	return argument;
}

static void launch(struct spu_server *server, const char *child, int launches, const char *how)
{
	struct spu_error error;
	int i, status;

	for (i = 0; i < launches; i++) {
		if (spu_run(SPU_ARGV(child), SPU_OPTIONS(.server = server), &status, &error) < 0)
			errx(1, "%s: launch %d: %s", how, i, error.text);
		if (status != 0)
			errx(1, "%s: launch %d: wait status %#x", how, i, (unsigned)status);
	}
	printf("%d %s\n", launches, how);
}

static void say_ids(struct spu_server *server)
{
	struct spu_output out = {0};
	struct spu_error error;

	if (spu_capture(SPU_ARGV("sh", "-c", "echo $(id -u) $(id -g) $(id -G)"),
			SPU_OPTIONS(.server = server), NULL, 0, &out, NULL, NULL, &error) < 0)
		errx(1, "ids: %s", error.text);
	printf("ids %s", out.data);
	free(out.data);
}

/* Of this thread: Go makes threads from others. */
static void enter_filter(void)
{
	static const unsigned forbidden[] = {
		SYS_clone, SYS_clone3, SYS_execve, SYS_execveat,
#ifdef SYS_fork
		SYS_fork, SYS_vfork,
#endif
	};
	size_t i;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err(1, "no_new_privs");
	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		struct sock_filter filter[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden[i], 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog program = {4, filter};

		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
			err(1, "filter");
	}
}

int main(int argc, char **argv)
{
	struct spu_server *server;
	struct spu_error error;
	pthread_t thread;
	void *plugin;
	int launches, i;

	if (argc != 5)
		errx(2, "SERVER PLUGIN CHILD LAUNCHES");
	setvbuf(stdout, NULL, _IOLBF, 0);
	launches = atoi(argv[4]);
	if (spu_server_start(&server, SPU_SERVER_OPTIONS(.program = argv[1]), &error) < 0)
		errx(1, "%s", error.text);
	setenv("GOGC", "1", 1);	/* the collector runs all the time */
	plugin = dlopen(argv[2], RTLD_NOW);
	if (!plugin)
		errx(1, "%s", dlerror());
	*(void **)&plugin_sum = dlsym(plugin, "plugin_sum");
	if (!plugin_sum || plugin_sum(10) != 45)
		errx(1, "the plugin doesn't work");
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, NULL) != 0)
			errx(1, "no thread");
	launch(NULL, argv[3], launches, "directly");
	launch(server, argv[3], launches, "by the server");
	if (geteuid() == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(OTHER_USER, OTHER_USER, OTHER_USER) < 0 ||
		    setresuid(OTHER_USER, OTHER_USER, OTHER_USER) < 0)
			err(1, "another user");
		launch(server, argv[3], launches, "as another user");
		say_ids(server);
	}
	enter_filter();
	launch(server, argv[3], launches, "behind a filter");
	spu_server_stop(server);
	printf("end\n");
	fflush(NULL);
	_exit(0);
}
