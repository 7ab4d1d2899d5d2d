/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "../look/creators.h"
#include "../look/permission.h"
#include "../look/process.h"
#include "../options.h"
#include "common/message.h"
#include "given.h"
#include "spawnutil.h"

/* As a shell has it */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

static sigset_t mask_before;

/* While we trace; the command gets them as they were */
static struct {
	int number;
	void (*handler)(int number);
	struct sigaction before;
} dispositions[] = {
	/* ignored, it would reap the command for us */
	{.number = SIGCHLD, .handler = SIG_DFL},
	/* a report that nobody reads is no reason to end what is traced */
	{.number = SIGPIPE, .handler = SIG_IGN},
	{.number = SIGXFSZ, .handler = SIG_IGN},
};

#define DISPOSITIONS (sizeof(dispositions) / sizeof(dispositions[0]))

void signals_fill(sigset_t *set)
{
	static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

void signals_block(void)
{
	sigset_t set;

	signals_fill(&set);
	pthread_sigmask(SIG_BLOCK, &set, &mask_before);
	for (size_t i = 0; i < DISPOSITIONS; i++) {
		struct sigaction ours = {.sa_handler = dispositions[i].handler};

		sigaction(dispositions[i].number, &ours, &dispositions[i].before);
	}
}

static __attribute__((noreturn)) void be_command(char *const command[], unsigned provenance,
						 int start)
{
	struct spu_error error;
	char go;
	int r;

	if (read(start, &go, 1) != 1)
		_exit(EXIT_TROUBLE);
	for (size_t i = 0; i < DISPOSITIONS; i++)
		sigaction(dispositions[i].number, &dispositions[i].before, NULL);
	pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
	r = provenance ? creators_install(provenance) : 0;
	if (r < 0) {
		say_errno(r, "--provenance: no filter for system calls");
		_exit(EXIT_TROUBLE);
	}
	execvp(command[0], command);
	/* Once more, by a call that says why; but a script without "#!" is execvp's */
	spu_exec(command, SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW, .flags = SPU_KEEP_MASK), &error);
	say("%s", error.text);
	_exit(error.err == ENOENT || error.err == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

pid_t start_command(char *const command[], unsigned provenance, int *ret_start)
{
	int ends[2], err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* No thread and no lock is there yet; it waits for its tracer, which spu_spawn() can't */
	pid = fork();
	err = errno;
	if (pid == 0) {
		close(ends[1]);
		be_command(command, provenance, ends[0]);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -err;
	}
	*ret_start = ends[1];
	return pid;
}

#define EVENTS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD)

/* Without a tracer, each call that the filter stops at would fail */
#define FILTER_EVENTS (PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

static unsigned long events = EVENTS;

int start_options(pid_t tid, unsigned long more)
{
	return ptrace(PTRACE_SETOPTIONS, tid, 0, events | more) < 0 ? -errno : 0;
}

int start_tracing(pid_t tid)
{
	return ptrace(PTRACE_SEIZE, tid, 0, events) < 0 ? -errno : 0;
}

static void say_refused(pid_t pid, int err)
{
	char why[256];

	if (err == -EPERM || err == -EACCES) {
		permission_explain(pid, why, sizeof(why));
		say("%d can't be traced: %s", (int)pid, why);
	} else {
		say_errno(err, "%d can't be traced", (int)pid);
	}
}

/* Has it ended, or is it traced by us already, and its birth is still to be told? */
static int is_no_loss(pid_t pid)
{
	struct process_status status, tracer;

	return process_status(pid, 0, &status) < 0 ||
	       (status.tracer && process_status(status.tracer, 0, &tracer) == 0 &&
		tracer.group == getpid());
}

/* One pass: how many threads are traced that weren't; *err why another one isn't. */
static unsigned trace_threads(struct tracee *tracee, DIR *directory, int *err)
{
	unsigned added = 0;
	struct task *task;
	int tid, r;

	while ((tid = process_next_number(directory)) >= 0) {
		if (task_find(tid))
			continue;
		r = start_tracing(tid);
		if (r < 0) {
			*err = *err && tid != tracee->pid ? *err : r;
			continue;
		}
		task = task_add(tid, TASK_RUNS);
		task->tracee = tracee;
		added++;
	}
	return added;
}

/*
 * Again until none is new: a thread may make another before it is traced itself.
 * One that fails in a process with others that don't has ended, or was made by a
 * traced one and is traced by that.
 */
int start_process(struct tracee *tracee, int filtered)
{
	char path[32];
	unsigned added;
	int err = 0;
	DIR *directory;

	if (filtered)
		events |= FILTER_EVENTS;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)tracee->pid);
	do {
		directory = opendir(path);
		if (!directory)
			break;
		added = trace_threads(tracee, directory, &err);
		tracee->threads += added;
		closedir(directory);
	} while (added > 0);
	if (tracee->threads > 0)
		return 0;
	err = err ? err : -ESRCH;
	if (tracee->is_asked_for || !is_no_loss(tracee->pid))
		say_refused(tracee->pid, err);
	return err;
}

static unsigned start_children(DIR *proc)
{
	struct process process;
	struct tracee *tracee;
	unsigned added = 0;
	int pid;

	while ((pid = process_next_number(proc)) >= 0) {
		if (pid == getpid() || tracee_find(pid) || process_read(pid, &process) < 0 ||
		    !tracee_find(process.parent) || !process_living(pid))
			continue;
		tracee = tracee_add(pid, tracee_find(process.parent));
		tracee->given = given_guess(pid);
		if (start_process(tracee, 0) < 0)
			tracee_remove(tracee);
		else
			added++;
	}
	return added;
}

void start_descendants(void)
{
	DIR *proc;
	unsigned added;

	/* again until none is new: what was born before its parent was traced isn't yet */
	do {
		proc = opendir("/proc");
		if (!proc)
			return;
		added = start_children(proc);
		closedir(proc);
	} while (added > 0);
}
