/* SPDX-License-Identifier: MIT */
/* What posix_spawn's file actions become: the steps and their order. Nothing is launched. */
#include <fcntl.h>
#include <signal.h>

#include "lib/plan/compile.h"
#include "lib/plan/shown.h"
#include "support.h"

static char *const program[] = {"prog", NULL};

static char null[] = "/dev/null", usr[] = "/usr", by_name[] = "/dev/fd/42";

#define CLOSE(n) {.kind = ACTION_CLOSE, .fd = (n)}
#define COPY(from, to) {.kind = ACTION_COPY, .source = (from), .fd = (to)}
#define OPEN(n, how) {.kind = ACTION_OPEN, .fd = (n), .path = null, .flags = (how)}
#define CHDIR {.kind = ACTION_CHDIR, .path = usr}
#define FCHDIR(n) {.kind = ACTION_FCHDIR, .fd = (n)}
#define CLOSE_FROM(n) {.kind = ACTION_CLOSE_FROM, .fd = (n)}
#define FOREGROUND(n) {.kind = ACTION_FOREGROUND, .fd = (n)}

enum { ALLOW, CLOSES, SHARES, FETCHES, HAS_ERROR_PIPE };

static const struct one {
	const char *name;
	int how;
	struct action list[8];
	size_t count;
	const char *steps;	/* between "handlers" and "stop-pending" */
} all[] = {
	{"nothing", ALLOW, {{0}}, 0, ""},
	{"each kind, in its order", ALLOW,
	 {COPY(9, 1), CHDIR, OPEN(5, O_RDWR), FCHDIR(6), CLOSE(6), COPY(5, 5), FOREGROUND(0)}, 7,
	 "dup3(9, 1, 0)\n"
	 "chdir(\"/usr\")\n"
	 "close(5), open or not\n"
	 "openat(AT_FDCWD, \"/dev/null\", O_RDWR) = N\n"
	 "dup3(N, 5, 0) unless N is 5\n"
	 "close(N) unless N is 5\n"
	 "fchdir(6)\n"
	 "close(6), open or not\n"
	 "fcntl(5, F_SETFD, 0)\n"
	 "ioctl(0, TIOCSPGRP, [group])\n"},
	{"close-on-exec, where it is asked for", ALLOW, {OPEN(5, O_RDONLY | O_CLOEXEC)}, 1,
	 "close(5), open or not\n"
	 "openat(AT_FDCWD, \"/dev/null\", O_RDONLY|O_CLOEXEC) = N\n"
	 "dup3(N, 5, O_CLOEXEC) unless N is 5\n"
	 "close(N) unless N is 5\n"},
	{"the question once", ALLOW, {CLOSE_FROM(3), CLOSE_FROM(1)}, 2,
	 "close_range(1, 0, 0) is EINVAL\n"
	 "close_range(3, 4294967295, 0)\n"
	 "close_range(1, 4294967295, 0)\n"},
	{"not the error pipe", HAS_ERROR_PIPE, {CLOSE_FROM(3), CLOSE_FROM(20), CLOSE_FROM(40)}, 3,
	 "close_range(1, 0, 0) is EINVAL\n"
	 "close_range(3, 19, 0)\n"
	 "close_range(21, 4294967295, 0)\n"
	 "close_range(21, 4294967295, 0)\n"
	 "close_range(40, 4294967295, 0)\n"},
	{"closed: all but 0 to 2 and what was put in place", CLOSES,
	 {COPY(9, 1), COPY(4, 7), CLOSE(2), OPEN(11, O_RDONLY)}, 4,
	 "close_range(1, 0, 0) is EINVAL\n"
	 "close_range(10, 4294967295, 0)\n"
	 "dup3(9, 1, 0)\n"
	 "dup3(4, 7, 0)\n"
	 "close(2), open or not\n"
	 "close(11), open or not\n"
	 "openat(AT_FDCWD, \"/dev/null\", O_RDONLY) = N\n"
	 "dup3(N, 11, 0) unless N is 11\n"
	 "close(N) unless N is 11\n"
	 "close_range(2, 6, 0)\n"
	 "close_range(8, 9, 0)\n"},
	{"what an action has made isn't the caller's", SHARES, {COPY(5, 90), COPY(90, 1)}, 2,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(6, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "dup3(5, 90, 0)\n"
	 "dup3(90, 1, 0)\n"
	 "close_range(3, 5, 0)\n"},
	{"a far source", SHARES, {COPY(900, 1), CLOSE(900)}, 2,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(960, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "close_range(901, 959, 0)\n"
	 "dup3(900, 1, 0)\n"
	 "close(900), open or not\n"
	 "close_range(3, 900, 0)\n"},
	{"fetched, before all else", FETCHES,
	 {OPEN(4, O_RDONLY), COPY(900, 1), COPY(901, 3), COPY(900, 6), CLOSE(900)}, 5,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(8, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "getppid() is 4711\n"
	 "pidfd_open(4711, 0) = N\n"
	 "dup3(N, 8, O_CLOEXEC) unless N is 8\n"
	 "close(N) unless N is 8\n"
	 "pidfd_getfd(8, 900, 0) = N\n"
	 "dup3(N, 5, O_CLOEXEC) unless N is 5\n"
	 "close(N) unless N is 5\n"
	 "pidfd_getfd(8, 901, 0) = N\n"
	 "dup3(N, 7, O_CLOEXEC) unless N is 7\n"
	 "close(N) unless N is 7\n"
	 "close(8)\n"
	 "close(4), open or not\n"
	 "openat(AT_FDCWD, \"/dev/null\", O_RDONLY) = N\n"
	 "dup3(N, 4, 0) unless N is 4\n"
	 "close(N) unless N is 4\n"
	 "dup3(5, 1, 0)\n"
	 "dup3(7, 3, 0)\n"
	 "dup3(5, 6, 0)\n"
	 "close(900), open or not\n"
	 "close_range(5, 5, 0)\n"
	 "close_range(7, 7, 0)\n"},
	{"not fetched: another's by then", FETCHES, {COPY(900, 6), COPY(5, 900), COPY(900, 7)}, 3,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(960, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "close_range(901, 959, 0)\n"
	 "dup3(900, 6, 0)\n"
	 "dup3(5, 900, 0)\n"
	 "dup3(900, 7, 0)\n"
	 "close_range(3, 5, 0)\n"
	 "close_range(8, 899, 0)\n"},
	{"read by a name", CLOSES,
	 {{.kind = ACTION_OPEN, .fd = 0, .path = by_name}, {.kind = ACTION_CHDIR, .path = by_name}}, 2,
	 "close_range(1, 0, 0) is EINVAL\n"
	 "close_range(43, 4294967295, 0)\n"
	 "close(0), open or not\n"
	 "openat(AT_FDCWD, \"/dev/fd/42\", O_RDONLY) = N\n"
	 "dup3(N, 0, 0) unless N is 0\n"
	 "close(N) unless N is 0\n"
	 "chdir(\"/dev/fd/42\")\n"
	 "close_range(3, 42, 0)\n"},
	{"not fetched: kept under its number", FETCHES, {COPY(900, 1), COPY(900, 900)}, 2,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(960, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "close_range(901, 959, 0)\n"
	 "dup3(900, 1, 0)\n"
	 "fcntl(900, F_SETFD, 0)\n"
	 "close_range(3, 899, 0)\n"},
	{"not fetched: closed when it is read", FETCHES, {CLOSE(900), COPY(900, 1)}, 2,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(960, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "close_range(901, 959, 0)\n"
	 "close(900), open or not\n"
	 "dup3(900, 1, 0)\n"
	 "close_range(3, 900, 0)\n"},
	{"not fetched: among what was closed", FETCHES, {CLOSE_FROM(500), COPY(900, 1)}, 2,
	 "close_range(1, 0, CLOSE_RANGE_UNSHARE) is EINVAL\n"
	 "close_range(960, 4294967295, CLOSE_RANGE_UNSHARE)\n"
	 "close_range(901, 959, 0)\n"
	 "close_range(500, 4294967295, 0)\n"
	 "dup3(900, 1, 0)\n"
	 "close_range(3, 900, 0)\n"},
};

START_TEST(each_action_is_a_step_in_its_turn)
{
	const struct one *one = &all[_i];
	struct actions actions = {.list = one->list, .count = one->count};
	struct given *given = calloc(ACTIONS_ROOM(one->count), sizeof(*given));
	struct spu_options options = SPU_OPTIONS_INIT;
	struct plan_request request = {
		.argv = program, .options = &options, .actions = &actions, .group = 77,
		.table = {.given = given, .held = {-1, -1, -1}, .parent = 4711, .holder = 4711,
			  .closes = one->how == CLOSES || one->how == SHARES || one->how == FETCHES,
			  .is_shared = one->how == SHARES || one->how == FETCHES,
			  .may_fetch = one->how == FETCHES},
	};
	struct text text = {0};
	struct plan plan;
	char *shown;
	void *block;
	int i;

	ck_assert_ptr_nonnull(given);
	request.table.count = spu__give_actions(&actions, given);
	request.table.reads = spu__highest_read(given, request.table.count,
						request.table.may_fetch);
	if (one->how == HAS_ERROR_PIPE)
		request.table.held[0] = 20;
	ck_assert_int_eq(spu__compile(&request, &plan, &block), 0);
	spu__add_text(&text, "\n");
	for (i = 1; plan.steps[i].kind != STEP_STOP_PENDING; i++) {
		spu__show_call(&text, &plan.steps[i]);
		spu__add_text(&text, "\n");
	}
	ck_assert_int_eq(spu__take_text(&text, &shown), 0);
	ck_assert_msg(strcmp(shown + 1, one->steps) == 0, "%s: got [%s], expected [%s]", one->name,
		      shown + 1, one->steps);
	free(shown);
	free(block);
	free(given);
}
END_TEST

/* The path is what it is, also without a slash */
START_TEST(a_path_is_not_looked_for)
{
	struct actions actions = {.path = "prog"};
	struct given given[ACTIONS_ROOM(0)];
	struct spu_options options = SPU_OPTIONS_INIT;
	struct plan_request request = {.argv = program, .options = &options, .actions = &actions,
				       .table = {.given = given, .held = {-1, -1, -1}}};
	struct plan plan;
	void *block;

	request.table.count = spu__give_actions(&actions, given);
	ck_assert_int_eq(spu__compile(&request, &plan, &block), 0);
	ck_assert_str_eq(plan.candidates[0], "prog");
	ck_assert_ptr_null(plan.candidates[1]);
	free(block);
}
END_TEST

/* It is what exec opens: kept, though nobody put it there */
START_TEST(a_program_named_by_its_descriptor_keeps_that)
{
	struct actions actions = {.path = "/proc/self/fd/9"};
	struct given given[ACTIONS_ROOM(0)];
	size_t count = spu__give_actions(&actions, given);

	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(given[3].fd, 9);
	ck_assert_int_eq(given[3].kind, GIVEN_INHERIT);
	ck_assert_int_eq(spu__highest_read(given, count, 1), 9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("actions");
	TCase *tests = tcase_create("actions");

	tcase_add_loop_test(tests, each_action_is_a_step_in_its_turn, 0,
			    (int)(sizeof(all) / sizeof(all[0])));
	tcase_add_test(tests, a_path_is_not_looked_for);
	tcase_add_test(tests, a_program_named_by_its_descriptor_keeps_that);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
