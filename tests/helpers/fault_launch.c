/* SPDX-License-Identifier: MIT */
/*
 * fault_launch [OPTION...] PROGRAM [ARG...]
 *
 * Launches PROGRAM, waits for it, and prints to descriptor 1 (-o NUMBER: that):
 *
 *	result R STEP: TEXT		or: result 0
 *	pidfd yes|no
 *	status N			as a shell's $?
 *	left WHAT			for each thing that isn't as it was before
 *	end
 *
 * -A policy allow, -C DIR cwd, -R DIR root, -S setsid, -d detach, -g pgroup, -i ignore
 * SIGHUP, -k keep 9, -m map 5 from 1, -n null on 0, -p method posix_spawn, -q
 * two misses in PATH first, -u umask, -x swap 1 and 2
 * -I uid and gid 65534, no groups, -L limits of core and nofile, -P nice, -a cpu 0,
 * -z no_new_privs, -D pdeathsig, -f map 3 from 600 and 4 from 601, -F policy fail,
 * -B pipes on 3 and 4, -T a session on a terminal, in its foreground
 * -N COUNT so many launches, -s spu_system(PROGRAM) instead, -r spu_popen(PROGRAM,
 * "r") and spu_pclose() instead, -b spu_capture() with
 * 100000 bytes of input, which prints "bytes N" of output, -w MS wait so long,
 * then stop (-b: its timeout_ms), -W write to PROGRAM's file for 10 ms meanwhile
 * -t SIGURG marks where the last launch begins and ends
 * -c SIGCHLD is ignored, -l leaves 9, 77 and 300 open without close-on-exec
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spawnutil.h"

#define SIGNALS 65

struct state {
	sigset_t mask;
	struct sigaction actions[SIGNALS];
	size_t open;
	size_t zombies;
	int dumpable;
};

static struct spu_options options = SPU_OPTIONS_INIT;
static struct spu_fd fds[12];
static int fd_count, use_system, use_popen, use_capture, writes, marks, wait_ms = -1, times = 1;
static int pipe_ends[2] = {-1, -1}, terminal = -1;
static FILE *out;

static void handle(int number)
{
	(void)number;
}

/* By one system call, which is what makes it cheap under strace. */
static size_t count_open(void)
{
	static struct pollfd looks[4096];
	size_t count = sysconf(_SC_OPEN_MAX) < 4096 ? (size_t)sysconf(_SC_OPEN_MAX) : 4096;
	size_t open = 0, i;

	for (i = 0; i < count; i++)
		looks[i] = (struct pollfd){.fd = (int)i};
	if (poll(looks, count, 0) < 0)
		return 0;
	for (i = 0; i < count; i++)
		open += !(looks[i].revents & POLLNVAL);
	return open;
}

static void look(struct state *state)
{
	int number;

	memset(state, 0, sizeof(*state));
	sigprocmask(SIG_SETMASK, NULL, &state->mask);
	for (number = 1; number < SIGNALS; number++)
		sigaction(number, NULL, &state->actions[number]);
	state->open = count_open();
	state->dumpable = prctl(PR_GET_DUMPABLE);
	while (waitpid(-1, NULL, WNOHANG | 0x40000000) > 0)
		state->zombies++;
}

static void tell_differences(const struct state *before, const struct state *after)
{
	int number;

	if (memcmp(&before->mask, &after->mask, sizeof(before->mask)) != 0)
		fprintf(out, "left another signal mask\n");
	for (number = 1; number < SIGNALS; number++)
		if (before->actions[number].sa_handler != after->actions[number].sa_handler)
			fprintf(out, "left another disposition of signal %d\n", number);
	if (before->open != after->open)
		fprintf(out, "left %zu descriptors, %zu before\n", after->open, before->open);
	if (before->dumpable != after->dumpable)
		fprintf(out, "left the dumpable flag at %d\n", after->dumpable);
	if (after->zombies)
		fprintf(out, "left %zu zombies\n", after->zombies);
}

static void leak(int number)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd >= 0 && fd != number) {
		dup2(fd, number);
		close(fd);
	}
}

/* Not by write(), which is injected: how many the library makes depends on its child's speed. */
static ssize_t put(void *to, const char *text, size_t size)
{
	struct iovec all = {(char *)(uintptr_t)text, size};
	ssize_t written = writev((int)(intptr_t)to, &all, 1);

	return written < 0 ? 0 : written;
}

