/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../look/process.h"
#include "../look/script.h"
#include "../record/clock.h"
#include "../record/judgement.h"
#include "common/message.h"
#include "ending.h"
#include "leaks.h"
#include "made.h"
#include "names.h"
#include "processes.h"
#include "source.h"

#define TICK_MS 20

static struct watch *watch;
static volatile sig_atomic_t is_enough;

/*
 * Launches that are over
 */

static void finish(struct watched *watched, enum outcome outcome, int status, int64_t at)
{
	struct launch *launch = watched->window;
	struct image *image = watched->parent_image;

	if (!launch)
		return;
	watched->window = NULL;
	watched->parent_image = NULL;
	held_let_go(watched->inherited);
	watched->inherited = NULL;
	launch->outcome = outcome;
	launch->status = status;
	launch->lasted = at - launch->born;
	launch->findings = launch_judge(launch);
	if (!watched->is_inside) {
		launch_free(launch);
		image_let_go(image);
	} else if ((image && launch->snapshot && (launch->findings || watch->options->json)) ||
		   (watch->options->provenance && launch->leak_count + launch->passed_count > 0)) {
		ending_put_off(launch, image);
	} else {
		image_let_go(image);
		ending_tell(launch, NULL);
	}
}

/*
 * Births
 */

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static struct launch *launch_of(const struct event_birth *birth, const struct watched *parent)
{
	struct launch *launch = launch_new();

	launch->parent = birth->parent;
	launch->thread = birth->thread;
	launch->child = birth->event.pid;
	snprintf(launch->thread_name, sizeof(launch->thread_name), "%.*s",
		 (int)sizeof(birth->name), birth->name);
	launch->located = 1;
	launch_was_made_by(launch, birth->flags, birth->has_stack);
	launch->threads = birth->threads;
	launch->born = (int64_t)birth->event.at;
	if (parent) {
		launch->program = copy(parent->program);
		launch->script = copy(parent->script);
		launch->generation = parent->generation;
		launch->lost_threads = parent->lost_threads;
	}
	return launch;
}

static void on_birth(const struct event *event)
{
	const struct event_birth *birth = (const void *)event;
	struct watched *child = watched_add(event->pid);
	struct watched *parent = watched_find(birth->parent);
	struct launch *launch = launch_of(birth, parent);

	child->window = launch;
	child->parent_code = birth->code;
	child->is_inside = watch->options->pid_count == 0 || (parent && parent->is_inside);
	if (parent) {
		child->program = copy(parent->program);
		child->script = copy(parent->script);
		child->given = held_share(parent->given);
		child->descriptors = parent->descriptors ? descriptors_copy(parent->descriptors)
							 : NULL;
		child->is_known = parent->is_known;
	}
	if (!launch->shares_memory)
		child->lost_threads = launch->threads > 1 ? launch->threads : launch->lost_threads;
}

static void know_image(struct watched *watched, uint64_t code, const struct registers *registers)
{
	if (watched->image && watched->image->code == code)
		return;
	image_let_go(watched->image);
	watched->image = image_read(watched->pid, code, registers);
}

static void on_snapshot(const struct event *event)
{
	const struct event_snapshot *from = (const void *)event;
	struct watched *child = watched_find(event->pid), *parent;
	struct snapshot *snapshot;

	if (!child || !child->window || child->window->snapshot || !child->is_inside)
		return;
	snapshot = malloc(sizeof(*snapshot) + from->size);
	if (!snapshot)
		return;
	machine_take(from->registers, &snapshot->registers);
	snapshot->size = from->size;
	memcpy(snapshot->stack, from->stack, from->size);
	child->window->snapshot = snapshot;
	parent = watched_find(child->window->parent);
	if (!parent)
		return;
	know_image(parent, child->parent_code, &snapshot->registers);
	child->parent_image = image_share(parent->image);
}

static void on_inherited(const struct event *event)
{
	struct watched *child = watched_find(event->pid);

	if (child && child->window)
		held_add(&child->inherited, &((const struct event_inherited *)event)->file);
}

/*
 * Execs
 */

/*
 * What the parent's next exec would have handed on as well came by itself. What the
 * child has from elsewhere it got on purpose, by dup2(2) or fcntl(2).
 */
