/* SPDX-License-Identifier: MIT */
/*
 * fault_stack SCRIPT SERVER: every call from threads with small stacks; SCRIPT names an
 * interpreter that isn't there, SERVER a spawn server's program. Prints how many bytes
 * of stack each call took at most, as "NAME BYTES" lines; aborts where one does what it
 * must not. The stack is painted beforehand, and what isn't painted any more afterwards
 * was used.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spawnutil.h"

#define SIZE (256 * 1024)
#define PAINT 0xa5

static void launch(void)
{
	struct spu_child child;

	if (spu_spawn(&child, SPU_ARGV("true"), NULL, NULL) < 0 ||
	    spu_wait(&child, -1, NULL) < 0)
		abort();
	spu_child_release(&child);
}

static void fail_to_launch(void)
{
	static struct spu_error error;
	struct spu_child child;

	if (spu_spawn(&child, SPU_ARGV("nosuchprogram"), NULL, &error) >= 0)
		abort();
}

static void launch_with_all(void)
{
	static const struct spu_fd fds[] = {SPU_NULL(0), SPU_MAP(1, 2), SPU_MAP(2, 1),
					    {0}};
	static struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;

	options.fds = fds;
	options.cwd = "/";
	options.umask = SPU_SET(027);
	options.timeout_ms = 60000;
	options.env_set = SPU_LIST("A=1", "B=2");
	if (spu_run(SPU_ARGV("true"), &options, NULL, &error) < 0)
		abort();
}

static void detach(void)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_child child;

	options.flags = SPU_DETACH;
	if (spu_spawn(&child, SPU_ARGV("true"), &options, NULL) < 0)
		abort();
	spu_child_release(&child);
}

static void call_system(void)
{
	if (spu_system("exit 3") != 3 << 8)
		abort();
}

static void capture(void)
{
	static struct spu_error error;
	struct spu_output out = {0}, err = {0};

	if (spu_capture(SPU_ARGV("cat"), NULL, "input", 5, &out, &err, NULL, &error) < 0 ||
	    out.size != 5)
		abort();
	free(out.data);
	free(err.data);
}

static void fail_in_a_directory(void)
{
	static struct spu_error error;

	if (spu_run(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/no where"), NULL, &error) >= 0)
		abort();
}

static const char *script;

static void fail_without_interpreter(void)
{
	static struct spu_error error;

	if (spu_run(SPU_ARGV(script), NULL, NULL, &error) >= 0)
		abort();
}

static void change_ids(void)
{
	static struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;

	options.uid = options.gid = SPU_SET(65534);
	options.flags = SPU_KEEP_GROUPS;
	if (geteuid() == 0 && spu_run(SPU_ARGV("/bin/true"), &options, NULL, &error) < 0)
		abort();
}

static void look_for_leaks(void)
{
	static struct spu_error error;

	if (spu_run(SPU_ARGV("true"), SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL), NULL, &error) == 0)
		abort();
}

static void time_out(void)
{
	static struct spu_error error;

	if (spu_run(SPU_ARGV("sleep", "1000"), SPU_OPTIONS(.timeout_ms = 1), NULL, &error) == 0)
		abort();
}

static void end(void)
{
	struct spu_child child;

	if (spu_spawn(&child, SPU_ARGV("sleep", "1000"), SPU_OPTIONS(.pgroup = SPU_SET(0)),
		      NULL) < 0 ||
	    spu_kill(&child, SIGCONT, 0) < 0 || spu_kill(&child, SIGCONT, SPU_GROUP) < 0 ||
	    spu_stop(&child, SIGTERM, 1000, SPU_GROUP, NULL) < 0)
		abort();
	spu_child_release(&child);
}

static void call_shell(void)
{
	static struct spu_error error;

	if (spu_system_with("exit 0", NULL, NULL, &error) < 0)
		abort();
}

static void call_popen(void)
{
	FILE *stream = spu_popen("exit 3", "r");

	if (!stream || spu_pclose(stream) != 3 << 8)
		abort();
}

static void audit(void)
{
	struct spu_audit *audit;

	if (spu_audit(0, SPU_AUDIT_NAMES | SPU_AUDIT_ALL, &audit) < 0)
		abort();
	spu_audit_free(audit);
}

static void explain(void)
{
	static struct spu_error error;
	char *text;

	if (spu_explain(SPU_ARGV("true"), NULL, &text, &error) < 0)
		abort();
	free(text);
	if (spu_explain_exec(SPU_ARGV("true"), NULL, &text, &error) < 0)
		abort();
	free(text);
}

static void probe(void)
{
	char *text;

	if (spu_probe(&text) < 0)
		abort();
	free(text);
}

static void fail_in_place(void)
{
	static struct spu_error error;

	if (spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/no where",
						   .leaks = SPU_LEAKS_ALLOW), &error) >= 0)
		abort();
}

static void ask_libc(void)
{
	static struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;

	options.method = SPU_METHOD_POSIX_SPAWN;
	if (spu_run(SPU_ARGV("true"), &options, NULL, &error) < 0 ||
	    spu_run(SPU_ARGV("nosuchprogram"), &options, NULL, &error) >= 0)
		abort();
}

static const char *program;
static struct spu_server *server;

static void start_server(void)
{
	static struct spu_error error;

	if (spu_server_start(&server, SPU_SERVER_OPTIONS(.program = program), &error) < 0)
		abort();
}

static void launch_by_server(void)
{
	static const struct spu_fd fds[] = {SPU_NULL(0), SPU_MAP(1, 2), SPU_MAP(2, 1), {0}};
	static struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;

	options.server = server;
	if (spu_run(SPU_ARGV("true"), &options, NULL, &error) < 0)
		abort();
	options.fds = fds;
	options.cwd = "/";
	options.timeout_ms = 60000;
	options.env_set = SPU_LIST("A=1", "B=2");
	if (spu_run(SPU_ARGV("true"), &options, NULL, &error) < 0)
		abort();
}

static void fail_by_server(void)
{
	static struct spu_error error;
	struct spu_options options = SPU_OPTIONS_INIT;

	options.server = server;
	if (spu_run(SPU_ARGV("nosuchprogram"), &options, NULL, &error) != -ENOENT ||
	    spu_run(SPU_ARGV(script), &options, NULL, &error) != -ENOENT)
		abort();
	options.cwd = "/no where";
	if (spu_run(SPU_ARGV("true"), &options, NULL, &error) != -ENOENT)
		abort();
	options.cwd = NULL;
	options.timeout_ms = 1;
	if (spu_run(SPU_ARGV("sleep", "1000"), &options, NULL, &error) != -ETIMEDOUT)
		abort();
}

static void capture_by_server(void)
{
	static struct spu_error error;
	struct spu_output out = {0}, err = {0};

	if (spu_capture(SPU_ARGV("cat"), SPU_OPTIONS(.server = server), "input", 5, &out, &err,
			NULL, &error) < 0 || out.size != 5)
		abort();
	free(out.data);
	free(err.data);
}

static void call_shell_by_server(void)
{
	static struct spu_error error;

	if (spu_system_with("exit 0", SPU_OPTIONS(.server = server), NULL, &error) < 0)
		abort();
}

static void stop_server(void)
{
	spu_server_stop(server);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{"first", launch}, {"spu_spawn", launch}, {"no-program", fail_to_launch},
	{"no-directory", fail_in_a_directory},
	{"no-interpreter", fail_without_interpreter},
	{"spu_run", launch_with_all}, {"detach", detach}, {"ids", change_ids},
	{"leaks", look_for_leaks}, {"timeout", time_out}, {"spu_stop", end},
	{"spu_system", call_system}, {"spu_system_with", call_shell}, {"spu_popen", call_popen},
	{"spu_capture", capture}, {"spu_audit", audit}, {"spu_explain", explain},
	{"spu_probe", probe}, {"spu_exec", fail_in_place}, {"posix_spawn", ask_libc},
	{"server", start_server}, {"served", launch_by_server}, {"served-not", fail_by_server},
	{"served-capture", capture_by_server}, {"served-system", call_shell_by_server},
	{"server-stop", stop_server},
};

static uintptr_t begin;

/* With a frame of nothing: what lies below it is the call's. */
static void *run(void *call)
{
	begin = (uintptr_t)__builtin_frame_address(0);
	((void (*)(void))call)();
	return NULL;
}

static size_t measure(void (*call)(void))
{
	unsigned char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t i = 0, used;

	if (stack == MAP_FAILED)
		abort();
	memset(stack, PAINT, SIZE);
	pthread_attr_init(&attributes);
	if (pthread_attr_setstack(&attributes, stack, SIZE) != 0 ||
	    pthread_create(&thread, &attributes, run, (void *)(uintptr_t)call) != 0)
		abort();
	pthread_join(thread, NULL);
	while (stack[i] == PAINT)
		i++;
	used = begin - (uintptr_t)(stack + i);
	munmap(stack, SIZE);
	return used;
}

/* The smallest that libc gives; a guard page below it. */
static void run_small(void (*call)(void))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	if (pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)) != 0 ||
	    pthread_create(&thread, &attributes, run, (void *)(uintptr_t)call) != 0)
		abort();
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 3)
		return 2;
	script = argv[1];
	program = argv[2];
	/* one leak */
	if (dup2(2, 200) < 0)
		return 2;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		printf("%s %zu\n", calls[i].name, measure(calls[i].call));
	fflush(stdout);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		run_small(calls[i].call);
	puts("small threads: fine");
	return 0;
}
