/* SPDX-License-Identifier: MIT */
/* What options become: the steps, their order, their arguments. Nothing is launched. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "lib/plan/compile.h"
#include "lib/plan/shown.h"
#include "support.h"

/* As given.c makes it where nothing is listed. */
static struct given standard[] = {
	{.fd = 0, .kind = GIVEN_INHERIT, .source = 0, .index = -1},
	{.fd = 1, .kind = GIVEN_INHERIT, .source = 1, .index = -1},
	{.fd = 2, .kind = GIVEN_INHERIT, .source = 2, .index = -1},
};

static char *const program[] = {"prog", "argument", NULL};

static struct plan_request request_for(const struct spu_options *options)
{
	return (struct plan_request){.argv = program,
				     .path = "/a:/b",
				     .options = options,
				     .table = {.given = standard,
					       .count = 3,
					       .held = {-1, -1, -1},
					       .closes = options->leaks != SPU_LEAKS_ALLOW,
					       .parent = 4711,
					       .holder = 4711},
				     .group = 77};
}

/* Valid until the next one is compiled. */
static struct plan *compile(const struct plan_request *request)
{
	static struct plan plan;
	static void *block;

	free(block);
	block = NULL;
	ck_assert_int_eq(spu__compile(request, &plan, &block), 0);
	ck_assert_ptr_nonnull(block);
	return &plan;
}

static int count_steps(const struct plan *plan, enum step_kind kind)
{
	int i, count = 0;

	for (i = 0; i < plan->count; i++)
		count += plan->steps[i].kind == kind;
	return count;
}

static const struct step *find_step(const struct plan *plan, enum step_kind kind, int which)
{
	int i;

	for (i = 0; i < plan->count; i++)
		if (plan->steps[i].kind == kind && which-- == 0)
			return &plan->steps[i];
	ck_abort_msg("no step of kind %d", (int)kind);
	return NULL;
}

/* Steps that are taken for one descriptor after the other. */
static int phase_of(int kind)
{
	if (kind >= STEP_MOVE && kind <= STEP_MOVE_DROP)
		return STEP_MOVE;
	if (kind >= STEP_FETCH_HERE && kind <= STEP_FETCH_END)
		return STEP_FETCH_HERE;
	return kind >= STEP_OPEN_CLEAR && kind <= STEP_OPEN_DROP ? STEP_OPEN_CLEAR : kind;
}

/* The kinds are numbered as the table has them. */
static void assert_ordered(const struct plan *plan)
{
	int i;

	/* an assertion that holds costs a system call in libcheck */
	for (i = 1; i < plan->count; i++)
		if (phase_of(plan->steps[i - 1].kind) > phase_of(plan->steps[i].kind))
			ck_abort_msg("step %d, kind %d, comes after kind %d", i,
				     plan->steps[i].kind, plan->steps[i - 1].kind);
	ck_assert_int_eq(plan->steps[0].kind, STEP_HANDLERS);
	ck_assert_int_eq(plan->steps[plan->count - 1].kind, STEP_EXEC);
}

static struct spu_options checked(const struct spu_options *options)
{
	struct spu_options copy = *options;

	if (!copy.leaks)
		copy.leaks = SPU_LEAKS_CLOSE;
	return copy;
}

START_TEST(a_plain_launch_has_few_steps)
{
	static const unsigned char wanted[] = {STEP_HANDLERS, STEP_ASK_CLOSE, STEP_CLOSE_TAIL,
					       STEP_STOP_PENDING, STEP_MASK, STEP_EXEC};
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	struct plan *plan = compile(&request);
	size_t i;

	ck_assert_int_eq(plan->count, sizeof(wanted));
	for (i = 0; i < sizeof(wanted); i++)
		ck_assert_int_eq(plan->steps[i].kind, wanted[i]);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 3);
	ck_assert_uint_eq((unsigned)find_step(plan, STEP_CLOSE_TAIL, 0)->arg[1], UINT_MAX);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[2], 0);
	ck_assert_str_eq(plan->candidates[0], "/a/prog");
	ck_assert_str_eq(plan->candidates[1], "/b/prog");
	ck_assert_ptr_null(plan->candidates[2]);
	ck_assert_ptr_eq(plan->argv, program);
	ck_assert_uint_eq(plan->mask, 0);
	ck_assert_int_eq(plan->error_pipe, -1);
}
END_TEST

