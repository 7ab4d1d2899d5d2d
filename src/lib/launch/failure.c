/* SPDX-License-Identifier: MIT */
/* Why a launch failed, in a text that names the thing. Runs in the parent, after the fact. */
#include "failure.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "../../quote.h"
#include "../error.h"
#include "../plan/shown.h"
#include "obstacle.h"

/*
 * ---- Why exec failed
 */

static int is_itself(const struct obstacle *obstacle)
{
	return obstacle->interpreters == 0 && !obstacle->is_loader;
}

static const char *name_of(const struct obstacle *obstacle)
{
	return !obstacle->is_loader ? "interpreter" :
	       obstacle->interpreters ? "interpreter's loader" : "loader";
}

/* The first that is there, as the child would find it; NULL: none is. */
static const char *find_candidate(const char *cwd, const char *const *candidates, int *ret_index)
{
	struct obstacle obstacle;
	int i;

	for (i = 0; candidates[i]; i++) {
		if (spu__find_obstacle(cwd, candidates[i], ENOENT, &obstacle) == 0 &&
		    is_itself(&obstacle))
			continue;
		*ret_index = i;
		return candidates[i];
	}
	return NULL;
}

/* What is known of the answer by itself. */
static const char *remark_on(const struct launch *launch, int err)
{
	if (launch->options.seccomp && (err == EPERM || err == ENOSYS))
		return ": the filter may forbid it";
	return err == EAGAIN ? ": its user has too many processes" :
	       err == ETXTBSY ? ": open for writing" : "";
}

/* Nothing is wrong with it. */
static const char *remark_on_refused(const struct launch *launch, int err)
{
	return launch->options.landlock_access && err == EACCES ?
	       ": the Landlock rules may forbid it" : "";
}

/* A program that is there, and nothing that it names is missing. */
static const char *remark_on_found(const char *candidate)
{
	return strncmp(candidate, "/proc/self/fd/", 14) == 0 ||
	       strncmp(candidate, "/dev/fd/", 8) == 0
	     ? ": not open in the child" : ": it exists, but not what runs it";
}

/*
 * That descriptor is ours still: only its file is looked at, as it is here. Who runs a
 * script opens it once more, by the descriptor, and finds it closed.
 */
static int program_error(const struct launch *launch, int err)
{
	char path[32];
	struct text text = TEXT_IN(path);
	struct obstacle obstacle = {.remark = remark_on(launch, err)};

	spu__add_text(&text, "/proc/self/fd/%d", launch->plan.program);
	if (!*obstacle.remark && spu__find_obstacle(NULL, path, err, &obstacle) < 0)
		obstacle = (struct obstacle){
			.remark = err != ENOENT ? remark_on_refused(launch, err) :
			": a script needs a path: its interpreter would find the "
			"descriptor closed"};
	if (is_itself(&obstacle))
		return spu__error(launch->ret_error, err, SPU_STEP_EXEC, 0, "exec program_fd%s",
				  obstacle.remark);
	return spu__error(launch->ret_error, err, SPU_STEP_EXEC, 0,
			  "exec program_fd: its %s %s%s", name_of(&obstacle),
			  QUOTED(obstacle.path, 60), obstacle.remark);
}

static int exec_error(const struct launch *launch, const struct report *report)
{
	const struct plan *plan = &launch->plan;
	const char *file = launch->options.file ? launch->options.file : plan->argv[0];
	const char *candidate = plan->candidates[report->index], *found = NULL;
	struct obstacle obstacle = {.remark = remark_on(launch, report->err)};
	int err = report->err, index = report->index;
	/* In place, root and working directory are changed by now; else our files aren't a
	   child's that has another root. */
	int in_place = launch->purpose == FOR_EXEC, is_seen = in_place || !launch->options.root;
	const char *cwd = in_place ? NULL : launch->options.cwd;

	if (err == ENOENT && is_seen)
		found = find_candidate(cwd, plan->candidates, &index);
	if (found)
		candidate = found;
	else if (err == ENOENT && candidate != file)
		return spu__error(launch->ret_error, err, SPU_STEP_EXEC, index,
				  "exec %s: not in PATH", QUOTED(file, NAME_SIZE));
	if (is_seen && !*obstacle.remark &&
	    spu__find_obstacle(cwd, candidate, err, &obstacle) < 0)
		obstacle = (struct obstacle){.remark = found ? remark_on_found(found) :
					     remark_on_refused(launch, err)};
	if (is_itself(&obstacle))
		return spu__error(launch->ret_error, err, SPU_STEP_EXEC, index, "exec %s%s",
				  QUOTED(candidate, NAME_SIZE), obstacle.remark);
	return spu__error(launch->ret_error, err, SPU_STEP_EXEC, index, "exec %s: its %s %s%s",
			  QUOTED(candidate, 90), name_of(&obstacle),
			  QUOTED(obstacle.path, 60), obstacle.remark);
}

