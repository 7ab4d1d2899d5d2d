/* SPDX-License-Identifier: MIT */
#include "provenance.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../look/creators.h"
#include "../look/identity.h"
#include "../look/machine.h"
#include "../look/process.h"
#include "../options.h"
#include "../record/call_text.h"
#include "../record/calls.h"
#include "../record/descriptors.h"
#include "../record/launch.h"
#include "../record/origin.h"
#include "common/message.h"
#include "learning.h"
#include "races.h"

static unsigned images;
static const struct options *options;	/* NULL: nobody asked */

void provenance_begin(struct tracee *tracee, const struct options *all_options)
{
	options = all_options;
	tracee->descriptors = descriptors_new();
	tracee->races = races_new(NULL, 0);
	tracee->image = ++images;
}

void provenance_birth(const struct task *task, struct tracee *child, uint64_t flags)
{
	const struct tracee *creator = task->tracee;

	if (!options)
		return;
	child->image = creator->image;
	child->descriptors = flags & CLONE_FILES ? descriptors_share(creator->descriptors)
						 : descriptors_copy(creator->descriptors);
	child->races = races_new(creator->races, tracee_living_threads(creator, task));
}

/* Of what lives on though its first thread has ended, too */
static void identify(pid_t pid, int fd, struct identity *ret)
{
	pid_t living;

	identity_of(pid, fd, ret);
	if (ret->inode)
		return;
	living = process_living(pid);
	if (living != pid)
		identity_of(living, fd, ret);
}

static int is_still(pid_t pid, int fd, const struct origin *origin)
{
	struct identity now;

	identify(pid, fd, &now);
	return identity_is_same(&now, &origin->identity);
}

/*
 * Calls
 */

/*
 * The last moment at which the program's memory is there: where the origins of what is
 * about to cross lie is looked for now, once for each. Its parent's view is as good as
 * its own, as long as they run the same, and it is there already.
 */
static void locate(struct origin *origin, struct tracee *tracee)
{
	struct tracee *parent = tracee->parent, *from = tracee;
	struct process process;

	if (!origin->snapshot || origin->image != tracee->image)
		return;
	if (parent && parent->image == tracee->image)
		from = parent;
	if (process_read_thread(origin->pid, origin->thread, &process) == 0)
		memcpy(origin->thread_name, process.name, sizeof(origin->thread_name));
	origin->place = place_find(origin->snapshot, from->pid, &from->view);
	snapshot_free(origin->snapshot);
	origin->snapshot = NULL;
}

static void locate_all(struct tracee *tracee)
{
	struct descriptors *descriptors = tracee->descriptors;

	for (size_t i = 0; descriptors && i < descriptors->count; i++) {
		struct origin *origin = descriptors->list[i].origin;

		if (!is_still(tracee->pid, descriptors->list[i].fd, origin))
			continue;
		for (; origin; origin = origin->of)
			locate(origin, tracee);
	}
}

/*
 * A copy may have been born, and even be at its exec, between the end of a call and the
 * moment at which we take the stop for that: it has what was made as well.
 */
struct made {
	int fd;
	struct origin *origin;
};

static void note_copy(struct tracee *copy, void *context)
{
	const struct made *made = context;
	const struct descriptor *known;

	if (!copy->window || copy->image != made->origin->image || copy->pid == made->origin->pid)
		return;
	known = descriptors_find(copy->descriptors, made->fd);
	if (!(known && is_still(copy->pid, made->fd, known->origin)) &&
	    is_still(copy->pid, made->fd, made->origin))
		descriptors_set(copy->descriptors, made->fd, made->origin);
}

/* Is its call over, and the stop for that not taken yet? Then it is as good as taken. */
static void settle(struct task *task, void *context)
{
	const struct tracee *copy = context;
	siginfo_t stop = {0};

	if (task->making && task->tracee != copy && task->tracee->image == copy->image &&
	    waitid(P_PID, (id_t)task->tid, &stop, WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0 &&
	    stop.si_pid == task->tid && stop.si_status == CALL_STOP)
		provenance_made(task);
}

static void before_exec(struct tracee *tracee)
{
	if (tracee->window)
		tasks_visit(settle, tracee);
	locate_all(tracee);
}

/* It had been made so that exec leaves it open: too late, if another thread launched meanwhile. */
static void note_closed(struct tracee *tracee, int fd)
{
	struct descriptor *descriptor = descriptors_find(tracee->descriptors, fd);
	const struct origin *origin = descriptor ? descriptor->origin : NULL;

	if (!origin || descriptor->is_closed || origin->image != tracee->image ||
	    origin->pid != tracee->pid || !is_still(tracee->pid, fd, origin))
		return;
	descriptor->is_closed = 1;
	races_closed(tracee->races, origin);
}

static int have_one_table(pid_t one, pid_t other)
{
	return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) <= 0;
}

