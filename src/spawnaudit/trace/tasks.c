/* SPDX-License-Identifier: MIT */
#include "tasks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../look/place.h"
#include "../look/process.h"
#include "../look/script.h"
#include "../options.h"
#include "../record/descriptors.h"
#include "common/message.h"
#include "given.h"
#include "races.h"

#define SLOTS 1024

static struct task *tasks[SLOTS];
static struct tracee *tracees[SLOTS];
static size_t waiting;
static long task_count, tracee_count, childless_count;

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		die(EXIT_TROUBLE, "no memory for another process");
	return memory;
}

struct task *task_find(pid_t tid)
{
	struct task *task = tasks[tid % SLOTS];

	while (task && task->tid != tid)
		task = task->next;
	return task;
}

struct task *task_add(pid_t tid, enum task_state state)
{
	struct task *task = allocate(sizeof(*task));

	task->tid = tid;
	task->next = tasks[tid % SLOTS];
	tasks[tid % SLOTS] = task;
	task_count++;
	task_set_state(task, state);
	return task;
}

void task_set_state(struct task *task, enum task_state state)
{
	waiting -= task->state == TASK_STOPPED_FIRST;
	waiting += state == TASK_STOPPED_FIRST;
	task->state = state;
}

size_t tasks_waiting(void)
{
	return waiting;
}

void task_remove(struct task *task)
{
	struct task **link = &tasks[task->tid % SLOTS];

	task_set_state(task, TASK_RUNS);
	while (*link != task)
		link = &(*link)->next;
	*link = task->next;
	task_count--;
	making_free(task->making);
	free(task);
}

void tasks_visit(void (*visit)(struct task *task, void *context), void *context)
{
	struct task *task, *next;

	for (size_t i = 0; i < SLOTS; i++)
		for (task = tasks[i]; task; task = next) {
			next = task->next;
			visit(task, context);
		}
}

void tasks_keep_one(const struct tracee *tracee, const struct task *keep)
{
	struct task *task, *next;

	for (size_t i = 0; i < SLOTS; i++)
		for (task = tasks[i]; task; task = next) {
			next = task->next;
			if (task->tracee == tracee && task != keep)
				task_remove(task);
		}
}

struct tracee *tracee_find(pid_t pid)
{
	struct tracee *tracee = tracees[pid % SLOTS];

	while (tracee && tracee->pid != pid)
		tracee = tracee->next;
	return tracee;
}

struct tracee *tracee_add(pid_t pid, struct tracee *parent)
{
	struct tracee *tracee = allocate(sizeof(*tracee));

	tracee->pid = pid;
	tracee->next = tracees[pid % SLOTS];
	tracees[pid % SLOTS] = tracee;
	tracee->parent = parent;
	tracee_count++;
	childless_count += !parent || parent->children > 0;
	if (parent)
		parent->children++;
	return tracee;
}

static void orphan(struct tracee *tracee, void *parent)
{
	if (tracee->parent == parent)
		tracee->parent = NULL;
}

void tracee_remove(struct tracee *tracee)
{
	struct tracee **link = &tracees[tracee->pid % SLOTS];
	struct tracee *parent = tracee->parent;

	while (*link != tracee)
		link = &(*link)->next;
	*link = tracee->next;
	if (tracee->children > 0)
		tracees_visit(orphan, tracee);
	tracee_count--;
	childless_count -= tracee->children == 0;
	childless_count += parent && --parent->children == 0;
	tracee_forget_program(tracee);
	given_let_go(tracee->given);
	given_let_go(tracee->inherited);
	descriptors_let_go(tracee->descriptors);
	races_let_go(tracee->races);
	view_let_go(tracee->view);
	free(tracee);
}

long tasks_active(void)
{
	return childless_count + task_count - (long)waiting - tracee_count;
}

const char *tracee_program(struct tracee *tracee)
{
	char path[PATH_MAX];
	pid_t living = tracee->program ? 0 : process_living(tracee->pid);

	if (living && process_program(living, path, sizeof(path)) == 0) {
		tracee->program = strdup(path);
		tracee->script = script_read(living, path);
	}
	return tracee->program;
}

/* Of the end of a first thread nobody tells before the others have ended. */
unsigned tracee_living_threads(const struct tracee *tracee, const struct task *task)
{
	struct process first;

	if (task->tid == tracee->pid || !task_find(tracee->pid) ||
	    process_read(tracee->pid, &first) < 0 || !process_is_ending(&first))
		return tracee->threads;
	return tracee->threads - 1;
}

void tracee_forget_program(struct tracee *tracee)
{
	free(tracee->program);
	free(tracee->script);
	tracee->program = tracee->script = NULL;
}

void tracee_copy_program(struct tracee *tracee, struct tracee *parent)
{
	const char *program = tracee_program(parent);

	tracee_forget_program(tracee);
	tracee->program = program ? strdup(program) : NULL;
	tracee->script = parent->script ? strdup(parent->script) : NULL;
}

void tracees_visit(void (*visit)(struct tracee *tracee, void *context), void *context)
{
	struct tracee *tracee, *next;

	for (size_t i = 0; i < SLOTS; i++)
		for (tracee = tracees[i]; tracee; tracee = next) {
			next = tracee->next;
			visit(tracee, context);
		}
}
