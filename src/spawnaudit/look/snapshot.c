/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* Frames further out are read from the live process: they seldom change so soon */
#define STACK_KEPT 8192

#define STOP_WITHIN_MS 2000

struct snapshot *snapshot_take(pid_t tid, const struct registers *registers)
{
	struct snapshot *snapshot;

	if (registers->foreign || !registers->pc)
		return NULL;
	snapshot = malloc(sizeof(*snapshot) + STACK_KEPT);
	if (!snapshot)
		return NULL;
	snapshot->registers = *registers;
	snapshot->size = machine_read(tid, registers->sp, snapshot->stack, STACK_KEPT);
	return snapshot;
}

struct snapshot *snapshot_standing(pid_t tid)
{
	struct registers registers;

	return machine_registers(tid, &registers) < 0 ? NULL : snapshot_take(tid, &registers);
}

struct snapshot *snapshot_copy(const struct snapshot *snapshot)
{
	/* some have no room for more than they have */
	size_t size = snapshot ? sizeof(*snapshot) + snapshot->size : 0;
	struct snapshot *copy = snapshot ? malloc(size) : NULL;

	return copy ? memcpy(copy, snapshot, size) : NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot);
}

/* 0: it has stopped. */
static int wait_for_stop(pid_t tid)
{
	int status;

	for (int waited = 0; waited < STOP_WITHIN_MS; waited++) {
		pid_t got = waitpid(tid, &status, WNOHANG | __WALL);

		if (got < 0)
			return -errno;
		if (got == tid && !WIFSTOPPED(status))
			return -ESRCH;
		if (got == tid && status >> 16 == PTRACE_EVENT_STOP)
			return 0;
		/* a signal came first: it goes on to the thread */
		if (got == tid)
			ptrace(PTRACE_CONT, tid, 0, WSTOPSIG(status));
		usleep(1000);
	}
	return -ETIMEDOUT;
}

struct stop {
	pid_t tid;
	struct snapshot *snapshot;
	int r;
};

static void *stop(void *context)
{
	struct stop *stop = context;
	pid_t tid = stop->tid;
	struct registers registers;

	if (ptrace(PTRACE_SEIZE, tid, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0) {
		stop->r = -errno;
		return NULL;
	}
	stop->r = wait_for_stop(tid);
	if (stop->r < 0)
		return NULL;
	stop->r = machine_registers(tid, &registers);
	stop->snapshot = stop->r == 0 ? snapshot_take(tid, &registers) : NULL;
	if (stop->r == 0 && !stop->snapshot)
		stop->r = -ENOMEM;
	ptrace(PTRACE_DETACH, tid, 0, 0);
	return NULL;
}

/* What hasn't stopped can be let go by the end of its tracer only, which is a thread. */
int snapshot_stop(pid_t tid, struct snapshot **ret)
{
	struct stop context = {.tid = tid};
	pthread_t tracer;
	int err = pthread_create(&tracer, NULL, stop, &context);

	if (err)
		return -err;
	pthread_join(tracer, NULL);
	*ret = context.snapshot;
	return context.r;
}
