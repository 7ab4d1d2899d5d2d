/* SPDX-License-Identifier: MIT */
/* What options become: the steps, their order, their arguments. Nothing is launched. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "lib/plan.h"
#include "support.h"

/* As descriptors.c makes it where nothing is listed. */
static const struct given standard[] = {
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
				     .given = standard,
				     .given_count = 3,
				     .error_pipe = -1,
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

/* The kinds are numbered as the table has them. */
static void assert_ordered(const struct plan *plan)
{
	int i;

	for (i = 1; i < plan->count; i++)
		ck_assert_msg(plan->steps[i - 1].kind <= plan->steps[i].kind,
			      "step %d, kind %d, comes after kind %d", i, plan->steps[i].kind,
			      plan->steps[i - 1].kind);
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
	static const unsigned char wanted[] = {STEP_HANDLERS, STEP_CLOSE_TAIL, STEP_STOP_PENDING,
					       STEP_MASK, STEP_EXEC};
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
	const struct given given[] = {
		{.fd = 0, .kind = GIVEN_OPEN, .path = "/in", .flags = O_RDONLY, .index = 4},
		{.fd = 1, .kind = GIVEN_MOVE, .source = 9, .index = 0},
		{.fd = 2, .kind = GIVEN_SAME, .source = 0, .index = 1},
		{.fd = 5, .kind = GIVEN_MOVE, .source = 6, .index = 2},
		{.fd = 6, .kind = GIVEN_MOVE, .source = 5, .index = 3},
		{.fd = 7, .kind = GIVEN_CLOSED, .index = 5},
	};
	struct spu_options options = checked(
		SPU_OPTIONS(.flags = SPU_DETACH | SPU_KEEP_MASK, .cwd = "/x", .umask = SPU_SET(022),
			    .pgroup = SPU_SET(0), .ctty = SPU_SET(0), .foreground = SPU_SET(1),
			    .default_signals = SPU_SIGNAL(2) | SPU_SIGNAL(64),
			    .ignore_signals = SPU_SIGNAL(1), .block_signals = SPU_SIGNAL(10)));
	struct plan_request request = request_for(&options);
	struct plan *plan;
	int kind;

	request.given = given;
	request.given_count = 6;
	request.mask = SPU_SIGNAL(12);
	request.error_pipe = 8;
	options.flags |= SPU_SETSID;	/* refused together, but the compiler doesn't mind */
	plan = compile(&request);
	assert_ordered(plan);
	for (kind = 0; kind < STEP_KINDS; kind++)
		ck_assert_msg(count_steps(plan, (enum step_kind)kind) > 0, "kind %d is missing",
			      kind);
	ck_assert_int_eq(count_steps(plan, STEP_SIGNAL), 3);
	ck_assert_uint_eq(plan->mask, SPU_SIGNAL(10) | SPU_SIGNAL(12));
	ck_assert_int_eq(plan->error_pipe, 8);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 10);
	ck_assert_int_eq(find_step(plan, STEP_UMASK, 0)->arg[0], 022);
	ck_assert_str_eq((const char *)find_step(plan, STEP_CWD, 0)->arg[0], "/x");
	ck_assert_int_eq(find_step(plan, STEP_READY, 0)->arg[0], 8);
	ck_assert_int_eq(find_step(plan, STEP_CTTY, 0)->arg[1], TIOCSCTTY);
	ck_assert_int_eq(find_step(plan, STEP_SIGNAL, 0)->index, 2);
	ck_assert_int_eq(find_step(plan, STEP_SIGNAL, 1)->index, 64);
	ck_assert_int_eq(find_step(plan, STEP_SIGNAL, 2)->index, 1);
	ck_assert_int_eq(find_step(plan, STEP_OPEN, 0)->index, 4);
	ck_assert_int_eq(find_step(plan, STEP_SAME, 0)->index, 1);
}
END_TEST