/* A child with a copy of our memory can't say where it was killed. */
static void describe(struct text *text, const struct launch *launch,
		     const struct report *report)
{
	const struct step *step = &launch->plan.steps[report->at];

	if (report->at < 0)
		spu__add_text(text, "set-up");
	else if (step->kind == STEP_EXEC && launch->plan.program >= 0)
		spu__add_text(text, "exec program_fd");
	else if (step->kind == STEP_EXEC)
		spu__add_text(text, "exec %s",
			      QUOTED(launch->plan.candidates[report->index < 0 ? 0 : report->index],
				     NAME_SIZE));
	else
		spu__show_subject(text, step);
}

static int killed_error(const struct launch *launch, const struct flight *flight, unsigned number,
			const char *subject)
{
	int status = flight->status, index = flight->report.index;
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (!signal)
		return spu__refusal(launch->ret_error, ECANCELED, number, index,
				    "%s: the child ended", subject);
	spu__refusal(launch->ret_error, ECANCELED, number, index,
		     "%s: the child was killed by signal %d (%s)", subject, signal,
		     spu__signal_name(signal));
	launch->ret_error->signal = signal;
	return -ECANCELED;
}

/* Behind the subject of some steps: what errno means there. NULL: what it always does. */
static const char *meaning(enum step_kind kind, int err)
{
	if (kind == STEP_DEADLINE_HERE)
		return "no timer ends the init of a pid namespace";
	if ((kind == STEP_SECCOMP && err == EACCES) || (kind == STEP_LANDLOCK && err == EPERM))
		return "it needs no_new_privs, or CAP_SYS_ADMIN";
	if (kind == STEP_SECCOMP && err == EINVAL)
		return "the kernel takes no such filter";
	if (kind == STEP_PARENT_ALIVE || kind == STEP_DETACH_HERE || kind == STEP_FETCH_HERE)
		return err == ESRCH ? "the process that launches has ended"
				    : "the child is in another pid namespace";
	return NULL;
}

/* Behind the subject, before EAGAIN's own text. */
static const char *shortage(enum step_kind kind)
{
	return kind == STEP_DETACH ? ": too many processes" :
	       kind == STEP_DEADLINE_MAKE ? ": its user has too many timers and signals" : "";
}

int spu__flight_error(const struct launch *launch, const struct flight *flight)
{
	const struct report *report = &flight->report;
	enum step_kind kind = STEP_HANDLERS;
	unsigned number = SPU_STEP_CLONE;
	char buffer[sizeof(launch->ret_error->text)];
	struct text text = TEXT_IN(buffer);

	if (flight->refusal < 0)
		return spu__error(launch->ret_error, -flight->refusal, SPU_STEP_CLONE, -1,
				  flight->refusal == -EAGAIN ? "clone: too many processes"
							     : "clone");
	if (flight->is_mute)
		return spu__error(launch->ret_error, EMFILE, SPU_STEP_PREPARE, -1, "error pipe");
	if (!launch->ret_error)
		return report->err ? -report->err : flight->is_overdue ? -ETIMEDOUT : -ECANCELED;
	if (report->at >= 0) {
		kind = (enum step_kind)launch->plan.steps[report->at].kind;
		number = spu__step_number(kind);
	}
	if (report->err && kind == STEP_EXEC)
		return launch->plan.program >= 0 ? program_error(launch, report->err)
						 : exec_error(launch, report);
	describe(&text, launch, report);
	if (flight->is_overdue)
		return spu__refusal(launch->ret_error, ETIMEDOUT, number, report->index,
				    "%s: took longer than %d ms", buffer,
				    launch->options.timeout_ms);
	if (!report->err)
		return killed_error(launch, flight, number, buffer);
	if (meaning(kind, report->err))
		return spu__refusal(launch->ret_error, report->err, number, report->index,
				    "%s: %s", buffer, meaning(kind, report->err));
	return spu__error(launch->ret_error, report->err, number, report->index, "%s%s", buffer,
			  report->err == EAGAIN ? shortage(kind) : "");
}