START_TEST(everything_at_once_is_in_the_tables_order)
{
	struct given given[] = {
		{.fd = 0, .kind = GIVEN_OPEN, .path = "/in", .flags = O_RDONLY, .index = 4},
		{.fd = 1, .kind = GIVEN_MOVE, .source = 9, .index = 0},
		{.fd = 2, .kind = GIVEN_SAME, .source = 0, .index = 1},
		{.fd = 5, .kind = GIVEN_MOVE, .source = 6, .index = 2},
		{.fd = 6, .kind = GIVEN_MOVE, .source = 5, .index = 3},
		{.fd = 7, .kind = GIVEN_CLOSED, .index = 5},
	};
	static const gid_t groups[] = {5, 6};
	static const int cpus[] = {0, 65};
	static const uint64_t filter[2] = {6};
	struct spu_options options = checked(
		SPU_OPTIONS(.flags = SPU_DETACH | SPU_KEEP_MASK | SPU_NO_NEW_PRIVS, .root = "/r",
			    .cwd = "/x", .umask = SPU_SET(022), .nice = SPU_SET(3),
			    .uid = SPU_SET(7), .gid = SPU_SET(8), .groups = groups,
			    .group_count = 2, .cpus = cpus, .cpu_count = 2, .oom_score_adj = SPU_SET(-5),
			    .scheduler = SPU_SET(SCHED_RR), .sched_priority = SPU_SET(4),
			    .seccomp = filter, .seccomp_count = 2, .landlock_access = 1,
			    .ambient_caps = SPU_SET(SPU_CAP(10) | SPU_CAP(40)),
			    .bounding_set = SPU_SET(SPU_CAP(10)), .securebits = SPU_SET(3),
			    .ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_BEST_EFFORT, 6)),
			    .pid_variable = "NUMBER", .pid_file = "/pid", .cgroup = "/c",
			    .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 9, 10),
						 SPU_LIMIT(RLIMIT_CORE, 0, 1)),
			    .pdeathsig = SPU_SET(SIGTERM),
			    .pgroup = SPU_SET(0), .ctty = SPU_SET(0), .foreground = SPU_SET(1),
			    .default_signals = SPU_SIGNAL(2) | SPU_SIGNAL(64),
			    .ignore_signals = SPU_SIGNAL(1), .block_signals = SPU_SIGNAL(10)));
	struct plan_request request = request_for(&options);
	struct plan *plan;
	int kind;

	if (!SPU_CAP(40))
		SKIP("plan", "a long has no room for the bit of capability 40");
	request.table.given = given;
	request.table.count = 6;
	request.mask = SPU_SIGNAL(12);
	request.capabilities = (struct capabilities){6, 0x10000000403, 2, 0x10000000402};
	request.left_us = 1500000;
	request.table.held[HELD_ERROR_PIPE] = 8;
	request.table.held[HELD_RULESET] = 3;
	options.flags |= SPU_SETSID;	/* refused together, but the compiler doesn't mind */
	plan = compile(&request);
	assert_ordered(plan);
	/* a table is shared only without an error pipe; nothing is in place already; a policy
	   comes with its priority; and some are posix_spawn's alone */
	for (kind = 0; kind < STEP_KINDS; kind++)
		ck_assert_msg((count_steps(plan, (enum step_kind)kind) > 0) !=
				      (kind == STEP_UNSHARE || kind == STEP_MOVE_KEEP ||
				       kind == STEP_SCHED_PARAM || kind == STEP_RESET_GID ||
				       kind == STEP_RESET_UID || kind == STEP_FCHDIR ||
				       kind == STEP_CLOSE_ONE ||
				       (kind >= STEP_FETCH_HERE && kind <= STEP_FETCH_END)),
			      "kind %d", kind);
	ck_assert_int_eq(count_steps(plan, STEP_DEFAULT), 2);
	ck_assert_int_eq(count_steps(plan, STEP_IGNORE), 1);
	ck_assert_uint_eq(plan->mask, SPU_SIGNAL(10) | SPU_SIGNAL(12));
	ck_assert_int_eq(plan->error_pipe, 8);
	ck_assert_int_eq(plan->left.value.seconds, 1);
	ck_assert_int_eq(plan->left.value.nanoseconds, 500000000);
	ck_assert_int_eq(plan->overdue.signal, SIGKILL);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 10);
	ck_assert_int_eq(find_step(plan, STEP_UMASK, 0)->arg[0], 022);
	ck_assert_str_eq((const char *)find_step(plan, STEP_CWD, 0)->arg[0], "/x");
	ck_assert_int_eq(find_step(plan, STEP_READY, 0)->arg[0], 8);
	ck_assert_int_eq(find_step(plan, STEP_CTTY, 0)->arg[1], TIOCSCTTY);
	ck_assert_int_eq(find_step(plan, STEP_DEFAULT, 0)->index, 2);
	ck_assert_int_eq(find_step(plan, STEP_DEFAULT, 1)->index, 64);
	ck_assert_int_eq(find_step(plan, STEP_IGNORE, 0)->index, 1);
	ck_assert_int_eq(find_step(plan, STEP_OPEN, 0)->index, 4);
	ck_assert_int_eq(find_step(plan, STEP_SAME, 0)->index, 1);
	ck_assert_int_eq(find_step(plan, STEP_PARENT_ALIVE, 0)->arg[0], 4711);
	ck_assert_int_eq(find_step(plan, STEP_PDEATHSIG, 0)->arg[1], SIGTERM);
	ck_assert_int_eq(find_step(plan, STEP_NO_NEW_PRIVS, 0)->arg[0], PR_SET_NO_NEW_PRIVS);
	ck_assert_int_eq(find_step(plan, STEP_NICE, 0)->arg[2], 3);
	ck_assert_int_eq(find_step(plan, STEP_SCHEDULER, 0)->arg[1], SCHED_RR);
	ck_assert_int_eq(plan->sched_priority, 4);
	ck_assert_int_eq(find_step(plan, STEP_IOPRIO, 0)->arg[2], 0x4006);
	/* effective and permitted ones stay; ambient ones are inheritable, too */
	ck_assert_uint_eq(plan->inheritable[0].effective, 6);
	ck_assert_uint_eq(plan->inheritable[0].permitted, 0x403);
	ck_assert_uint_eq(plan->inheritable[1].permitted, 0x100);
	ck_assert_uint_eq(plan->inheritable[0].inheritable, 0x402);
	ck_assert_uint_eq(plan->inheritable[1].inheritable, 0x100);
	ck_assert_ptr_eq((void *)find_step(plan, STEP_SECCOMP, 0)->arg[2], &plan->filter);
	ck_assert_ptr_eq(plan->filter.instructions, filter);
	ck_assert_int_eq(find_step(plan, STEP_LANDLOCK, 0)->arg[0], 3);
	ck_assert_uint_eq(plan->filter.count, 2);
	ck_assert_int_eq(count_steps(plan, STEP_BOUNDING), 2);
	ck_assert_int_eq(find_step(plan, STEP_BOUNDING, 0)->arg[1], 1);
	ck_assert_int_eq(find_step(plan, STEP_BOUNDING, 1)->index, 40);
	ck_assert_int_eq(count_steps(plan, STEP_AMBIENT), 2);
	ck_assert_int_eq(find_step(plan, STEP_AMBIENT, 0)->arg[2], 10);
	ck_assert_uint_eq(plan->securebits_right[0].effective, 1 << 8);
	ck_assert_uint_eq(plan->securebits_right[0].permitted, 0x403);
	ck_assert_uint_eq(plan->securebits_right[1].inheritable, 0x100);
	ck_assert_int_eq(find_step(plan, STEP_GROUPS, 0)->arg[0], 2);
	ck_assert_int_eq(find_step(plan, STEP_GID, 0)->arg[2], 8);
	ck_assert_int_eq(find_step(plan, STEP_UID, 0)->arg[2], 7);
	ck_assert_str_eq((const char *)find_step(plan, STEP_ROOT, 0)->arg[0], "/r");
	ck_assert_str_eq((const char *)find_step(plan, STEP_OOM_WRITE, 0)->arg[1], "-5");
	ck_assert_int_eq(find_step(plan, STEP_OOM_WRITE, 0)->arg[2], 2);
	ck_assert_str_eq((const char *)find_step(plan, STEP_CGROUP_OPEN, 0)->arg[1], "/c/cgroup.procs");
	ck_assert_uint_eq(plan->cpus[0], 1);
	ck_assert_uint_eq(plan->cpus[1], 2);
}
END_TEST