/* By a number that no child inherits and that isn't one of the standard ones. */
static FILE *speak_to(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return NULL;
	return fopencookie((void *)(intptr_t)own, "w", (cookie_io_functions_t){.write = put});
}

static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		exit(2);
	return open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

#define GIVE(...) (fds[fd_count++] = (struct spu_fd)__VA_ARGS__, options.fds = fds)

static void parse(int option, const char *argument)
{
	static const struct spu_limit limits[] = {
		SPU_LIMIT(RLIMIT_CORE, 0, 0), SPU_LIMIT(RLIMIT_NOFILE, 64, 64), {0, 0, 0, 0}};
	static const gid_t no_group[1];
	static const int cpu[1];
	static char path[4200];

	switch (option) {
	case 'A': options.leaks = SPU_LEAKS_ALLOW; break;
	case 'C': options.cwd = argument; break;
	case 'D': options.pdeathsig = SPU_SET(SIGKILL); break;
	case 'F': options.leaks = SPU_LEAKS_FAIL; break;
	case 'I':
		options.uid = options.gid = SPU_SET(65534);
		options.groups = no_group;
		break;
	case 'L': options.limits = limits; break;
	case 'N': times = atoi(argument); break;
	case 'P': options.nice = SPU_SET(1); break;
	case 'R': options.root = argument; break;
	case 'S': options.flags |= SPU_SETSID; break;
	case 'T':
		options.flags |= SPU_SETSID;
		options.ctty = options.foreground = SPU_SET(0);
		GIVE(SPU_MAP(0, open_terminal()));
		break;
	case 'Y': GIVE(SPU_PTY(0, &terminal)); break;
	case 'a': options.cpus = cpu, options.cpu_count = 1; break;
	case 'b': use_capture = 1; break;
	case 'B':
		GIVE(SPU_PIPE_IN(3, &pipe_ends[0]));
		GIVE(SPU_PIPE_OUT(4, &pipe_ends[1]));
		break;
	case 'c': signal(SIGCHLD, SIG_IGN); break;
	case 'd': options.flags |= SPU_DETACH; break;
	case 'f':
		leak(600), leak(601);
		GIVE(SPU_MAP(3, 600));
		GIVE(SPU_MAP(4, 601));
		break;
	case 'g': options.pgroup = SPU_SET(0); break;
	case 'W': writes = 1; break;
	case 'i': options.ignore_signals = SPU_SIGNAL(SIGHUP); break;
	case 'k': GIVE(SPU_KEEP(9)); break;
	case 'l': leak(9), leak(77), leak(300); break;
	case 'm': GIVE(SPU_MAP(5, 1)); break;
	case 'n': GIVE(SPU_NULL(0)); break;
	case 'o': out = speak_to(atoi(argument)); break;
	case 'p': options.method = SPU_METHOD_POSIX_SPAWN; break;
	case 'q':
		snprintf(path, sizeof(path), "/nonexistent:/nonexistent/either:%s", getenv("PATH"));
		options.path = path;
		break;
	case 'r': use_popen = 1; break;
	case 's': use_system = 1; break;
	case 't': marks = 1; break;
	case 'u': options.umask = SPU_SET(027); break;
	case 'w': wait_ms = atoi(argument); break;
	case 'z': options.flags |= SPU_NO_NEW_PRIVS; break;
	case 'x': GIVE(SPU_MAP(1, 2)); GIVE(SPU_MAP(2, 1)); break;
	default: exit(2);
	}
}

static void close_pipes(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (pipe_ends[i] >= 0)
			close(pipe_ends[i]);
		pipe_ends[i] = -1;
	}
}

static void launch(char *const argv[])
{
	struct spu_error error = {0};
	struct spu_child child;
	int status = 0, r = spu_spawn(&child, argv, &options, &error);

	if (r < 0) {
		const char *step = spu_step_name(error.step);

		fprintf(out, "result %d %s: %s\n", r, step ? step : "?", error.text);
		if (error.err != -r)
			fprintf(out, "left a wrong error number: %d\n", error.err);
		return;
	}
	fprintf(out, "result 0\n");
	close_pipes();
	if (options.flags & SPU_DETACH)
		return;
	fprintf(out, "pidfd %s\n", child.pidfd >= 0 ? "yes" : "no");
	r = spu_wait(&child, wait_ms, &status);
	if (r == -ETIMEDOUT) {
		fprintf(out, "wait: timed out\n");
		r = spu_kill(&child, 0, 0);
		if (r == 0)
			r = spu_stop(&child, SIGTERM, 5000, 0, &status);
	}
	if (r < 0)
		fprintf(out, "wait: %s\n", strerror(-r));
	else
		fprintf(out, "status %d\n", spu_exit_code(status));
	spu_child_release(&child);
	if (terminal >= 0)
		close(terminal);	/* a child that still runs would be hung up */
	terminal = -1;
}