/* By unshare(2): of that nobody keeps a list. A first thread that has ended has none. */
static int has_own_table(const struct task *task)
{
	pid_t pid = task->tracee->pid;

	return task->tid != pid && !have_one_table(pid, task->tid) &&
	       !have_one_table(process_living(pid), task->tid);
}

static int is_programs_own(const struct task *task)
{
	unsigned long mark = 0;

	return ptrace(PTRACE_GETEVENTMSG, task->tid, 0, &mark) == 0 && mark != CREATORS_MARK;
}

void provenance_call(struct task *task)
{
	struct tracee *tracee = task->tracee;
	struct registers entry;
	enum creator_made made;
	struct making *making;
	struct origin *origin;
	const char *program;

	/* to such a filter we are not the tracer that it asks: there is none */
	if (is_programs_own(task)) {
		machine_refuse(task->tid, ENOSYS);
		return;
	}
	making_free(task->making);
	task->making = NULL;
	if (machine_registers(task->tid, &entry) < 0 || !tracee->descriptors)
		return;
	if (!entry.foreign && call_is_exec(entry.call)) {
		before_exec(tracee);
		return;
	}
	if (!creators_match(task->tid, &entry, &made) || has_own_table(task))
		return;
	if (made == MADE_CLOSED) {
		note_closed(tracee, (int)entry.arguments[0]);
		return;
	}
	making = calloc(1, sizeof(*making));
	if (!making)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	origin = making->origin = origin_new();
	making->entry = entry;
	task->making = making;
	program = tracee_program(tracee);
	origin->kind = origin_kind_of(made);
	origin->pid = tracee->pid;
	origin->thread = task->tid;
	origin->image = tracee->image;
	origin->program = program ? strdup(program) : NULL;
	origin->script = tracee->script ? strdup(tracee->script) : NULL;
	origin->call = call_text(task->tid, &entry);
	origin->snapshot = snapshot_take(task->tid, &entry);
}

static void note(struct task *task, int fd)
{
	struct making *making = task->making;
	struct origin *origin = making->origin;
	struct tracee *tracee = task->tracee;
	unsigned threads = tracee_living_threads(tracee, task);

	identity_of(task->tid, fd, &origin->identity);
	if (origin->kind == ORIGIN_COPIED || origin->kind == ORIGIN_KEPT)
		origin->of = descriptors_origin(tracee->descriptors,
						(int)making->entry.arguments[0],
						&origin->identity);
	descriptors_set(tracee->descriptors, fd, origin->identity.inode ? origin : NULL);
	if (threads > 1 && tracee->children > 0)
		tracees_visit(note_copy, &(struct made){fd, origin});
	if (threads > 1 && origin->identity.inode && !options_expect_fd(options, fd))
		races_made(tracee->races, origin, threads, creators_mend(&making->entry));
}

void provenance_made(struct task *task)
{
	struct making *making = task->making;
	struct registers registers;
	int *numbers = NULL;
	size_t count = 0;

	if (machine_registers(task->tid, &registers) == 0)
		count = creators_made(task->tid, &making->entry, (long)registers.result, &numbers);
	if (count > 0 && task->tracee->threads > 1)
		locate(making->origin, task->tracee);
	for (size_t i = 0; i < count; i++) {
		struct origin *next = i + 1 < count ? origin_again(making->origin) : NULL;

		note(task, numbers[i]);
		if (next) {
			origin_let_go(making->origin);
			making->origin = next;
		}
	}
	free(numbers);
	making_free(making);
	task->making = NULL;
}

void provenance_exec(struct tracee *tracee)
{
	struct descriptors *old = tracee->descriptors, *descriptors;

	if (!old)
		return;
	tracee->image = ++images;
	if (tracee->window && !learning_closes_rest(tracee->window))
		races_launched(tracee->races);
	races_let_go(tracee->races);
	tracee->races = races_new(NULL, 0);
	/* exec gives the process a table of its own */
	tracee->descriptors = descriptors = descriptors_copy(old);
	descriptors_let_go(old);
	/* from the end: what is forgotten leaves no gap */
	for (size_t i = descriptors->count; i-- > 0;) {
		struct descriptor *descriptor = &descriptors->list[i];

		if (is_still(tracee->pid, descriptor->fd, descriptor->origin))
			descriptor->execs++;
		else
			descriptors_set(descriptors, descriptor->fd, NULL);
	}
}

static void tell(struct tracee *tracee, struct leak *leaks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct leak *leak = &leaks[i];
		struct descriptor *descriptor = descriptors_find(tracee->descriptors, leak->fd);

		leak->is_sought = options != NULL;
		if (!descriptor)
			continue;
		leak->origin = origin_share(descriptor->origin);
		leak->execs = descriptor->execs;
	}
}

void provenance_tell(struct tracee *tracee, struct launch *launch)
{
	tell(tracee, launch->leaks, launch->leak_count);
	tell(tracee, launch->passed, launch->passed_count);
}