/* But where the text says more: a fetch is a move that takes a descriptor from the caller */
START_TEST(a_step_has_the_name_that_its_number_has)
{
	int kind;

	for (kind = 0; kind < STEP_KINDS; kind++)
		if (kind < STEP_FETCH_HERE || kind > STEP_FETCH_END)
			ck_assert_str_eq(spu__kind_name((enum step_kind)kind),
					 spu_step_name(spu__step_number((enum step_kind)kind)));
	ck_assert_str_eq(spu_step_name(SPU_STEP_MOVE), "move");
	ck_assert_str_eq(spu_step_name(SPU_STEP_AMBIENT_CAPS), "ambient-caps");
}
END_TEST

START_TEST(what_has_no_name_is_shown_as_a_number)
{
	static const uint64_t limit[2] = {1, 1};
	static const struct {
		enum step_kind kind;
		long number[3];
		const char *subject, *call;
	} known[] = {
		{STEP_LIMIT, {0, 99, (long)limit}, "limit 99", "prlimit64(0, 0x63, "},
		{STEP_BOUNDING, {PR_CAPBSET_DROP, 63, 0}, "bounding_set: drop 63",
		 "prctl(PR_CAPBSET_DROP, 0x3f)"},
		{STEP_SCHEDULER, {0, 77, 0}, "scheduler 77 ", "sched_setscheduler(0, 0x4d, "},
		{STEP_PDEATHSIG, {PR_SET_PDEATHSIG, 34, 0}, "pdeathsig RT_2",
		 "prctl(PR_SET_PDEATHSIG, SIGRT_2)"},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		static const int none;
		struct step step = {.kind = (unsigned char)known[i].kind, .index = -1};
		char subject[128] = "", call[128] = "";
		struct text subject_text = TEXT_IN(subject), call_text = TEXT_IN(call);

		memcpy(step.arg, known[i].number, sizeof(known[i].number));
		if (!step.arg[2])
			step.arg[2] = (long)&none;
		spu__show_subject(&subject_text, &step);
		spu__show_call(&call_text, &step);
		ck_assert_msg(strncmp(subject, known[i].subject, strlen(known[i].subject)) == 0 &&
			      strncmp(call, known[i].call, strlen(known[i].call)) == 0,
			      "%s, %s", subject, call);
	}
}
END_TEST