static void capture(char *const argv[])
{
	static char input[100000];
	struct spu_output output = {0}, errors = {0};
	struct spu_error error = {0};
	int status = 0, r;

	options.timeout_ms = wait_ms > 0 ? wait_ms : 0;
	r = spu_capture(argv, &options, input, sizeof(input), &output, &errors, &status, &error);
	if (r < 0) {
		const char *step = spu_step_name(error.step);

		fprintf(out, "result %d %s: %s\n", r, step ? step : "?", error.text);
		if (output.data && r != -ETIMEDOUT && r != -ECHILD)
			fprintf(out, "left an output\n");
	} else {
		fprintf(out, "result 0\nstatus %d\nbytes %zu\n", spu_exit_code(status),
			output.size);
	}
	free(output.data);
	free(errors.data);
}

static void call_system(const char *command)
{
	int status = spu_system(command);

	if (status == -1)
		fprintf(out, "result %d system: %s\n", -errno, strerror(errno));
	else
		fprintf(out, "result 0\nstatus %d\n", spu_exit_code(status));
}

static void call_popen(const char *command)
{
	FILE *stream = spu_popen(command, "r");
	int status = stream ? spu_pclose(stream) : -1;

	if (!stream)
		fprintf(out, "result %d popen: %s\n", -errno, strerror(errno));
	else if (status == -1)
		fprintf(out, "result 0\npclose: %s\n", strerror(errno));
	else
		fprintf(out, "result 0\nstatus %d\n", spu_exit_code(status));
}

/* The window of golang/go#22315, made wide. */
static void *write_for_a_moment(void *fd)
{
	nanosleep(&(struct timespec){0, 10000000}, NULL);
	close((int)(intptr_t)fd);
	return NULL;
}

static pthread_t start_writing(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	pthread_t thread;

	if (fd < 0 || pthread_create(&thread, NULL, write_for_a_moment, (void *)(intptr_t)fd) != 0)
		exit(2);
	return thread;
}

/*
 * strace counts calls by process, and a child begins at 1: what is injected
 * there at when=1 hits this process's first call too, which is made here.
 */
static void absorb_injections(void)
{
	char nothing;

	fcntl(-1, F_GETFD);
	dup3(-1, 0, 0);
	close(-1);
	if (chdir("") == 0 || write(-1, "", 0) == 0 || read(-1, &nothing, 0) == 0)
		exit(2);
	setpgid(-1, 0);
	ioctl(-1, 0, 0);
	prctl(PR_GET_DUMPABLE);
	prctl(PR_GET_DUMPABLE);
	prlimit(0, RLIMIT_CORE, NULL, NULL);
	sigprocmask(SIG_BLOCK, NULL, NULL);
	sigaction(SIGHUP, NULL, &(struct sigaction){0});
}

int main(int argc, char *argv[])
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	struct state before, after;
	sigset_t blocked;
	static char buffer[4096];
	pthread_t writer = 0;
	int option;

	absorb_injections();
	while ((option = getopt(argc, argv, "+ABC:DFILN:PR:STWYabcdfgiklmno:pqrstuw:xz")) != -1)
		parse(option, optarg);
	if (!out)
		out = speak_to(1);
	if (!out || optind == argc)
		return 2;
	setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	/* something to be restored */
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	look(&before);
	if (writes)
		writer = start_writing(argv[optind]);
	while (times-- > 0) {
		if (marks && times == 0)
			raise(SIGURG);
		if (use_system)
			call_system(argv[optind]);
		else if (use_capture)
			capture(argv + optind);
		else if (use_popen)
			call_popen(argv[optind]);
		else
			launch(argv + optind);
	}
	if (marks)
		raise(SIGURG);
	if (writes)
		pthread_join(writer, NULL);
	look(&after);
	tell_differences(&before, &after);
	fprintf(out, "end\n");
	return fclose(out) != 0;
}