static void on_crossed(const struct event *event)
{
	const struct event_crossed *crossed = (const void *)event;
	struct watched *watched = watched_find(event->pid);
	struct launch *launch = watched ? watched->window : NULL;
	struct leak *leak;
	int is_passed;

	if (!watched)
		return;
	held_add(&watched->crossed, &crossed->file);
	if (!launch || !held_has(watched->inherited, &crossed->file) ||
	    options_expect_fd(watch->options, crossed->file.fd))
		return;
	is_passed = !watched->is_known || held_has(watched->given, &crossed->file);
	launch->passed_on += is_passed != 0;
	/* who made what was there before nobody can know */
	if (is_passed && !made_is_known(watched, &crossed->file))
		return;
	leak = is_passed ? leaks_add(&launch->passed, &launch->passed_count, crossed)
			 : leaks_add(&launch->leaks, &launch->leak_count, crossed);
	if (watch->options->provenance)
		made_tell(watched, &crossed->file, leak);
}

static void on_told(const struct event *event)
{
	const struct event_told *told = (const void *)event;
	struct watched *watched = watched_find(event->pid);

	if (!watched || !watched->window)
		return;
	announced_clear(&watched->announced);
	announced_take(&watched->announced, event->pid, told->arguments, told->arguments_size,
		       told->variables, told->variables_size);
}

static void on_exec(const struct event *event)
{
	const struct event_exec *exec = (const void *)event;
	struct watched *watched = watched_find(event->pid);
	struct launch *launch;

	if (!watched)
		watched = watched_add(event->pid);
	launch = watched->window;
	watch->reexecuted += !launch && watched->is_inside;
	free(watched->program);
	free(watched->script);
	watched->program = name_of_path(&exec->program);
	watched->script = watched->program ? script_of(watched->program, exec->arguments,
						       exec->arguments_size) : NULL;
	watched->generation++;
	watched->lost_threads = 0;
	image_let_go(watched->image);
	watched->image = NULL;
	made_cross(watched);
	held_let_go(watched->given);
	watched->given = watched->crossed;
	watched->is_known = 1;
	watched->crossed = NULL;
	if (!launch)
		return;
	leaks_forget_announced(launch->leaks, &launch->leak_count, &watched->announced);
	leaks_forget_announced(launch->passed, &launch->passed_count, &watched->announced);
	announced_clear(&watched->announced);
	leaks_name_sockets(launch->leaks, launch->leak_count, event->pid);
	leaks_name_sockets(launch->passed, launch->passed_count, event->pid);
	launch->executed = copy(watched->program);
	launch->executed_script = copy(watched->script);
	finish(watched, OUTCOME_EXECUTED, 0, (int64_t)event->at);
}

static void on_made(const struct event *event)
{
	const struct event_made *made = (const void *)event;
	struct watched *watched = watched_find(event->pid);
	struct registers registers;

	if (!watched || !watched->is_inside)
		return;
	machine_take(made->registers, &registers);
	know_image(watched, made->code, &registers);
	made_take(watched, made, &registers);
}

static void on_end(const struct event *event)
{
	struct watched *watched = watched_find(event->pid);
	int status = (int)((const struct event_end *)event)->status;

	if (!watched)
		return;
	if (WIFSIGNALED(status))
		finish(watched, OUTCOME_KILLED, WTERMSIG(status), (int64_t)event->at);
	else
		finish(watched, OUTCOME_EXITED, WEXITSTATUS(status), (int64_t)event->at);
	watched_remove(watched);
}

static void take(const struct event *event)
{
	static void (*const takers[])(const struct event *event) = {
		[EVENT_BIRTH] = on_birth, [EVENT_SNAPSHOT] = on_snapshot,
		[EVENT_INHERITED] = on_inherited, [EVENT_CROSSED] = on_crossed,
		[EVENT_TOLD] = on_told, [EVENT_EXEC] = on_exec, [EVENT_END] = on_end,
		[EVENT_MADE] = on_made,
	};

	takers[event->kind](event);
}

/*
 * The beginning
 */

static int is_asked_for(pid_t pid)
{
	for (size_t i = 0; i < watch->options->pid_count; i++)
		if (watch->options->pids[i] == pid)
			return 1;
	return watch->options->pid_count == 0;
}

/* Those that are there already; what they have open comes after. */
static int add_processes(void)
{
	DIR *directory = opendir("/proc");
	char path[PATH_MAX];
	pid_t pid, living;

	if (!directory)
		return -errno;
	while ((pid = process_next_number(directory)) >= 0) {
		struct watched *watched = watched_add(pid);

		watched->is_inside = is_asked_for(pid);
		living = process_living(pid);
		if (!living || process_program(living, path, sizeof(path)) < 0)
			continue;
		watched->program = strdup(path);
		watched->script = script_read(living, path);
	}
	closedir(directory);
	return 0;
}