/* It is in the way of what is still to be opened. */
START_TEST(the_limit_of_open_files_comes_last)
{
	struct spu_options options = checked(
		SPU_OPTIONS(.limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CPU, 1, 2),
						 SPU_LIMIT(RLIMIT_NOFILE, 3, 4),
						 SPU_LIMIT(RLIMIT_CORE, 5, 6),
						 SPU_LIMIT(RLIMIT_NOFILE, 7, 8))));
	struct plan_request request = request_for(&options);
	struct plan *plan = compile(&request);
	const struct step *step;

	assert_ordered(plan);
	ck_assert_int_eq(count_steps(plan, STEP_LIMIT), 2);
	ck_assert_int_eq(count_steps(plan, STEP_LIMIT_LAST), 2);
	step = find_step(plan, STEP_LIMIT, 1);
	ck_assert_int_eq(step->index, 2);
	ck_assert_int_eq(step->arg[1], RLIMIT_CORE);
	ck_assert_ptr_eq((const void *)step->arg[2], &options.limits[2].soft);
	ck_assert_int_eq(find_step(plan, STEP_LIMIT_LAST, 0)->index, 1);
	ck_assert_int_eq(find_step(plan, STEP_LIMIT_LAST, 1)->index, 3);
}
END_TEST

START_TEST(another_root_is_begun_at_its_top)
{
	struct spu_options options = checked(SPU_OPTIONS(.root = "/r"));
	struct plan_request request = request_for(&options);

	ck_assert_str_eq((const char *)find_step(compile(&request), STEP_CWD, 0)->arg[0], "/");
	/* a relative one counts from there, and not from the caller's, outside */
	options.cwd = "below";
	ck_assert_str_eq((const char *)find_step(compile(&request), STEP_CWD, 0)->arg[0], "/");
	ck_assert_str_eq((const char *)find_step(compile(&request), STEP_CWD, 1)->arg[0], "below");
	options.cwd = "/below";
	ck_assert_str_eq((const char *)find_step(compile(&request), STEP_CWD, 0)->arg[0],
			 "/below");
}
END_TEST

/*
 * ---- A table that is shared at first
 */

/* All is free but 0 to 2 and what is given: the step's own numbers must not be in the way. */
static void play_fetches(const struct plan *plan, const struct given *given, size_t count)
{
	int holds[1024] = {[0] = -1, [1] = -1, [2] = -1};	/* a source; -1 own, -2 pidfd */
	int saved = -1, i, fd;
	size_t g;

	for (i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		int first = step->link == LINK_SAVED ? saved : (int)step->arg[0];

		if (step->kind < STEP_FETCH_HERE || step->kind > STEP_FETCH_END ||
		    (step->link == LINK_SAVED && saved == step->arg[1]))
			continue;
		for (fd = 0; holds[fd]; fd++)
			;
		switch (step->number) {
		case SYS_getppid:
			ck_assert_int_eq(first, 4711);
			break;
		case SYS_pidfd_open:
			ck_assert_int_eq(first, 4711);
			holds[saved = fd] = -2;
			break;
		case SYS_pidfd_getfd:
			ck_assert_int_eq(holds[first], -2);
			holds[saved = fd] = (int)step->arg[1];
			break;
		case SYS_dup3:
			ck_assert_int_ne(holds[first], 0);
			holds[step->arg[1]] = holds[first];
			break;
		case SYS_close:
			holds[first] = 0;
			break;
		case SYS_fcntl:
			ck_assert_int_ne(holds[first], 0);
			break;
		default:
			ck_abort_msg("system call %d", step->number);
		}
	}
	for (g = 0; g < count; g++) {
		if (given[g].kind == GIVEN_FETCH)
			ck_assert_int_eq(holds[given[g].fd], given[g].source);
		holds[given[g].fd] = 0;
	}
	for (fd = 3; fd < 1024; fd++)
		ck_assert_msg(!holds[fd], "%d stays", fd);
}