START_TEST(each_option_makes_its_step_and_no_other)
{
	static const struct {
		enum step_kind kind;
		struct spu_options options;
	} cases[] = {
		{STEP_DETACH, {.flags = SPU_DETACH}},
		{STEP_SIGNAL, {.ignore_signals = SPU_SIGNAL(5)}},
		{STEP_SETSID, {.flags = SPU_SETSID}},
		{STEP_PGROUP, {.pgroup = {1, 0}}},
		{STEP_UMASK, {.umask = {1, 0}}},
		{STEP_CWD, {.cwd = "."}},
		{STEP_CTTY, {.ctty = {1, 0}}},
		{STEP_FOREGROUND, {.foreground = {1, 0}}},
	};
	struct spu_options none = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&none);
	int plain = compile(&request)->count;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spu_options options = checked(&cases[i].options);
		struct plan *plan;

		request = request_for(&options);
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
			ck_assert_int_le(step->arg[0], step->arg[1]);
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
		request.given = given;
		request.given_count = count;
		if (round % 2) {
			request.error_pipe = SIZE - 1 - (int)(state >> 28) % 6;
			wanted[request.error_pipe] = 0;
		}
		plan = compile(&request);
		assert_ordered(plan);
		mark_closed(plan, closed, SIZE);
		for (fd = 0; fd < SIZE; fd++)
			ck_assert_msg(closed[fd] == wanted[fd], "round %d: %d is %s", round, fd,
				      closed[fd] ? "closed" : "open");
	}
}
END_TEST

START_TEST(policy_allow_closes_only_what_is_named)
{
	const struct given given[] = {
		{.fd = 0, .kind = GIVEN_CLOSED}, {.fd = 1, .kind = GIVEN_MOVE, .source = 20},
		{.fd = 2, .kind = GIVEN_INHERIT, .source = 2}, {.fd = 9, .kind = GIVEN_CLOSED},
	};
	struct spu_options options = checked(SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW));
	struct plan_request request = request_for(&options);
	struct plan *plan = compile(&request);

	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_TAIL) + count_steps(plan, STEP_CLOSE_GAP), 0);
	request.given = given;
	request.given_count = 4;
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
START_TEST(the_highest_number_there_is_can_be_a_source)
{
	const struct given given[] = {
		{.fd = 0, .kind = GIVEN_INHERIT},
		{.fd = 1, .kind = GIVEN_INHERIT, .source = 1},
		{.fd = 2, .kind = GIVEN_MOVE, .source = INT_MAX},
		{.fd = INT_MAX, .kind = GIVEN_MOVE, .source = INT_MAX},
	};
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	struct plan *plan;

	request.given = given;
	request.given_count = 4;
	plan = compile(&request);
	ck_assert_int_eq(count_steps(plan, STEP_CLOSE_GAP), 1);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 0)->arg[0], 3);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_GAP, 0)->arg[1], INT_MAX - 1);
	ck_assert_int_eq(find_step(plan, STEP_CLOSE_TAIL, 0)->arg[0], 1L + INT_MAX);
}
END_TEST

START_TEST(in_place_marks_instead_of_closing)
{
	struct spu_options options = checked(SPU_OPTIONS(.flags = 0));
	struct plan_request request = request_for(&options);
	const struct given given[] = {
		{.fd = 0, .kind = GIVEN_INHERIT}, {.fd = 1, .kind = GIVEN_CLOSED},
		{.fd = 2, .kind = GIVEN_MOVE, .source = 8},
	};
	struct plan *plan;
	int i;

	request.given = given;
	request.in_place = 1;
	plan = compile(&request);
	assert_ordered(plan);
	for (i = 0; i < plan->count; i++)
		if (plan->steps[i].number == SYS_close_range)
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

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tests = tcase_create("plan");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_plain_launch_has_few_steps);
	tcase_add_test(tests, everything_at_once_is_in_the_tables_order);
	tcase_add_test(tests, each_option_makes_its_step_and_no_other);
	tcase_add_test(tests, policy_close_leaves_what_is_given_and_nothing_else);
	tcase_add_test(tests, policy_allow_closes_only_what_is_named);
	tcase_add_test(tests, the_highest_number_there_is_can_be_a_source);
	tcase_add_test(tests, in_place_marks_instead_of_closing);
	tcase_add_test(tests, the_environment_is_set_and_unset_in_a_copy);
	tcase_add_test(tests, foreground_names_the_childs_group);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