static void take_open(const struct event_open *open)
{
	struct watched *watched = watched_find(open->pid);
	const struct held *known = watched ? watched->crossed : NULL;

	/* each comes by number: of a process whose first thread has ended each thread tells */
	if (!watched || (known && known->list[known->count - 1].fd >= open->file.fd))
		return;
	held_add(&watched->crossed, &open->file);
	if (open->is_older)
		held_add(&watched->given, &open->file);
}

/*
 * Nobody saw what their execs gave them: it was what is older than their credentials,
 * which may have changed since, and what their parents hold, too. A copy was given what
 * the process was that it is a copy of.
 */
static void find_given(struct watched *watched, void *context)
{
	struct held *older = watched->given;
	struct process process;
	struct watched *parent;

	(void)context;
	if (watched->generation || process_read(watched->pid, &process) < 0)
		return;
	watched->generation = watched->is_known = 1;
	parent = watched_find(process.parent);
	if (parent) {
		find_given(parent, NULL);
		watched->is_inside |= parent->is_inside;
	}
	watched->given = NULL;
	if (process.flags & PROCESS_FORKED_NO_EXEC)
		watched->given = parent ? held_share(parent->given) : NULL;
	else
		for (size_t i = 0; watched->crossed && i < watched->crossed->count; i++) {
			const struct event_file *file = &watched->crossed->list[i];

			if (held_has(older, file) || (parent && held_has(parent->crossed, file)))
				held_add(&watched->given, file);
		}
	held_let_go(older);
}

static void forget_open(struct watched *watched, void *context)
{
	(void)context;
	held_let_go(watched->crossed);
	watched->crossed = NULL;
}

static void choose(struct watched *watched, void *context)
{
	(void)context;
	if (watched->is_inside)
		source_choose(watched->pid);
}

static int begin(void)
{
	const struct source_choice choice = {
		.cgroup = watch->options->cgroup,
		.creators = watch->options->provenance,
		.of_some = watch->options->provenance && watch->options->pid_count > 0,
	};
	int r;

	/* one may do all that it does, and end, before the others have been looked for */
	for (size_t i = 0; i < watch->options->pid_count; i++)
		watched_add(watch->options->pids[i])->is_inside = 1;
	r = source_begin(&choice);
	if (r < 0)
		return r;
	r = add_processes();
	if (r < 0)
		say_errno(r, "/proc");
	else
		r = source_look(take_open);
	if (r == 0) {
		watched_visit(find_given, NULL);
		watched_visit(forget_open, NULL);
		if (choice.of_some)
			watched_visit(choose, NULL);
		r = source_tell_makers();
	}
	if (r < 0)
		source_end();
	return r;
}

/*
 * The loop
 */

static void on_signal(int number)
{
	(void)number;
	is_enough = 1;
}

static void heed_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	const struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static void follow(void)
{
	int64_t ms = watch->options->watch_ms, begun = now_ns();
	int count, is_over = 0;

	while (!is_enough && !is_over && (ms < 0 || (now_ns() - begun) / 1000000 < ms)) {
		is_over = source_is_over();
		count = source_poll(take, TICK_MS);
		if (count == 0 && ending_is_awaited())
			ending_tell_first();
	}
	/* what is there already; others make more meanwhile */
	source_poll(take, 0);
	if (is_over)
		say("--cgroup=%s: it was removed: nothing runs there any more",
		    NAMED(watch->options->cgroup));
}

static void leave(struct watched *watched, void *context)
{
	finish(watched, OUTCOME_LEFT, 0, *(int64_t *)context);
	watched_remove(watched);
}

int watch_run(struct watch *all)
{
	struct event_lost lost;
	int64_t end;
	int r;

	watch = all;
	ending_setup(watch->take);
	heed_signals();
	r = begin();
	if (r < 0)
		return r;
	follow();
	source_lost(&lost);
	source_end();
	watch->lost = lost.events;
	if (lost.made)
		say("--provenance: %llu calls found no room: what they made has an unknown origin",
		    (unsigned long long)lost.made);
	end = now_ns();
	watched_visit(leave, &end);
	while (ending_is_awaited())
		ending_tell_first();
	return 0;
}