START_TEST(high_sources_are_fetched_where_the_table_is_shared)
{
	struct given given[] = {
		{.fd = 0, .kind = GIVEN_MOVE, .source = 700, .index = 0},
		{.fd = 1, .kind = GIVEN_INHERIT, .source = 1, .index = -1},
		{.fd = 2, .kind = GIVEN_MOVE, .source = 511, .index = 1},
		{.fd = 3, .kind = GIVEN_MOVE, .source = 512, .index = 2},
		{.fd = 4, .kind = GIVEN_MOVE, .source = 1000, .index = 3},
		{.fd = 6, .kind = GIVEN_MOVE, .source = 513, .index = 4},
		{.fd = 600, .kind = GIVEN_MOVE, .source = 600, .index = 5},
	};
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	struct plan *plan;

	request.table.given = given;
	request.table.count = sizeof(given) / sizeof(given[0]);
	request.table.is_shared = 1;
	request.table.may_fetch = 1;
	plan = compile(&request);
	assert_ordered(plan);
	ck_assert_uint_eq(plan->clone_flags, KERNEL_CLONE_FILES);
	ck_assert_int_eq(find_step(plan, STEP_UNSHARE, 0)->arg[0], 512);
	ck_assert_int_eq(find_step(plan, STEP_UNSHARE, 0)->arg[2], KERNEL_CLOSE_RANGE_UNSHARE);
	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_TAIL), 0);
	ck_assert_int_eq(given[0].kind, GIVEN_FETCH);
	ck_assert_int_eq(given[2].kind, GIVEN_MOVE);
	ck_assert_int_eq(given[3].kind, GIVEN_FETCH);
	ck_assert_int_eq(given[6].kind, GIVEN_FETCH);
	play_fetches(plan, given, request.table.count);
	/* the same, where that was refused before */
	request.table.may_fetch = 0;
	plan = compile(&request);
	ck_assert_int_eq(count_steps(plan, STEP_FETCH), 0);
	ck_assert_int_eq(find_step(plan, STEP_UNSHARE, 0)->arg[0], 1024);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 1001);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[1], 1023);
	request.table.may_fetch = 1;
	request.table.is_shared = 0;
	plan = compile(&request);
	ck_assert_int_eq(count_steps(plan, STEP_FETCH) + count_steps(plan, STEP_UNSHARE), 0);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 1001);
}
END_TEST

/* The kernel copies whole words of 64, and above one its bug before 5.18 otherwise. */
START_TEST(a_shared_table_is_cut_at_a_multiple_of_64_above_the_first)
{
	struct given given[] = {
		{.fd = 0, .kind = GIVEN_INHERIT},
		{.fd = 1, .kind = GIVEN_INHERIT, .source = 1},
		{.fd = 2, .kind = GIVEN_MOVE},
	};
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	int source;

	request.table.given = given;
	request.table.is_shared = 1;
	for (source = 0; source < 512; source++) {
		long highest = source > 2 ? source : 2, cut;
		struct plan *plan;

		given[2].source = source;
		plan = compile(&request);
		cut = find_step(plan, STEP_UNSHARE, 0)->arg[0];
		if (highest < 63)
			ck_assert_int_eq(cut, highest + 1);
		else
			ck_assert_int_eq(cut % 64, 0);
		ck_assert_int_gt(cut, highest);
		ck_assert_int_le(cut, highest + 64);
		ck_assert_uint_eq((unsigned)find_step(plan, STEP_UNSHARE, 0)->arg[1], UINT_MAX);
		if (cut == highest + 1) {
			ck_assert_int_eq(count_steps(plan, STEP_CLOSE_TAIL), 0);
			continue;
		}
		ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], highest + 1);
		ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[1], cut - 1);
	}
}
END_TEST

START_TEST(each_option_makes_its_step_and_no_other)
{
	static const gid_t groups[1];
	static const int cpus[] = {3};
	static const struct spu_limit limits[] = {SPU_LIMIT(RLIMIT_CORE, 1, 1), {0, 0, 0, 0}};
	static const struct {
		enum step_kind kind;
		struct spu_options options;
	} cases[] = {
		{STEP_DEFAULT, {.default_signals = SPU_SIGNAL(5)}},
		{STEP_IGNORE, {.ignore_signals = SPU_SIGNAL(5)}},
		{STEP_SETSID, {.flags = SPU_SETSID}},
		{STEP_PGROUP, {.pgroup = {1, 0}}},
		{STEP_UMASK, {.umask = {1, 0}}},
		{STEP_CWD, {.cwd = "."}},
		{STEP_CTTY, {.ctty = {1, 0}}},
		{STEP_FOREGROUND, {.foreground = {1, 0}}},
		{STEP_NICE, {.nice = {1, 0}}},
		{STEP_CPUS, {.cpus = cpus, .cpu_count = 1}},
		{STEP_LANDLOCK, {.landlock_access = 1}},
		{STEP_SECCOMP, {.seccomp = limits, .seccomp_count = 1}},
		{STEP_INHERITABLE, {.inheritable_caps = {1, 0}}},
		{STEP_BOUNDING, {.bounding_set = {1, 0}}},
		{STEP_AMBIENT_CLEAR, {.ambient_caps = {1, 0}}},
		{STEP_SECUREBITS, {.securebits = {1, 0}}},
		{STEP_IOPRIO, {.ioprio = {1, 0}}},
		{STEP_SCHEDULER, {.scheduler = {1, SCHED_BATCH}}},
		{STEP_SCHED_PARAM, {.sched_priority = {1, 3}}},
		{STEP_LIMIT, {.limits = limits}},
		{STEP_GROUPS, {.groups = groups}},
		{STEP_GID, {.gid = {1, 0}}},
		{STEP_UID, {.uid = {1, 0}}},
		{STEP_NO_NEW_PRIVS, {.flags = SPU_NO_NEW_PRIVS}},
	};
	struct spu_options none = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&none);
	int plain = compile(&request)->count;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spu_options options = checked(&cases[i].options);
		struct plan *plan;

		request = request_for(&options);
		request.capabilities.bounding = 1;
		plan = compile(&request);
		ck_assert_int_eq(plan->count, plain + 1);
		ck_assert_int_eq(count_steps(plan, cases[i].kind), 1);
		assert_ordered(plan);
	}
}
END_TEST

