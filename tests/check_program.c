/* SPDX-License-Identifier: MIT */
/* The program that is looked for, its arguments and its environment. */
#include <limits.h>

#include "launches.h"

#define SUITE "program"

static const char *find_variable(const struct state_report *report, const char *name)
{
	size_t i, length = strlen(name);

	for (i = 0; report->env && report->env[i]; i++)
		if (strncmp(report->env[i], name, length) == 0 && report->env[i][length] == '=')
			return report->env[i] + length + 1;
	return NULL;
}

START_TEST(arguments_arrive_byte_for_byte)
{
	static const char *const odd[] = {"",	   " ",		 "a b",	      "new\nline",
					  "tab\t", "\"quo'te\"", "$HOME `x`", "\x80\xff\xc3\xa4",
					  "-",	   "--",	 "*",	      "",
					  NULL};
	const char *argv[20] = {"zero", report_file()};
	struct state_report *report;
	size_t i;

	for (i = 0; odd[i]; i++)
		argv[i + 2] = odd[i];
	report = report_of((char *const *)argv, argv[1],
			   SPU_OPTIONS(.method = (unsigned)_i, .file = report_state()));
	ck_assert_uint_eq(count_strings(report->args), i + 2);
	ck_assert_str_eq(report->args[0], "zero");
	for (i = 0; odd[i]; i++)
		ck_assert_str_eq(report->args[i + 2], odd[i]);
}
END_TEST

START_TEST(the_environment_is_the_callers_unless_given)
{
	const char *path = report_file();
	char *const *argv = SPU_ARGV(report_state(), path);
	struct state_report *report;

	setenv("SPU_TEST_OWN", "from\nhere", 1);
	report = report_of(argv, path, SPU_OPTIONS(.method = (unsigned)_i));
	ck_assert_str_eq(find_variable(report, "SPU_TEST_OWN"), "from\nhere");
	report = report_of(
		argv, path,
		SPU_OPTIONS(.method = (unsigned)_i,
			    .env = (char *const[]){"B=2", "A=1", "A=3", "odd", "=x", NULL}));
	ck_assert_uint_eq(count_strings(report->env), 5);
	ck_assert_str_eq(report->env[0], "B=2");
	ck_assert_str_eq(report->env[2], "A=3");
	ck_assert_str_eq(report->env[3], "odd");
	ck_assert_str_eq(report->env[4], "=x");
	report = report_of(argv, path,
			   SPU_OPTIONS(.method = (unsigned)_i, .env = (char *const[]){NULL}));
	ck_assert_uint_eq(count_strings(report->env), 0);
}
END_TEST

START_TEST(changes_to_the_environment_leave_the_callers_alone)
{
	const char *path = report_file();
	char *const *argv = SPU_ARGV(report_state(), path);
	struct state_report *report;
	size_t before;

	setenv("SPU_A", "old", 1);
	setenv("SPU_AB", "stays", 1);
	setenv("SPU_GONE", "x", 1);
	report = report_of(argv, path, SPU_OPTIONS(.method = (unsigned)_i));
	before = count_strings(report->env);
	report = report_of(argv, path, SPU_OPTIONS(.method = (unsigned)_i,
		.env_set = SPU_LIST("SPU_A=new", "SPU_NEW=", "SPU_A=newer", "SPU_BACK=1"),
		.env_unset = SPU_LIST("SPU_GONE", "SPU_BACK", "SPU_NEVER")));
	ck_assert_str_eq(find_variable(report, "SPU_A"), "newer");
	ck_assert_str_eq(find_variable(report, "SPU_AB"), "stays");
	ck_assert_str_eq(find_variable(report, "SPU_NEW"), "");
	ck_assert_str_eq(find_variable(report, "SPU_BACK"), "1");
	ck_assert_ptr_null(find_variable(report, "SPU_GONE"));
	ck_assert_uint_eq(count_strings(report->env), before + 1);
	ck_assert_str_eq(getenv("SPU_A"), "old");
	ck_assert_str_eq(getenv("SPU_GONE"), "x");
	ck_assert_ptr_null(getenv("SPU_NEW"));
}
END_TEST

