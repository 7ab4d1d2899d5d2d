/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "../clock.h"
#include "knowledge.h"

int spu__pause_while_busy(long *paused_us, int64_t deadline)
{
	/* 50 us, doubling: 100 ms in all */
	long pause_us = *paused_us + 50;
	struct timespec pause = {0, pause_us * 1000};

	if (*paused_us >= 100000 ||
	    (deadline != NEVER && deadline - spu__now_us() <= pause_us))
		return 0;
	nanosleep(&pause, NULL);
	*paused_us += pause_us;
	return 1;
}

static int shares_table(const struct launch *launch)
{
	return (launch->plan.clone_flags & KERNEL_CLONE_FILES) != 0;
}

/* Whose call was refused, by an answer or by a trap; 0: nobody's. */
static int refusal_of(const struct flight *flight)
{
	if (flight->report.err)
		return flight->report.err;
	return WIFSIGNALED(flight->status) && WTERMSIG(flight->status) == SIGSYS ? ENOSYS : 0;
}

/* The features that a step uses, and that others can stand in for. */
static void learn(enum step_kind kind, int err)
{
	if (!spu__is_refusal(-err))
		return;
	if (kind == STEP_ASK_CLOSE || kind == STEP_CLOSE_TAIL || kind == STEP_CLOSE_GAP)
		spu__learn_refusal(FEATURE_CLOSE_RANGE, ENOSYS);
	if (kind == STEP_UNSHARE)
		spu__learn_refusal(FEATURE_UNSHARE, ENOSYS);
	if (kind == STEP_FETCH_PARENT || kind == STEP_FETCH)
		spu__learn_refusal(FEATURE_FETCH, err);
}

/*
 * The child joins its control group as a step then, which says what is wrong with that.
 * But there may be no room for a process, in the group or at all.
 */
static enum next after_refused_birth(struct launch *launch, int err)
{
	if (err == EAGAIN || err == ENOMEM)
		return NEXT_FAILURE;
	if (spu__is_refusal(-err) && err != EPERM)
		spu__learn_refusal(FEATURE_BIRTH, ENOSYS);
	spu__close_cgroup(&launch->ends);
	return NEXT_ATTEMPT;
}

/*
 * The kernel kills a child that is born in another group than the caller's, before it
 * runs, where cgroup.kill has ended the two not equally often: since Linux 6.14, and in
 * older ones that have its b69bb476dee9 (2025). One that joins by the step is spared, and
 * says so if its group is being killed. This one said nothing, and could have: in our
 * memory, or by the pipe before exec.
 */
static int was_killed_at_birth(const struct launch *launch, const struct flight *flight)
{
	return launch->ends.cgroup >= 0 && flight->report.at < 0 &&
	       (flight->report.pid > 0 || launch->ends.error_pipe[0] >= 0) &&
	       WIFSIGNALED(flight->status) && WTERMSIG(flight->status) == SIGKILL;
}

/* No process was made, in none of the ways. */
static enum next after_refusal(struct launch *launch, int err)
{
	if (launch->ends.cgroup >= 0)
		return after_refused_birth(launch, err);
	if (!spu__is_refusal(-err))
		return NEXT_FAILURE;
	if (shares_table(launch)) {
		launch->is_ordinary = 1;
		return NEXT_ATTEMPT;
	}
	/* From 5.6 to 6.1 no memory may be shared after unshare(CLONE_NEWTIME) */
	if (!launch->copies_memory) {
		launch->copies_memory = 1;
		return NEXT_ATTEMPT;
	}
	return NEXT_FAILURE;
}

/*
 * What a shared table needs was refused, or no number is left (a pidfd may have
 * taken it) or allowed: the ordinary way doesn't need it, or says why not.
 */
static int wants_ordinary_way(const struct launch *launch, enum step_kind kind, int err)
{
	return shares_table(launch) && err &&
	       (kind == STEP_UNSHARE || (kind >= STEP_FETCH_HERE && kind <= STEP_FETCH_END) ||
		kind == STEP_ASK_CLOSE || err == EMFILE);
}

/*
 * A FIFO that a child has opened and let go has lost who was at its other end, and a
 * file that it made may be one that can't be opened again: libc's posix_spawn tries
 * once. /dev/null is always the same.
 */
static int has_opened(const struct launch *launch, int at)
{
	int i;

	for (i = 0; i < at && launch->actions; i++)
		if (launch->plan.steps[i].kind == STEP_OPEN &&
		    strcmp(launch->plan.steps[i].given->path, "/dev/null") != 0)
			return 1;
	return 0;
}

static enum next after_failure(struct launch *launch, const struct flight *flight)
{
	enum step_kind kind = (enum step_kind)launch->plan.steps[flight->report.at].kind;
	int err = refusal_of(flight);

	learn(kind, err);
	if (wants_ordinary_way(launch, kind, err)) {
		launch->is_ordinary = 1;
		return NEXT_ATTEMPT;
	}
	/* by hand it goes, without a call that is trapped */
	if (!flight->report.err && err && !launch->plan.closes_by_hand &&
	    !spu__may_use(FEATURE_CLOSE_RANGE))
		return NEXT_ATTEMPT;
	/* The error pipe's two numbers may be the last that were free, and aren't needed now */
	if (err == EMFILE && launch->plan.error_pipe >= 0 && !launch->copies_memory &&
	    spu__memory_is_shared() > 0)
		return NEXT_ATTEMPT;
	return NEXT_FAILURE;
}

enum next spu__next_move(struct launch *launch, const struct flight *flight, long *paused_us)
{
	const struct report *report = &flight->report;
	enum next next;

	/* The child found that it isn't to be had, or answers 0 and does nothing. */
	if (launch->plan.closes_by_hand)
		spu__learn_refusal(FEATURE_CLOSE_RANGE, ENOSYS);
	if (flight->refusal < 0)
		return after_refusal(launch, -flight->refusal);
	if (flight->ran)
		return NEXT_DONE;
	if (was_killed_at_birth(launch, flight)) {
		spu__close_cgroup(&launch->ends);
		return NEXT_ATTEMPT;
	}
	if (report->at < 0 || flight->is_overdue)
		return NEXT_FAILURE;
	if (report->err == REPORT_STOP ||
	    (report->err == ETXTBSY && launch->plan.steps[report->at].kind == STEP_EXEC &&
	     !has_opened(launch, report->at) &&
	     spu__pause_while_busy(paused_us, launch->deadline)))
		next = NEXT_ATTEMPT;
	else
		next = after_failure(launch, flight);
	if (next == NEXT_ATTEMPT && report->err != REPORT_STOP && has_opened(launch, report->at))
		next = NEXT_FAILURE;
	if (next == NEXT_ATTEMPT)
		spu__keep_what_was_made(launch, report->at);
	return next;
}