/*
 * ---- Which numbers are closed
 */

/* A map of the numbers that are closed before exec and not given since, as far as "size". */
static void mark_closed(const struct plan *plan, char *closed, int size)
{
	int i, fd;

	memset(closed, 0, (size_t)size);
	for (i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		int target = (int)step->arg[1];

		if (step->kind == STEP_CLOSE_TAIL || step->kind == STEP_CLOSE_GAP) {
			ck_assert_uint_le((unsigned)step->arg[0], (unsigned)step->arg[1]);
			for (fd = (int)step->arg[0];
			     fd < size && (unsigned)fd <= (unsigned)step->arg[1]; fd++)
				closed[fd] = 1;
		} else if (step->number == SYS_dup3 && target < size) {
			closed[target] = 0;
		}
	}
}

START_TEST(policy_close_leaves_what_is_given_and_nothing_else)
{
	enum { SIZE = 40 };
	uint32_t state = 521288629u;
	int round, fd;

	for (round = 0; round < 3000; round++) {
		struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
		struct plan_request request = request_for(&options);
		struct given given[SIZE];
		char closed[SIZE], wanted[SIZE];
		size_t count = 0;
		struct plan *plan;

		memset(wanted, 1, sizeof(wanted));
		for (fd = 0; fd < SIZE - 8; fd++) {
			state = state * 1664525u + 1013904223u;
			if (fd > 2 && (state >> 24) % 3)
				continue;
			given[count] = (struct given){.fd = fd, .index = -1, .path = "/x",
						      .kind = (enum given_kind)((state >> 16) % 5)};
			given[count].source = given[count].kind == GIVEN_INHERIT
						      ? fd
						      : (int)((state >> 8) % (SIZE - 8));
			if (given[count].kind == GIVEN_INHERIT && fd > 2)
				given[count].kind = GIVEN_CLOSED;
			if (given[count].kind == GIVEN_SAME)
				given[count].kind = GIVEN_OPEN;
			wanted[fd] = given[count].kind == GIVEN_CLOSED;
			count++;
		}
		request.table.given = given;
		request.table.count = count;
		if (round % 2) {
			request.table.held[HELD_ERROR_PIPE] = SIZE - 1 - (int)(state >> 28) % 6;
			wanted[request.table.held[HELD_ERROR_PIPE]] = 0;
		}
		plan = compile(&request);
		assert_ordered(plan);
		mark_closed(plan, closed, SIZE);
		for (fd = 0; fd < SIZE; fd++)
			if (closed[fd] != wanted[fd])
				ck_abort_msg("round %d: %d is %s", round, fd,
					     closed[fd] ? "closed" : "open");
	}
}
END_TEST

START_TEST(policy_allow_closes_only_what_is_named)
{
	struct given given[] = {
		{.fd = 0, .kind = GIVEN_CLOSED}, {.fd = 1, .kind = GIVEN_MOVE, .source = 20},
		{.fd = 2, .kind = GIVEN_INHERIT, .source = 2}, {.fd = 9, .kind = GIVEN_CLOSED},
	};
	struct spu_options options = checked(SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW));
	struct plan_request request = request_for(&options);
	struct plan *plan = compile(&request);

	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_TAIL) + count_steps(plan, STEP_CLOSE_GAP), 0);
	request.table.given = given;
	request.table.count = 4;
	plan = compile(&request);
	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_TAIL), 0);
	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_GAP), 2);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 0)->arg[0], 0);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 0)->arg[1], 0);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 1)->arg[0], 9);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 1)->arg[1], 9);
}
END_TEST

/* It comes to an end, and the tail begins above: nothing overflows. */
/* What popen names: hundreds of streams, one call. */
START_TEST(neighbours_are_closed_together)
{
	static const int numbers[] = {4, 5, 6, 8, 10, 11};
	static const int ranges[][2] = {{4, 6}, {8, 8}, {10, 11}};
	struct spu_options options = SPU_OPTIONS_INIT;
	struct plan_request request = request_for(&options);
	struct given given[9];
	const struct plan *plan;
	int i;

	memcpy(given, standard, sizeof(standard));
	for (i = 0; i < 6; i++)
		given[3 + i] = (struct given){.fd = numbers[i], .kind = GIVEN_CLOSED, .index = i};
	request.table.given = given;
	request.table.count = 9;
	request.table.closes = 0;
	plan = compile(&request);
	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_GAP), 3);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, i)->arg[0], ranges[i][0]);
		ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, i)->arg[1], ranges[i][1]);
	}
}
END_TEST

