/* SPDX-License-Identifier: MIT */
/*
 * Long lists: what twice as many entries cost is told by how often their rooms
 * look at names and look for numbers, which no clock is needed for; and what
 * comes of 100 000 is right.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The rooms themselves in place of the archive's, with their looks counted. */
static unsigned long looks;

static int (*comparing)(const void *left, const void *right);

static int count_looks_of_sort(const void *left, const void *right)
{
	looks++;
	return comparing(left, right);
}

static void sort_counted(void *list, size_t count, size_t size,
			 int (*compare)(const void *left, const void *right))
{
	comparing = compare;
	qsort(list, count, size, count_looks_of_sort);
}

#define qsort sort_counted
#define bsearch(...) (looks++, bsearch(__VA_ARGS__))
#define strcspn(...) (looks++, strcspn(__VA_ARGS__))
/* of the same names as those of the headers below */
#define settle settle_given
#define count_strings count_list
#include "lib/plan/environment.c"
#include "lib/plan/given.c"
#undef qsort
#undef bsearch
#undef strcspn
#undef settle
#undef count_strings

#include "held.h"

#define SUITE "growth"

enum { FEW = 2000, MANY = 2 * FEW };

/* Until the test's process ends, and can be reached: no leak. */
static void *keep(size_t count, size_t size)
{
	static void **last;
	void **memory = calloc(1, sizeof(*memory) + count * size);

	*memory = last;
	last = memory;
	return memory + 1;
}

static char *numbered(const char *format, int number)
{
	char text[64];

	snprintf(text, sizeof(text), format, number);
	return strcpy(keep(strlen(text) + 1, 1), text);
}

/* Strings by that format, from first on. */
static const char **list_of(const char *format, int first, int count)
{
	const char **list = keep((size_t)count + 1, sizeof(*list));
	int i;

	for (i = 0; i < count; i++)
		list[i] = numbered(format, first + i);
	return list;
}

static void set_variables(struct spu_options *options, int count)
{
	static char *const none[] = {NULL};

	options->env = none;
	options->env_set = list_of("V%d=x", 0, count);
}

static void replace_variables(struct spu_options *options, int count)
{
	options->env = (char *const *)(uintptr_t)list_of("V%d=old", 0, count);
	options->env_set = list_of("V%d=new", 0, count);
}

static void unset_variables(struct spu_options *options, int count)
{
	options->env = (char *const *)(uintptr_t)list_of("V%d=x", 0, count);
	options->env_unset = list_of("V%d", 0, count);
}

/* 3 is what 4 is, which is what 5 is, ... */
static void chain_descriptors(struct spu_options *options, int count)
{
	struct spu_fd *fds = keep((size_t)count + 2, sizeof(*fds));
	int i;

	for (i = 0; i < count; i++)
		fds[i] = (struct spu_fd)SPU_SAME(3 + i, 4 + i);
	fds[i] = (struct spu_fd)SPU_OPEN(3 + i, "/dev/null", O_RDONLY);
	options->fds = fds;
}

static void (*const lists[])(struct spu_options *options, int count) = {
	set_variables, replace_variables, unset_variables, chain_descriptors};

#define LISTS ((int)(sizeof(lists) / sizeof(lists[0])))

static unsigned long count_looks(void (*make_list)(struct spu_options *options, int count),
				 int count)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error;
	unsigned long before;
	char *text;
	int r;

	make_list(&options, count);
	before = looks;
	r = spu_explain(SPU_ARGV("/bin/true"), &options, &text, &error);
	before = looks - before;
	ASSERT_OK(r, error);
	free(text);
	return before;
}

START_TEST(twice_as_many_entries_cost_about_twice_as_much)
{
	unsigned long few, many;

	/* libc's functions take no number beyond the limit, not even to be looked at */
	if (lists[_i] == chain_descriptors && is_by_libc() && sysconf(_SC_OPEN_MAX) < 4 + MANY)
		SKIP(SUITE, "fewer than %d descriptors", 4 + MANY);
	few = count_looks(lists[_i], FEW);
	many = count_looks(lists[_i], MANY);
	ck_assert_uint_ge(few, FEW);
	/* and a bit more, where they are sorted; not four times */
	ck_assert_msg(many < few * 5 / 2, "%lu looks for %d, %lu for %d", few, FEW, many, MANY);
}
END_TEST

/*
 * ---- What comes of it
 */