static void launch_without_environment(void)
{
	struct state_report *report;
	const char *path = report_file();
	char *const *argv = SPU_ARGV(report_state(), path);

	clearenv();
	report = report_of(argv, path, NULL);
	ck_assert_uint_eq(count_strings(report->env), 0);
	report = report_of(argv, path,
			   SPU_OPTIONS(.env_set = SPU_LIST("A=1"), .env_unset = SPU_LIST("B")));
	ck_assert_uint_eq(count_strings(report->env), 1);
	/* PATH unset: the system's own */
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN),
				 NULL, NULL),
			 0);
}

START_TEST(a_caller_without_environment_launches)
{
	report_state();
	in_own_process(launch_without_environment);
}
END_TEST

/* Three directories, each with a "prog" that says where it is. */
static void make_programs(void)
{
	static const char *const names[] = {"one", "two", "three"};
	char name[32], text[64];
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(mkdir(in_scratch(names[i]), 0755), 0);
		snprintf(name, sizeof(name), "%s/prog", names[i]);
		snprintf(text, sizeof(text), "#!/bin/sh\nexit 1%d\n", i + 1);
		write_file(name, text, 0755);
	}
}

START_TEST(path_is_searched_in_order)
{
	char path[4 * PATH_MAX];

	make_programs();
	snprintf(path, sizeof(path), "%s:%s:%s", in_scratch("none"), in_scratch("two"),
		 in_scratch("one"));
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"), SPU_OPTIONS(.path = path)), 12);
	ck_assert_int_eq(exit_of(SPU_ARGV("anything"), SPU_OPTIONS(.path = path, .file = "prog")),
			 12);
	/* the environment that the child gets doesn't matter */
	setenv("PATH", path, 1);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"),
				 SPU_OPTIONS(.env = (char *const[]){"PATH=/nowhere", NULL})),
			 12);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"),
				 SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
					     .env = (char *const[]){"PATH=/nowhere", NULL})),
			 12);
	/* a file that isn't executable, a directory, a file in place of a directory: passed over */
	chmod(in_scratch("two/prog"), 0644);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"), SPU_OPTIONS(.path = path)), 11);
	unlink(in_scratch("two/prog"));
	mkdir(in_scratch("two/prog"), 0755);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"), SPU_OPTIONS(.path = path)), 11);
	write_file("none", "", 0755);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"), SPU_OPTIONS(.path = path)), 11);
}
END_TEST

START_TEST(relative_names_count_from_the_childs_directory)
{
	make_programs();
	ck_assert_int_eq(exit_of(SPU_ARGV("./prog"),
				 SPU_OPTIONS(.method = (unsigned)_i, .cwd = in_scratch("two"))),
			 12);
	ck_assert_int_eq(exit_of(SPU_ARGV("two/prog"),
				 SPU_OPTIONS(.method = (unsigned)_i, .cwd = scratch())),
			 12);
	setenv("PATH", "nowhere::three", 1);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"),
				 SPU_OPTIONS(.method = (unsigned)_i, .cwd = in_scratch("one"))),
			 11);
	ck_assert_int_eq(
		exit_of(SPU_ARGV("prog"), SPU_OPTIONS(.method = (unsigned)_i, .cwd = scratch())),
		13);
	setenv("PATH", "", 1);
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"),
				 SPU_OPTIONS(.method = (unsigned)_i, .cwd = in_scratch("two"))),
			 12);
}
END_TEST

START_TEST(a_long_path_is_searched_to_its_end)
{
	char *path = malloc(300000), *end = path;
	int i;

	make_programs();
	for (i = 0; i < 1000; i++)
		end += sprintf(end, "/nowhere/%0200d:", i);
	sprintf(end, "%s", in_scratch("one"));
	ck_assert_int_eq(exit_of(SPU_ARGV("prog"), SPU_OPTIONS(.path = path)), 11);
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	add_for_both(tests, arguments_arrive_byte_for_byte);
	add_for_both(tests, the_environment_is_the_callers_unless_given);
	add_for_both(tests, changes_to_the_environment_leave_the_callers_alone);
	tcase_add_test(tests, a_caller_without_environment_launches);
	tcase_add_test(tests, path_is_searched_in_order);
	add_for_both(tests, relative_names_count_from_the_childs_directory);
	tcase_add_test(tests, a_long_path_is_searched_to_its_end);
	return run_suite(suite);
}