START_TEST(the_highest_number_there_is_can_be_a_source)
{
	struct given given[] = {
		{.fd = 0, .kind = GIVEN_INHERIT},
		{.fd = 1, .kind = GIVEN_INHERIT, .source = 1},
		{.fd = 2, .kind = GIVEN_MOVE, .source = INT_MAX},
		{.fd = INT_MAX, .kind = GIVEN_MOVE, .source = INT_MAX},
	};
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	struct plan *plan;

	request.table.given = given;
	request.table.count = 4;
	plan = compile(&request);
	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_GAP), 1);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 0)->arg[0], 3);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 0)->arg[1], INT_MAX - 1);
	ck_assert_uint_eq((unsigned)find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 1u + INT_MAX);
}
END_TEST

START_TEST(in_place_marks_instead_of_closing)
{
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	struct given given[] = {
		{.fd = 0, .kind = GIVEN_INHERIT}, {.fd = 1, .kind = GIVEN_CLOSED},
		{.fd = 2, .kind = GIVEN_MOVE, .source = 8},
	};
	struct plan *plan;
	int i;

	request.table.given = given;
	request.table.in_place = 1;
	plan = compile(&request);
	assert_ordered(plan);
	for (i = 0; i < plan->count; i++)
		if (plan->steps[i].number == SYS_close_range &&
		    plan->steps[i].kind != STEP_ASK_CLOSE)
			ck_assert_int_eq(plan->steps[i].arg[2], KERNEL_CLOSE_RANGE_CLOEXEC);
	ck_assert_int_gt(count_steps(plan, STEP_CLOSE_GAP), 0);
	/* there is no parent that would wait in clone */
	ck_assert_int_eq(count_steps(plan, STEP_STOP_PENDING), 0);
}
END_TEST

/*
 * ---- Environment
 */

static void assert_environment(const struct spu_options *options, char *const *own,
			       const char *const *wanted)
{
	struct spu_options copy = checked(options);
	struct plan_request request = request_for(&copy);
	struct plan *plan;
	size_t i;

	request.environ = own;
	plan = compile(&request);
	for (i = 0; wanted[i]; i++) {
		ck_assert_ptr_nonnull(plan->env[i]);
		ck_assert_str_eq(plan->env[i], wanted[i]);
	}
	ck_assert_ptr_null(plan->env[i]);
}

START_TEST(the_environment_is_set_and_unset_in_a_copy)
{
	char *const own[] = {"A=1", "AB=2", "B=3", "odd", "=x", "A=again", "C=", NULL};
	char *const given[] = {"G=1", "H=2", NULL};
	char *const empty[] = {NULL};

	assert_environment(SPU_OPTIONS(.flags = 0), own,
			   SPU_LIST("A=1", "AB=2", "B=3", "odd", "=x", "A=again", "C="));
	assert_environment(SPU_OPTIONS(.env = given), own, SPU_LIST("G=1", "H=2"));
	assert_environment(SPU_OPTIONS(.env_unset = SPU_LIST("A", "od", "X")), own,
			   SPU_LIST("AB=2", "B=3", "odd", "=x", "C="));
	assert_environment(SPU_OPTIONS(.env_set = SPU_LIST("B=new", "D=d")), own,
			   SPU_LIST("A=1", "AB=2", "odd", "=x", "A=again", "C=", "B=new", "D=d"));
	assert_environment(SPU_OPTIONS(.env_set = SPU_LIST("X=1", "Y=1", "X=2", "X=")), empty,
			   SPU_LIST("X=", "Y=1"));
	assert_environment(SPU_OPTIONS(.env_set = SPU_LIST("A=set=with=equals")), own,
			   SPU_LIST("AB=2", "B=3", "odd", "=x", "C=", "A=set=with=equals"));
	/* set wins over unset; both work on a given one too */
	assert_environment(SPU_OPTIONS(.env = given, .env_set = SPU_LIST("H=new"),
				       .env_unset = SPU_LIST("G", "H")),
			   own, SPU_LIST("H=new"));
	/* names that begin alike, and one that is where the other begins */
	assert_environment(SPU_OPTIONS(.env_set = SPU_LIST("LONGNAME2=1", "LONGNAME=2", "LONGNAM=3",
							   "LONGNAME=4", "LONGNAME2=5"),
				       .env_unset = SPU_LIST("LONGNAME1")),
			   (char *const[]){"LONGNAME1=x", "LONGNAME3=x", "LONGNAME2=x", NULL},
			   SPU_LIST("LONGNAME3=x", "LONGNAME2=5", "LONGNAME=4", "LONGNAM=3"));
	/* the value is the child's to write */
	assert_environment(SPU_OPTIONS(.pid_variable = "A"), own,
			   SPU_LIST("AB=2", "B=3", "odd", "=x", "C=", "A="));
	assert_environment(SPU_OPTIONS(.pid_variable = "X", .env_set = SPU_LIST("X=1", "Y=1", "X=2"),
				       .env_unset = SPU_LIST("X")), empty, SPU_LIST("Y=1", "X="));
	assert_environment(SPU_OPTIONS(.env_unset = SPU_LIST("A")), NULL,
			   (const char *const[]){NULL});
	assert_environment(SPU_OPTIONS(.env_set = SPU_LIST("A=1")), NULL, SPU_LIST("A=1"));
	ck_assert_str_eq(own[0], "A=1");
}
END_TEST

