/* SPDX-License-Identifier: MIT */
/* spawnaudit's script room: what an interpreter runs, by its arguments. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "spawnaudit/look/script.h"
#include "support.h"

/* Words with blanks between them are the arguments; expected NULL: nothing is told. */
static const struct row {
	const char *program, *words, *expected;
} rows[] = {
	{"/usr/bin/python3.11", "python3 build.py", "build.py"},
	{"/usr/bin/python3.11", "/usr/bin/python3 /srv/a/build.py x y", "/srv/a/build.py"},
	{"/usr/bin/python3.11", "python3 -u build.py -c x", "build.py"},
	{"/usr/bin/python3.11", "python3 -uB -E -- -build.py", "-build.py"},
	{"/usr/bin/python3.11", "python3 -m http.server 80", "http.server"},
	{"/usr/bin/python3.11", "python3 -umhttp.server", "http.server"},
	{"/usr/bin/python3.11 (deleted)", "python3 build.py", "build.py"},
	{"/usr/bin/python3.11", "python3", NULL},
	{"/usr/bin/python3.11", "python3 -u", NULL},
	{"/usr/bin/python3.11", "python3 --", NULL},
	{"/usr/bin/python3.11", "python3 -m", NULL},
	{"/usr/bin/python3.11", "python3 - build.py", NULL},
	{"/usr/bin/python3.11", "python3 -c text build.py", NULL},
	{"/usr/bin/python3.11", "python3 -uc text build.py", NULL},
	{"/usr/bin/python3.11", "python3 -W ignore build.py", NULL},
	{"/usr/bin/python3.11", "python3 --check-hash-based-pycs never build.py", NULL},
	{"/usr/bin/dash", "sh ./deploy.sh", "./deploy.sh"},
	{"/usr/bin/dash", "/bin/sh -eu ./deploy.sh -c", "./deploy.sh"},
	{"/usr/bin/dash", "sh +x -e ./deploy.sh", "./deploy.sh"},
	{"/usr/bin/dash", "sh -c text name", NULL},
	{"/usr/bin/dash", "sh -ec text name", NULL},
	{"/usr/bin/dash", "sh -s x", NULL},
	{"/usr/bin/dash", "sh -o pipefail deploy.sh", NULL},
	{"/usr/bin/bash", "bash --norc deploy.sh", NULL},
	{"/usr/bin/bash", "bash /dev/fd/63", "/dev/fd/63"},
	{"/usr/bin/perl", "perl -w x.pl", "x.pl"},
	{"/usr/bin/perl", "perl -e text x", NULL},
	{"/usr/bin/perl", "perl -ne text x", NULL},
	{"/usr/bin/perl", "perl -I lib x.pl", NULL},
	{"/usr/bin/perl5.36-x86_64-linux-gnu", "perl x.pl", "x.pl"},
	{"/usr/bin/ruby3.1", "ruby -w x.rb", "x.rb"},
	{"/usr/bin/php8.2", "php -n -f x.php", "x.php"},
	{"/usr/bin/node", "node --max-old-space-size=9 app.js", "app.js"},
	{"/usr/bin/node", "node --require x app.js", NULL},
	{"/usr/bin/busybox", "sh -e x.sh", "x.sh"},
	{"/bin/busybox", "/bin/ash x.sh", "x.sh"},
	{"/bin/busybox", "ls x.sh", NULL},
	{"/bin/busybox", "busybox sh x.sh", NULL},
	/* no interpreters, whatever their arguments say */
	{"/usr/bin/shred", "sh x.sh", NULL},
	{"/usr/bin/node_exporter", "node x", NULL},
	{"/srv/server", "python3 build.py", NULL},
	{"/srv/python3/server", "python3 build.py", NULL},
};

/* Each byte behind them would be found by a sanitizer or valgrind. */
static char *script_of_words(const char *program, const char *words, size_t size)
{
	char *arguments = malloc(size), *script;

	for (size_t i = 0; i < size; i++)
		arguments[i] = (char)(words[i] == ' ' ? '\0' : words[i]);
	script = script_of(program, arguments, size);
	free(arguments);
	return script;
}

START_TEST(first_argument_that_is_no_option)
{
	const struct row *row = &rows[_i];
	char *script = script_of_words(row->program, row->words, strlen(row->words) + 1);

	ck_assert_pstr_eq(script, row->expected);
	free(script);
}
END_TEST

/* A process may say what it likes: setproctitle(3) leaves one text, or many empty ones. */
START_TEST(arguments_that_end_anywhere)
{
	static const char words[] = "python3 -u -- build.py";
	char *script;

	for (size_t size = 1; size < sizeof(words); size++) {
		script = script_of_words("/usr/bin/python3", words, size);
		ck_assert_msg(!script, "%zu bytes: %s", size, script);
	}
	script = script_of_words("/usr/bin/python3", words, sizeof(words));
	ck_assert_str_eq(script, "build.py");
	free(script);
	ck_assert_ptr_null(script_of("/usr/bin/python3", "python3: at work\0\0", 19));
	ck_assert_ptr_null(script_of_words("/usr/bin/python3", "    ", 4));
	ck_assert_ptr_null(script_of("/usr/bin/python3", "", 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("script");
	TCase *scripts = tcase_create("scripts");

	tcase_add_loop_test(scripts, first_argument_that_is_no_option, 0,
			    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(scripts, arguments_that_end_anywhere);
	suite_add_tcase(suite, scripts);
	return run_suite(suite);
}