enum { BASE = 40000, UNSET = 10000, SET = 60000 };

/* As spu_options(3) says: unset first, then the last setting of each, where the first stood. */
static char *expected_environment(void)
{
	char *text = malloc(32 * (BASE + SET)), *end = text;
	int i;

	for (i = UNSET; i < BASE / 2; i++)
		end += sprintf(end, "V%08d=old\n", i);
	for (i = 0; i < SET; i++)
		end += sprintf(end, "V%08d=newer\n", BASE / 2 + i);
	return text;
}

/*
 * V00000000 to V00039999, of which ten at a time begin alike; the first 10 000 are taken
 * out; 20000 to 79999 are set, each twice. What is set stands behind what is left.
 */
START_TEST(a_hundred_thousand_changes_come_out_right)
{
	const char **once = list_of("V%08d=new", BASE / 2, SET), **set;
	const char **again = list_of("V%08d=newer", BASE / 2, SET);
	struct spu_output out = {0};
	struct spu_error error;
	char *expected = expected_environment();
	int i, status, r;

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	set = keep(2 * SET + 1, sizeof(*set));
	for (i = 0; i < SET; i++) {
		set[i] = once[i];
		/* backwards: the order is that of the first settings */
		set[2 * SET - 1 - i] = again[i];
	}
	r = spu_capture(SPU_ARGV("/usr/bin/env"),
			SPU_OPTIONS(.env = (char *const *)(uintptr_t)list_of("V%08d=old", 0, BASE),
				    .env_unset = list_of("V%08d", 0, UNSET), .env_set = set),
			NULL, 0, &out, NULL, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	ck_assert(strcmp(out.data, expected) == 0);
	free(expected);
	free(out.data);
}
END_TEST

START_TEST(a_long_chain_ends_where_it_should)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	char *text;

	NEED_OWN_CHILD(SUITE);
	chain_descriptors(&options, 10000);
	ck_assert_int_eq(spu_explain(SPU_ARGV("/bin/true"), &options, &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(text, "dup3(10003, 3, 0)"));
	ck_assert_ptr_nonnull(strstr(text, "dup3(10003, 10002, 0)"));
	ck_assert_ptr_null(strstr(text, "dup3(4, 3, 0)"));
	free(text);
}
END_TEST

/*
 * ---- Wide gaps, for a function of libc's that closes number by number
 */

#ifdef __GLIBC__
static int actions_given;

/* In place of libc's; our programs' names have a slash. */
int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	actions_given = actions->__used;
	return posix_spawn(pid, file, actions, attributes, argv, envp);
}
#else
static int actions_given = 1;
#endif

START_TEST(wide_gaps_take_few_actions_of_posix_spawn)
{
	struct state_report *report;
	struct spu_options options = *SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN);
	struct rlimit limit;
	int high;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	high = limit.rlim_cur > 5000 ? 5000 : (int)limit.rlim_cur - 1;
	if (high < 1000)
		SKIP(SUITE, "no more than %d descriptors here", high);
#ifndef __GLIBC__
	SKIP(SUITE, "libc says nowhere how many actions there are");
#endif
	open_at(high, 1);
	open_at(high - 200, 0);
	open_at(300, 0);
	open_at(400, 1);
	options.fds = SPU_FDS(SPU_KEEP(high), SPU_MAP(high - 300, 400), SPU_NULL(high - 100),
			      SPU_KEEP(400), SPU_MAP(5, high - 200));
	report = observe(&options);
	ck_assert_int_gt(actions_given, 5);
	ck_assert_int_lt(actions_given, 100);
	ASSERT_HOLDS(report, high, identity_of(high));
	ASSERT_HOLDS(report, high - 300, identity_of(400));
	ASSERT_HOLDS(report, high - 100, identity_of_path("/dev/null"));
	ASSERT_HOLDS(report, 400, identity_of(400));
	ASSERT_HOLDS(report, 5, identity_of(high - 200));
	ck_assert_uint_eq(report->fd_count, count_standard() + 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, twice_as_many_entries_cost_about_twice_as_much, 0, LISTS);
	tcase_add_test(tests, a_hundred_thousand_changes_come_out_right);
	tcase_add_test(tests, a_long_chain_ends_where_it_should);
	tcase_add_test(tests, wide_gaps_take_few_actions_of_posix_spawn);
	return run_suite(suite);
}