/*
 * ---- Foreground
 */

START_TEST(foreground_names_the_childs_group)
{
	static const struct {
		struct spu_options options;
		pid_t group;	/* 0: the child's pid */
	} cases[] = {
		{{.foreground = {1, 0}}, 77},
		{{.foreground = {1, 0}, .pgroup = {1, 0}}, 0},
		{{.foreground = {1, 0}, .pgroup = {1, 55}}, 55},
		{{.foreground = {1, 0}, .flags = SPU_SETSID}, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spu_options options = checked(&cases[i].options);
		struct plan_request request = request_for(&options);
		const struct step *step;
		struct plan plan;
		void *block;

		ck_assert_int_eq(spu__compile(&request, &plan, &block), 0);
		step = find_step(&plan, STEP_FOREGROUND, 0);
		ck_assert_int_eq(step->arg[1], TIOCSPGRP);
		if (cases[i].group) {
			ck_assert_int_eq(plan.group, cases[i].group);
			ck_assert_int_eq(step->arg[2], (long)&plan.group);
		} else {
			ck_assert_int_eq(step->arg[2], (long)&plan.report.pid);
		}
		free(block);
	}
}
END_TEST

/* As strace has them, on each processor: O_LARGEFILE is the kernel's, not libc's 0. */
START_TEST(flags_of_open_are_shown_by_name)
{
	static const struct {
		long flags;
		const char *shown;
	} known[] = {
		{O_RDONLY, "O_RDONLY"},
		{O_RDWR | O_CLOEXEC | O_TMPFILE, "O_RDWR|O_CLOEXEC|O_TMPFILE, 0640"},
		{O_WRONLY | O_CREAT | O_EXCL | O_TRUNC, "O_WRONLY|O_CREAT|O_EXCL|O_TRUNC, 0640"},
		{O_SYNC | O_NOFOLLOW, "O_RDONLY|O_SYNC|O_NOFOLLOW"},
		{3 | O_DSYNC | O_PATH | O_DIRECTORY, "O_ACCMODE|O_DSYNC|O_PATH|O_DIRECTORY"},
		{O_DIRECT | ARCH_O_LARGEFILE | O_NOATIME, "O_RDONLY|O_DIRECT|O_LARGEFILE|O_NOATIME"},
		{O_APPEND | 0x40000000, "O_RDONLY|O_APPEND|0x40000000"},
	};
	char expected[128];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct step step = {.kind = STEP_OPEN,
					  .arg = {AT_FDCWD, (long)"f", known[i].flags, 0640}};
		char shown[128] = "";
		struct text text = TEXT_IN(shown);

		spu__show_call(&text, &step);
		snprintf(expected, sizeof(expected), "openat(AT_FDCWD, \"f\", %s) = N",
			 known[i].shown);
		ck_assert_str_eq(shown, expected);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_plain_launch_has_few_steps);
	tcase_add_test(tests, everything_at_once_is_in_the_tables_order);
	tcase_add_test(tests, each_option_makes_its_step_and_no_other);
	tcase_add_test(tests, a_step_has_the_name_that_its_number_has);
	tcase_add_test(tests, what_has_no_name_is_shown_as_a_number);
	tcase_add_test(tests, the_limit_of_open_files_comes_last);
	tcase_add_test(tests, another_root_is_begun_at_its_top);
	tcase_add_test(tests, high_sources_are_fetched_where_the_table_is_shared);
	tcase_add_test(tests, a_shared_table_is_cut_at_a_multiple_of_64_above_the_first);
	tcase_add_test(tests, policy_close_leaves_what_is_given_and_nothing_else);
	tcase_add_test(tests, policy_allow_closes_only_what_is_named);
	tcase_add_test(tests, neighbours_are_closed_together);
	tcase_add_test(tests, the_highest_number_there_is_can_be_a_source);
	tcase_add_test(tests, in_place_marks_instead_of_closing);
	tcase_add_test(tests, the_environment_is_set_and_unset_in_a_copy);
	tcase_add_test(tests, foreground_names_the_childs_group);
	tcase_add_test(tests, flags_of_open_are_shown_by_name);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
