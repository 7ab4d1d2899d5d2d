/* SPDX-License-Identifier: MIT */
/* What a PATH makes of a name, and what a script's first line names. */
#include <errno.h>

#include "lib/plan/path.h"
#include "support.h"

/* The candidates, joined by spaces; checks that they fit into what was measured. */
static const char *candidates_of(const char *file, const char *path)
{
	static char joined[8192];
	const char *candidates[64];
	size_t count, bytes, i, length = 0;
	char *text;

	spu__measure_candidates(file, path, &count, &bytes);
	ck_assert_uint_lt(count, 64);
	text = malloc(bytes + 1);
	memset(text, 0x5a, bytes + 1);
	spu__write_candidates(file, path, candidates, text);
	ck_assert_msg(text[bytes] == 0x5a, "more was written than was measured");
	ck_assert_ptr_null(candidates[count]);
	joined[0] = '\0';
	for (i = 0; candidates[i]; i++)
		length += (size_t)snprintf(joined + length, sizeof(joined) - length, "%s%s",
					   i ? " " : "", candidates[i]);
	ck_assert_uint_eq(i, count);
	free(text);
	return joined;
}

START_TEST(each_directory_makes_a_candidate)
{
	ck_assert_str_eq(candidates_of("ls", "/bin"), "/bin/ls");
	ck_assert_str_eq(candidates_of("ls", "/bin:/usr/bin:x/y"), "/bin/ls /usr/bin/ls x/y/ls");
	ck_assert_str_eq(candidates_of("a b", "/x y:/z"), "/x y/a b /z/a b");
	ck_assert_str_eq(candidates_of("ls", "/bin/"), "/bin//ls");
}
END_TEST

START_TEST(an_empty_entry_is_the_working_directory)
{
	ck_assert_str_eq(candidates_of("ls", ""), "./ls");
	ck_assert_str_eq(candidates_of("ls", ":"), "./ls ./ls");
	ck_assert_str_eq(candidates_of("ls", ":/bin"), "./ls /bin/ls");
	ck_assert_str_eq(candidates_of("ls", "/bin:"), "/bin/ls ./ls");
	ck_assert_str_eq(candidates_of("ls", "/a::/b"), "/a/ls ./ls /b/ls");
	ck_assert_str_eq(candidates_of("ls", ":::"), "./ls ./ls ./ls ./ls");
}
END_TEST

START_TEST(a_slash_or_no_name_at_all_is_not_looked_for)
{
	static const char *const names[] = {"/bin/ls", "./ls", "a/b", "/", "ls/", ""};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_str_eq(candidates_of(names[i], "/bin:/usr/bin"), names[i]);
}
END_TEST

START_TEST(long_names_and_paths_fit_what_was_measured)
{
	static char file[5000], path[200000];
	const char **candidates;
	size_t count, bytes, i, length = 0;
	char *text;

	memset(file, 'f', sizeof(file) - 1);
	for (i = 0; i < 900; i++)
		length += (size_t)sprintf(path + length, "%s/%0200zu", i ? ":" : "", i);
	spu__measure_candidates(file, path, &count, &bytes);
	ck_assert_uint_eq(count, 900);
	candidates = calloc(count + 1, sizeof(*candidates));
	text = malloc(bytes);
	spu__write_candidates(file, path, candidates, text);
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(strlen(candidates[i]), 201 + 1 + sizeof(file) - 1);
		ck_assert(candidates[i] >= text &&
			  candidates[i] + strlen(candidates[i]) < text + bytes);
	}
	free(candidates);
	free(text);
}
END_TEST

static const char *interpreter_of(const char *head, size_t size)
{
	static char interpreter[32];

	memset(interpreter, 0x5a, sizeof(interpreter));
	if (spu__parse_interpreter(head, size, interpreter, sizeof(interpreter)) < 0)
		return NULL;
	return interpreter;
}

#define INTERPRETER(line) interpreter_of(line, sizeof(line) - 1)

START_TEST(the_first_line_names_an_interpreter)
{
	ck_assert_str_eq(INTERPRETER("#!/bin/sh\n"), "/bin/sh");
	ck_assert_str_eq(INTERPRETER("#!/bin/sh"), "/bin/sh");
	ck_assert_str_eq(INTERPRETER("#! \t /bin/sh\n"), "/bin/sh");
	ck_assert_str_eq(INTERPRETER("#!/usr/bin/env python3\n"), "/usr/bin/env");
	ck_assert_str_eq(INTERPRETER("#!/bin/sh\t-e"), "/bin/sh");
	ck_assert_str_eq(INTERPRETER("#!relative\necho"), "relative");
	ck_assert_str_eq(INTERPRETER("#!/bin/sh\0rest\n"), "/bin/sh");
	ck_assert_str_eq(INTERPRETER("#!/bin/sh\r\n"), "/bin/sh\r");
}
END_TEST

START_TEST(other_files_name_none)
{
	ck_assert_ptr_null(INTERPRETER(""));
	ck_assert_ptr_null(INTERPRETER("#"));
	ck_assert_ptr_null(INTERPRETER("#!"));
	ck_assert_ptr_null(INTERPRETER("#!\n/bin/sh"));
	ck_assert_ptr_null(INTERPRETER("#!  \t\n"));
	ck_assert_ptr_null(INTERPRETER("# !/bin/sh\n"));
	ck_assert_ptr_null(INTERPRETER("!#/bin/sh\n"));
	ck_assert_ptr_null(INTERPRETER("\x7f""ELF"));
	/* what doesn't fit isn't cut to another name */
	ck_assert_ptr_null(INTERPRETER("#!/0123456789012345678901234567890\n"));
	ck_assert_str_eq(INTERPRETER("#!/012345678901234567890123456789\n"),
			 "/012345678901234567890123456789");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("path");
	TCase *tests = tcase_create("path");

	tcase_add_test(tests, each_directory_makes_a_candidate);
	tcase_add_test(tests, an_empty_entry_is_the_working_directory);
	tcase_add_test(tests, a_slash_or_no_name_at_all_is_not_looked_for);
	tcase_add_test(tests, long_names_and_paths_fit_what_was_measured);
	tcase_add_test(tests, the_first_line_names_an_interpreter);
	tcase_add_test(tests, other_files_name_none);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
