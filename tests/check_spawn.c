/* SPDX-License-Identifier: MIT */
/*
 * Launches: what a child is like, by both methods, and how failures are told.
 * Descriptors have a suite of their own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>

#include "support.h"

#define SUITE "spawn"

/* Runs a test by each method: _i is the method. */
#define add_for_both(tests, name) \
	tcase_add_loop_test(tests, name, SPU_METHOD_VFORK, SPU_METHOD_POSIX_SPAWN + 1)

/* glibc's posix_spawn hands its own two signals on ignored. */
#define LIBC_SIGNALS (SPU_SIGNAL(32) | SPU_SIGNAL(33))

static struct state_report *report_of(char *const argv[], const char *path,
				      const struct spu_options *options)
{
	struct spu_error error;
	int status, r = spu_run(argv, options, &status, &error);

	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	return read_report(path);
}

static const char *find_variable(const struct state_report *report, const char *name)
{
	size_t i, length = strlen(name);

	for (i = 0; report->env && report->env[i]; i++)
		if (strncmp(report->env[i], name, length) == 0 && report->env[i][length] == '=')
			return report->env[i] + length + 1;
	return NULL;
}

static size_t count_strings(char **list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

/* The launch must fail so, leave nothing, and write nothing but the error. */
#define ASSERT_FAILS(argv, options, err, step, index, text) \
	assert_fails(argv, options, err, step, index, text, __LINE__)
static void assert_fails(char *const argv[], const struct spu_options *options, int err,
			 unsigned step, int index, const char *text, int line)
{
	size_t open_before = count_open();
	struct spu_child child = {.pid = 4711, .pidfd = 4711};
	struct spu_error error = {.err = 4711};
	int r = spu_spawn(&child, argv, options, &error);

	ck_assert_msg(r == -err, "line %d: result %d, not %d", line, r, -err);
	ck_assert_msg(error.err == err, "line %d: err %d", line, error.err);
	ck_assert_msg(error.step == step, "line %d: step %u, not %u (%s)", line, error.step, step,
		      error.text);
	ck_assert_msg(error.index == index, "line %d: index %d (%s)", line, error.index,
		      error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "line %d: \"%s\" has no \"%s\"", line,
		      error.text, text);
	ck_assert_ptr_null(strchr(error.text, '\n'));
	ck_assert_int_eq(child.pid, 4711);
	ck_assert_int_eq(child.pidfd, 4711);
	assert_unchanged(open_before);
}

/*
 * ---- Arguments, environment, the program
 */

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

static int exit_of(char *const argv[], const struct spu_options *options)
{
	struct spu_error error;
	int status, r = spu_run(argv, options, &status, &error);

	ASSERT_OK(r, error);
	return spu_exit_code(status);
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

/*
 * ---- Why a program can't be executed
 */

START_TEST(a_missing_program_is_named)
{
	int pass;

	for (pass = 0; pass < 2; pass++) {
		ASSERT_FAILS(SPU_ARGV("/no/such/program"), NULL, ENOENT, SPU_STEP_EXEC, 0,
			     "exec /no/such/program: No such file or directory");
		ASSERT_FAILS(SPU_ARGV("no-such-program"), SPU_OPTIONS(.path = "/bin:/usr/bin:/x"),
			     ENOENT, SPU_STEP_EXEC, 0,
			     "exec no-such-program: not in PATH: No such file or directory");
		ASSERT_FAILS(SPU_ARGV(""), NULL, ENOENT, SPU_STEP_EXEC, 0,
			     "exec \"\": No such file or directory");
		ASSERT_FAILS(SPU_ARGV("here"), SPU_OPTIONS(.file = "/no/such/file"), ENOENT,
			     SPU_STEP_EXEC, 0, "exec /no/such/file: ");
	}
}
END_TEST

START_TEST(a_directory_is_told_from_a_file_without_permission)
{
	char path[3 * PATH_MAX];

	ASSERT_FAILS(SPU_ARGV(scratch()), NULL, EACCES, SPU_STEP_EXEC, 0,
		     ": a directory: Permission denied");
	ASSERT_FAILS(SPU_ARGV("below"), SPU_OPTIONS(.path = "/nowhere"), ENOENT, SPU_STEP_EXEC, 0,
		     "not in PATH");
	write_file("plain", "#!/bin/sh\n", 0644);
	ASSERT_FAILS(SPU_ARGV(in_scratch("plain")), NULL, EACCES, SPU_STEP_EXEC, 0,
		     "plain: not executable: Permission denied");
	/* along PATH it wins over "no such file", whichever comes first, and says where */
	snprintf(path, sizeof(path), "/nowhere:%s:/nowhere/else", scratch());
	ASSERT_FAILS(SPU_ARGV("plain"), SPU_OPTIONS(.path = path), EACCES, SPU_STEP_EXEC, 1,
		     in_scratch("plain"));
	ck_assert_int_eq(mkdir(in_scratch("below"), 0755), 0);
	ASSERT_FAILS(SPU_ARGV("./below"), SPU_OPTIONS(.cwd = scratch()), EACCES, SPU_STEP_EXEC, 0,
		     "exec ./below: a directory");
	ASSERT_FAILS(SPU_ARGV(in_scratch("plain/x")), NULL, ENOTDIR, SPU_STEP_EXEC, 0,
		     "Not a directory");
}
END_TEST

START_TEST(a_missing_interpreter_is_told_from_a_missing_file)
{
	char path[2 * PATH_MAX];

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	write_file("script", "#! /no/such/interpreter -x\n", 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "script: its interpreter /no/such/interpreter: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("./script"), SPU_OPTIONS(.cwd = scratch()), ENOENT, SPU_STEP_EXEC, 0,
		     "exec ./script: its interpreter /no/such/interpreter");
	snprintf(path, sizeof(path), "/nowhere:%s", scratch());
	ASSERT_FAILS(SPU_ARGV("script"), SPU_OPTIONS(.path = path), ENOENT, SPU_STEP_EXEC, 1,
		     "its interpreter /no/such/interpreter");
	/* a line that ends as on another system */
	write_file("dos", "#!/bin/sh\r\n", 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("dos")), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "its interpreter \"/bin/sh\\r\": No such file or directory");
}
END_TEST

/* A program whose loader is missing: our own, with the loader's path made wrong. */
START_TEST(a_missing_loader_is_told_from_a_missing_file)
{
	FILE *in = fopen(report_state(), "re"), *out = fopen(in_scratch("loaderless"), "we");
	static char image[8 << 20];
	size_t size = fread(image, 1, sizeof(image), in);
	char *loader = memmem(image, size, "/ld-linux", 9);

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	fclose(in);
	if (loader) {
		loader[1] = 'X';
		ck_assert_uint_eq(fwrite(image, 1, size, out), size);
	}
	fclose(out);
	if (!loader)
		SKIP(SUITE, "the helper has no loader that is known here");
	chmod(in_scratch("loaderless"), 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("loaderless")), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "it exists, but its loader");
}
END_TEST

START_TEST(what_a_file_lacks_to_be_a_program_is_said)
{
	char script[2 * PATH_MAX];

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	write_file("elf", "\177ELF\2\1\1", 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("elf")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "elf: not for this machine, or damaged: Exec format error");
	write_file("marked", "\357\273\277#!/bin/sh\n", 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("marked")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "marked: a byte order mark before its \"#!\": Exec format error");
	write_file("bare", "#! \n", 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("bare")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "bare: no interpreter behind its \"#!\": Exec format error");
	write_file("text", "exit 0\n", 0755);
	snprintf(script, sizeof(script), "#!%s\n", in_scratch("text"));
	write_file("script", script, 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "/text: Exec format error");
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "script: its interpreter ");
}
END_TEST

START_TEST(a_name_that_shows_badly_is_quoted)
{
	char name[300];

	/* one of the caller's may not be searchable for an ordinary user */
	setenv("PATH", "/usr/bin:/bin", 1);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = ""), ENOENT, SPU_STEP_CWD, -1,
		     "chdir \"\": No such file or directory");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/no where"), ENOENT, SPU_STEP_CWD, -1,
		     "chdir \"/no where\": No such file or directory");
	ASSERT_FAILS(SPU_ARGV("/nowhere/\n\t\"\33[2J\\\177\303\244"), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "exec \"/nowhere/\\n\\t\\\"\\033[2J\\\\\\177\303\244\": No such file");
	ASSERT_FAILS(SPU_ARGV("no command"), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "exec \"no command\": not in PATH: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("/nowhere/\302\2332J\233"), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "exec \"/nowhere/\\302\\2332J\\233\": No such file");
	/* what is long is cut, and one sees that it is */
	memset(name, '\n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "\\n\\n\"...: File name too long");
	memset(name, 'x', sizeof(name) - 1);
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "xxx...: File name too long");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.env_set = SPU_LIST("")), EINVAL,
		     SPU_STEP_OPTIONS, 0, "env_set: \"\" is not NAME=VALUE");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.env_set = SPU_LIST("a\33c")), EINVAL,
		     SPU_STEP_OPTIONS, 0, "env_set: \"a\\033c\" is not NAME=VALUE");
}
END_TEST

START_TEST(what_is_no_program_is_not_handed_to_a_shell)
{
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	write_file("empty", "", 0755);
	write_file("text", "exit 0\n", 0755);
	ASSERT_FAILS(SPU_ARGV(in_scratch("empty")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "empty: it is empty: Exec format error");
	ASSERT_FAILS(SPU_ARGV(in_scratch("text")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "text: no \"#!\" line: Exec format error");
	ASSERT_FAILS(SPU_ARGV("./text"), SPU_OPTIONS(.cwd = scratch()), ENOEXEC, SPU_STEP_EXEC, 0,
		     "exec ./text: no \"#!\" line: ");
	ck_assert_int_eq(spu_run(SPU_ARGV(in_scratch("text")),
				 SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), NULL, NULL),
			 -ENOEXEC);
}
END_TEST

START_TEST(too_much_is_said_to_be_too_much)
{
	char *large = malloc(3 << 20);
	char **many = calloc(2000001, sizeof(*many));
	size_t i;

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	memset(large, 'x', (3 << 20) - 1);
	large[(3 << 20) - 1] = '\0';
	ASSERT_FAILS(SPU_ARGV("/bin/true", large), NULL, E2BIG, SPU_STEP_EXEC, 0,
		     "Argument list too long");
	for (i = 0; i < 2000000; i++)
		many[i] = "argument";
	ASSERT_FAILS(many, SPU_OPTIONS(.file = "/bin/true"), E2BIG, SPU_STEP_EXEC, 0,
		     "exec /bin/true: Argument list too long");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.env = many), E2BIG, SPU_STEP_EXEC, 0,
		     "Argument list too long");
	free(large);
	free(many);
}
END_TEST

START_TEST(a_hundred_thousand_arguments_arrive)
{
	enum { COUNT = 100000 };
	static char *argv[COUNT + 1];
	struct rlimit limit;
	size_t i;

	getrlimit(RLIMIT_STACK, &limit);
	if (limit.rlim_cur < 8 << 20)
		SKIP(SUITE, "the stack limit leaves no room for so many arguments");
	argv[0] = "sh", argv[1] = "-c", argv[2] = "test $# -eq 99996";
	for (i = 3; i < COUNT; i++)
		argv[i] = "x";
	ck_assert_int_eq(exit_of(argv, SPU_OPTIONS(.method = (unsigned)_i)), 0);
}
END_TEST

START_TEST(a_loop_of_links_is_named)
{
	ck_assert_int_eq(symlink("loop", in_scratch("loop")), 0);
	ASSERT_FAILS(SPU_ARGV(in_scratch("loop")), NULL, ELOOP, SPU_STEP_EXEC, 0,
		     "loop: Too many levels");
}
END_TEST

START_TEST(names_that_are_too_long_are_cut_in_the_text)
{
	char name[6000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "...: File name too long");
	name[0] = '/';
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "...: File name too long");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = name), ENAMETOOLONG, SPU_STEP_CWD, -1,
		     "...: File name too long");
	name[4000] = '\0';
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = name), ENAMETOOLONG, SPU_STEP_CWD, -1,
		     "chdir /nnn");
}
END_TEST

/* The pauses of the retry are a lower bound; nothing here depends on how fast anything is. */
static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int open_busy_program(void)
{
	char command[3 * PATH_MAX];
	int fd;

	snprintf(command, sizeof(command), "cp /bin/true '%s'", in_scratch("busy"));
	ck_assert_int_eq(system(command), 0);
	fd = open(in_scratch("busy"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(a_program_that_stays_busy_is_retried_and_reported)
{
	int fd = open_busy_program();
	struct spu_child child;
	struct spu_error error;
	double started = seconds();
	int r = spu_spawn(&child, SPU_ARGV(in_scratch("busy")), SPU_OPTIONS(.method = (unsigned)_i),
			  &error);

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	if (r == 0)
		SKIP(SUITE, "this kernel executes what is open for writing");
	ck_assert_int_eq(r, -ETXTBSY);
	ck_assert(seconds() - started >= 0.1);
	ck_assert_ptr_nonnull(strstr(error.text, _i == SPU_METHOD_POSIX_SPAWN ?
				     "busy: Text file busy" :
				     "busy: open for writing: Text file busy"));
	close(fd);
	assert_no_child();
}
END_TEST

static void *close_soon(void *argument)
{
	usleep(3000);
	close(*(int *)argument);
	return NULL;
}

START_TEST(a_program_that_is_busy_for_a_moment_is_launched)
{
	pthread_t closer;
	int fd, r = -1, try;

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	for (try = 0; try < 50 && r != 0; try++) {
		fd = open_busy_program();
		pthread_create(&closer, NULL, close_soon, &fd);
		r = spu_run(SPU_ARGV(in_scratch("busy")), SPU_OPTIONS(.method = (unsigned)_i), NULL,
			    NULL);
		pthread_join(closer, NULL);
	}
	ck_assert_int_eq(r, 0);
}
END_TEST

/*
 * ---- Other steps that fail
 */

START_TEST(a_missing_directory_is_named)
{
	write_file("file", "", 0644);
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), ENOENT, SPU_STEP_CWD, -1,
		     "chdir /nowhere: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = in_scratch("file")), ENOTDIR,
		     SPU_STEP_CWD, -1, "file: Not a directory");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = ""), ENOENT, SPU_STEP_CWD, -1, "chdir");
}
END_TEST

START_TEST(what_needs_a_group_or_a_terminal_says_so)
{
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.pgroup = SPU_SET(1)), EPERM, SPU_STEP_PGROUP,
		     -1, "setpgid 1: Operation not permitted");
	ASSERT_FAILS(
		SPU_ARGV("true"),
		SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(0), .fds = SPU_FDS(SPU_NULL(0))),
		ENOTTY, SPU_STEP_CTTY, -1, "ctty 0: Inappropriate ioctl");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.foreground = SPU_SET(7)), EBADF,
		     SPU_STEP_FOREGROUND, -1, "foreground 7: Bad file descriptor");
}
END_TEST

static void launch_beyond_the_process_limit(void)
{
	struct rlimit limit = {0, 0};

	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &limit), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), NULL, EAGAIN, SPU_STEP_CLONE, -1,
		     "clone: too many processes: Resource temporarily unavailable");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), EAGAIN,
		     SPU_STEP_POSIX_SPAWN, -1, "posix_spawn /bin/true: Resource");
}

START_TEST(no_room_for_a_process_is_said_to_be_that)
{
	in_own_process(launch_beyond_the_process_limit);
}
END_TEST

static void *nothing(void *argument)
{
	return argument;
}

static volatile sig_atomic_t children_died;

static void count_death(int number)
{
	(void)number;
	children_died++;
}

START_TEST(a_failed_launch_raises_no_signal_and_no_waiter_sees_it)
{
	struct sigaction action = {.sa_handler = count_death};
	struct spu_child child;
	pthread_t thread;
	int i;

	sigaction(SIGCHLD, &action, NULL);
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("/nowhere"), NULL, NULL), -ENOENT);
	ck_assert_int_eq(children_died, 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	ck_assert_int_eq(children_died, 1);
	/* a thread of the caller's is enough for glibc to be done with its own */
	pthread_create(&thread, NULL, nothing, NULL);
	pthread_join(thread, NULL);
	assert_no_child();
}
END_TEST

static void fail_with_sigchld_ignored(void)
{
	signal(SIGCHLD, SIG_IGN);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "/nowhere");
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT, SPU_STEP_EXEC,
		     0, "/nowhere");
}

START_TEST(failures_are_told_with_sigchld_ignored_too)
{
	in_own_process(fail_with_sigchld_ignored);
}
END_TEST

/*
 * ---- What a child is like
 */

START_TEST(the_child_is_ours_and_its_pidfd_close_on_exec)
{
	const char *path = report_file();
	struct state_report *report;
	struct spu_child child;
	struct spu_error error;
	int status, r;

	r = spu_spawn(&child, SPU_ARGV(report_state(), path), SPU_OPTIONS(.method = (unsigned)_i),
		      &error);
	ASSERT_OK(r, error);
	if (child.pidfd >= 0)
		ck_assert_int_eq(fcntl(child.pidfd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	spu_child_release(&child);
	report = read_report(path);
	ck_assert_int_eq(report->pid, child.pid);
	ck_assert_int_eq(report->ppid, getpid());
	ck_assert_int_eq(report->sid, getsid(0));
	ck_assert_int_eq(report->pgid, getpgrp());
}
END_TEST

START_TEST(without_a_pidfd_the_child_is_waited_for_by_number)
{
	struct spu_child child;
	struct spu_error error;
	int status, r;

	r = spu_spawn(&child, SPU_ARGV("sh", "-c", "exit 3"),
		      SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_NO_PIDFD), &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(child.pidfd, -1);
	ck_assert_int_eq(spu_kill(&child, 0, 0), 0);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(spu_exit_code(status), 3);
	spu_child_release(&child);
}
END_TEST

START_TEST(cwd_and_umask_are_the_childs_alone)
{
	char before[PATH_MAX], resolved[PATH_MAX];
	struct state_report *report;

	getcwd(before, sizeof(before));
	ck_assert_ptr_nonnull(realpath(scratch(), resolved));
	umask(026);
	report = run_report(SPU_OPTIONS(.cwd = scratch()));
	ck_assert_str_eq(report->cwd, resolved);
	ck_assert_uint_eq(report->umask, 026);
	report = run_report(SPU_OPTIONS(.umask = SPU_SET(0)));
	ck_assert_str_eq(report->cwd, before);
	ck_assert_uint_eq(report->umask, 0);
	ck_assert_uint_eq(run_report(SPU_OPTIONS(.umask = SPU_SET(0777)))->umask, 0777);
	ck_assert_uint_eq(umask(026), 026);
	ck_assert_str_eq(getcwd(resolved, sizeof(resolved)), before);
}
END_TEST

START_TEST(a_session_or_a_group_of_its_own)
{
	struct state_report *report =
		run_report(SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_SETSID));
	struct spu_child leader;
	struct spu_error error;
	int in, r;

	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_int_eq(report->pgid, report->pid);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .pgroup = SPU_SET(0)));
	ck_assert_int_eq(report->sid, getsid(0));
	ck_assert_int_eq(report->pgid, report->pid);
	/* into the group of another child */
	r = spu_spawn(&leader, SPU_ARGV("cat"),
		      SPU_OPTIONS(.method = (unsigned)_i, .pgroup = SPU_SET(0),
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &in))),
		      &error);
	ASSERT_OK(r, error);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .pgroup = SPU_SET(leader.pid)));
	ck_assert_int_eq(report->pgid, leader.pid);
	close(in);
	ck_assert_int_eq(spu_wait(&leader, -1, NULL), 0);
	spu_child_release(&leader);
}
END_TEST

/* A terminal; returns the master, *ret_slave is opened without becoming controlling. */
static int open_terminal(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *ret_slave < 0 ? -1 : master;
}

static void use_terminal(void)
{
	struct state_report *report;
	int slave, master = open_terminal(&slave);

	if (master < 0)
		_exit(0);	/* the test looked before: it was there then */
	report = run_report(SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(0),
					.fds = SPU_FDS(SPU_MAP(0, slave))));
	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_int_eq(report->foreground, report->pid);
	/* the terminal opened by the child itself */
	report = run_report(SPU_OPTIONS(.flags = SPU_SETSID, .ctty = SPU_SET(9),
					.fds = SPU_FDS(SPU_OPEN(9, ptsname(master), O_RDWR))));
	ck_assert_int_eq(report->foreground, report->pid);
}

static void use_foreground(void)
{
	struct state_report *report;
	unsigned method;
	int slave, master = open_terminal(&slave);
	pid_t mine;

	if (master < 0)
		_exit(0);
	ck_assert_int_eq(setsid(), getpid());
	ck_assert_int_eq(ioctl(slave, TIOCSCTTY, 0), 0);
	mine = getpgrp();
	signal(SIGTTOU, SIG_IGN);
	for (method = SPU_METHOD_VFORK; method <= SPU_METHOD_POSIX_SPAWN; method++) {
		/* a group of its own */
		report = run_report(SPU_OPTIONS(.method = method, .pgroup = SPU_SET(0),
						.foreground = SPU_SET(0),
						.fds = SPU_FDS(SPU_MAP(0, slave))));
		ck_assert_int_eq(report->pgid, report->pid);
		ck_assert_int_eq(report->foreground, report->pid);
		/* in the caller's group: that one comes to the foreground again */
		report = run_report(SPU_OPTIONS(.method = method, .foreground = SPU_SET(5),
						.fds = SPU_FDS(SPU_MAP(5, slave))));
		ck_assert_int_eq(report->pgid, mine);
		ck_assert_int_eq(report->foreground, mine);
		ck_assert_int_eq(tcgetpgrp(slave), mine);
	}
}

static int has_terminals(void)
{
	int slave, master = open_terminal(&slave);

	if (master < 0)
		return 0;
	close(slave);
	close(master);
	return 1;
}

START_TEST(a_terminal_becomes_the_sessions)
{
	if (!has_terminals())
		SKIP(SUITE, "no pseudo-terminals here");
	in_own_process(use_terminal);
}
END_TEST

START_TEST(the_childs_group_comes_to_the_foreground)
{
	if (!has_terminals())
		SKIP(SUITE, "no pseudo-terminals here");
	in_own_process(use_foreground);
}
END_TEST

/*
 * ---- Signals
 */

static void on_signal(int number)
{
	(void)number;
}

/* Sanitizers' runtimes catch some signals in the helper itself. */
#define COMPARED (~(LIBC_SIGNALS | SPU_SIGNAL(SIGSEGV) | SPU_SIGNAL(SIGBUS) | SPU_SIGNAL(SIGFPE)))

START_TEST(ignored_stays_ignored_and_caught_becomes_default)
{
	uint64_t ignored_before = run_report(NULL)->ignored;
	struct state_report *report;

	SKIP_UNDER_VALGRIND(SUITE, OWN_SIGNAL);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMIN + 3, on_signal);
	signal(SIGRTMAX, SIG_IGN);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i));
	ck_assert_uint_eq(report->caught & COMPARED, 0);
	ck_assert_uint_eq(report->ignored & COMPARED, ((ignored_before & ~SPU_SIGNAL(SIGUSR1)) |
						       SPU_SIGNAL(SIGUSR2) | SPU_SIGNAL(SIGRTMAX)) &
							      COMPARED);
	report = run_report(
		SPU_OPTIONS(.method = (unsigned)_i,
			    .default_signals = SPU_SIGNAL(SIGUSR2) | SPU_SIGNAL(SIGRTMAX)));
	ck_assert_uint_eq(report->ignored & (SPU_SIGNAL(SIGUSR2) | SPU_SIGNAL(SIGRTMAX)), 0);
}
END_TEST

START_TEST(signals_are_ignored_on_request)
{
	struct state_report *report;

	SKIP_UNDER_VALGRIND(SUITE, OWN_SIGNAL);
	signal(SIGUSR1, on_signal);
	report = run_report(SPU_OPTIONS(.ignore_signals = SPU_SIGNAL(SIGUSR1) | SPU_SIGNAL(SIGHUP) |
							  SPU_SIGNAL(64)));
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGUSR1), SPU_SIGNAL(SIGUSR1));
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGHUP), SPU_SIGNAL(SIGHUP));
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(64), SPU_SIGNAL(64));
	/* all but the two that can't be, libc's own among them */
	report = run_report(
		SPU_OPTIONS(.ignore_signals = ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP) |
						SPU_SIGNAL(SIGCHLD))));
	ck_assert_uint_eq(report->ignored | SPU_SIGNAL(SIGCHLD) | ~COMPARED,
			  ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP)) | ~COMPARED);
	report = run_report(
		SPU_OPTIONS(.default_signals = ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP))));
	ck_assert_uint_eq(report->ignored, 0);
}
END_TEST

START_TEST(the_mask_is_empty_kept_or_given)
{
	struct state_report *report;
	sigset_t mask, after;

	if (_i == SPU_METHOD_POSIX_SPAWN)
		SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &mask, &after);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ck_assert_uint_eq(run_report(SPU_OPTIONS(.method = (unsigned)_i))->mask, 0);
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_KEEP_MASK));
	ck_assert(memcmp(&report->mask, &mask, sizeof(report->mask)) == 0);
	report = run_report(
		SPU_OPTIONS(.method = (unsigned)_i,
			    .block_signals = SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(64) | SPU_SIGNAL(1)));
	ck_assert_uint_eq(report->mask, SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(64) | SPU_SIGNAL(1));
	report = run_report(SPU_OPTIONS(.method = (unsigned)_i, .flags = SPU_KEEP_MASK,
					.block_signals = SPU_SIGNAL(SIGTERM)));
	ck_assert_uint_eq(report->mask & (SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(SIGUSR1)),
			  SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(SIGUSR1));
	/* ours is as it was, after failures too */
	ck_assert_int_eq(
		spu_run(SPU_ARGV("/nowhere"), SPU_OPTIONS(.method = (unsigned)_i), NULL, NULL),
		-ENOENT);
	sigprocmask(SIG_BLOCK, NULL, &after);
	ck_assert(memcmp(&after, &mask, 8) == 0);
}
END_TEST

/* Real-time signals to the whole group while launching: no handler may run in a child. */
static atomic_int foreign_handlers, handled;
static pid_t launcher;

static void check_process(int number)
{
	(void)number;
	if (syscall(SYS_getpid) != launcher)
		atomic_fetch_add(&foreign_handlers, 1);
	atomic_fetch_add(&handled, 1);
}

START_TEST(handlers_never_run_in_a_child)
{
	struct sigaction action = {.sa_handler = check_process, .sa_flags = SA_RESTART};
	int i;
	pid_t sender;

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	setpgid(0, 0);
	launcher = getpid();
	sigaction(SIGRTMIN + 2, &action, NULL);
	sender = fork();
	if (sender == 0) {
		signal(SIGRTMIN + 2, SIG_IGN);
		for (;;) {
			kill(0, SIGRTMIN + 2);
			usleep(100);
		}
	}
	for (i = 0; i < 300; i++) {
		struct spu_error error;
		/* the child may be killed by it, in its set-up or later */
		int r = spu_run(SPU_ARGV("/bin/true"), SPU_OPTIONS(.method = (unsigned)_i), NULL,
				&error);

		ck_assert_msg(r == 0 || r == -ECANCELED, "%s", error.text);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	ck_assert_int_gt(atomic_load(&handled), 0);
	ck_assert_int_eq(atomic_load(&foreign_handlers), 0);
	assert_no_child();
}
END_TEST

START_TEST(a_signal_sent_right_after_the_launch_arrives)
{
	struct spu_child child;
	int i, status;

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("sleep", "1000"),
					   SPU_OPTIONS(.method = (unsigned)_i), NULL),
				 0);
		ck_assert_int_eq(kill(child.pid, SIGTERM), 0);
		ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
		ck_assert_int_eq(spu_exit_code(status), 128 + SIGTERM);
		spu_child_release(&child);
	}
}
END_TEST

/*
 * ---- Something happens to a child in its set-up. It opens a FIFO there that
 * the library doesn't see to be one, and waits until we let it go on.
 */

static struct {
	int signal;
	atomic_int sent, gate;
} intervention;

/* Of a process that sleeps, as one does that waits in open; else -1. */
static pid_t parent_of_sleeper(const char *pid)
{
	char path[300], line[512];
	FILE *stat;
	char *end;
	int parent = -1;
	char state = 0;

	snprintf(path, sizeof(path), "/proc/%.200s/stat", pid);
	stat = fopen(path, "re");
	if (stat && fgets(line, sizeof(line), stat) && (end = strrchr(line, ')')))
		sscanf(end + 1, " %c %d", &state, &parent);
	if (stat)
		fclose(stat);
	return state == 'S' ? parent : -1;
}

static pid_t find_waiting_child(pid_t parent)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (directory && !found && (entry = readdir(directory)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    parent_of_sleeper(entry->d_name) == parent)
			found = atoi(entry->d_name);
	if (directory)
		closedir(directory);
	return found;
}

static void *intervene(void *argument)
{
	pid_t child;

	while (!(child = find_waiting_child(getpid())))
		usleep(1000);
	kill(child, intervention.signal);
	atomic_store(&intervention.sent, 1);
	/* both ends: whoever opens it now or later goes on */
	atomic_store(&intervention.gate, open(argument, O_RDWR | O_CLOEXEC));
	return NULL;
}

static int launch_with_intervention(int number, struct spu_child *child, struct spu_error *error)
{
	char fifo[PATH_MAX + 16];
	pthread_t thread;
	int r;

	snprintf(fifo, sizeof(fifo), "%s/gate", scratch());
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	intervention.signal = number;
	pthread_create(&thread, NULL, intervene, fifo);
	r = spu_spawn(child, SPU_ARGV("true"), SPU_OPTIONS(.cwd = scratch(),
		.fds = SPU_FDS(SPU_OPEN(0, "/proc/self/cwd/gate", O_RDONLY))), error);
	pthread_join(thread, NULL);
	close(atomic_load(&intervention.gate));
	ck_assert_int_eq(atomic_load(&intervention.sent), 1);
	return r;
}

START_TEST(a_stop_that_is_pending_does_not_hang_the_caller)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	size_t open_before = count_open();
	struct spu_child child;
	struct spu_error error;
	int r, status;

	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	signal(stops[_i], SIG_DFL);
	r = launch_with_intervention(stops[_i], &child, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_wait(&child, 60000, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_child_killed_in_its_set_up_is_told_from_one_that_ran)
{
	size_t open_before = count_open();
	struct spu_child child = {.pid = 4711};
	struct spu_error error;
	int r;

	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	r = launch_with_intervention(SIGKILL, &child, &error);
	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_uint_eq(error.step, SPU_STEP_OPEN);
	ck_assert_int_eq(error.signal, SIGKILL);
	ck_assert_int_eq(error.index, 0);
	ck_assert_ptr_nonnull(
		strstr(error.text, "/proc/self/cwd/gate: the child was killed by signal 9 (KILL)"));
	ck_assert_int_eq(child.pid, 4711);
	assert_unchanged(open_before);
}
END_TEST

START_TEST(a_signal_that_waits_behind_the_mask_ends_the_child_before_exec)
{
	size_t open_before = count_open();
	struct spu_child child;
	struct spu_error error;
	int r;

	SKIP_UNDER_VALGRIND(SUITE, NO_THREAD_MEANWHILE);
	signal(SIGTERM, SIG_DFL);
	r = launch_with_intervention(SIGTERM, &child, &error);
	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_uint_eq(error.step, SPU_STEP_MASK);
	ck_assert_int_eq(error.signal, SIGTERM);
	ck_assert_int_eq(error.index, -1);
	ck_assert_ptr_nonnull(strstr(error.text, "killed by signal 15 (TERM)"));
	assert_unchanged(open_before);
}
END_TEST

/* ^Z and fg to the whole group of a caller that catches them, many times over. */
START_TEST(a_caller_that_catches_stops_goes_on_launching)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	pid_t sender;
	int i, r;

	setpgid(0, 0);
	sigaction(SIGTSTP, &action, NULL);
	sender = fork();
	if (sender == 0) {
		signal(SIGTSTP, SIG_IGN);
		for (;;) {
			kill(0, SIGTSTP);
			usleep(300);
			kill(0, SIGCONT);
			usleep(300);
		}
	}
	for (i = 0; i < 200; i++) {
		struct spu_error error;

		r = spu_run(SPU_ARGV("/bin/true"), NULL, NULL, &error);
		ASSERT_OK(r, error);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	assert_no_child();
}
END_TEST

/*
 * ---- Detached
 */

static struct state_report *wait_for_report(const char *path)
{
	struct stat st;
	const char *text;
	int tries;

	for (tries = 0; tries < 30000; tries++, usleep(1000)) {
		if (stat(path, &st) < 0 || st.st_size < 5)
			continue;
		text = read_all(open(path, O_RDONLY | O_CLOEXEC));
		if (strlen(text) > 5 && strcmp(text + strlen(text) - 5, "\nend\n") == 0)
			return read_report(path);
	}
	ck_abort_msg("no report in 30 s");
	return NULL;
}

START_TEST(a_detached_child_is_nobodys)
{
	size_t open_before = count_open();
	int pass;

	for (pass = 0; pass < 3; pass++) {
		const char *path = report_file();
		struct state_report *report;
		struct spu_child child;
		struct spu_error error;
		int r;

		r = spu_spawn(&child, SPU_ARGV(report_state(), path),
			      SPU_OPTIONS(.flags = SPU_DETACH | (pass == 2 ? SPU_SETSID : 0),
					  .cwd = "/", .fds = SPU_FDS(SPU_NULL(0))),
			      &error);
		ASSERT_OK(r, error);
		ck_assert_int_eq(child.pidfd, -1);
		report = wait_for_report(path);
		ck_assert_int_eq(report->pid, child.pid);
		ck_assert_int_ne(report->ppid, getpid());
		ck_assert_str_eq(report->cwd, "/");
		ck_assert_uint_eq(report->mask, 0);
		ck_assert_int_eq(report->sid, pass == 2 ? child.pid : getsid(0));
		ck_assert_int_eq(spu_wait(&child, -1, NULL), -ECHILD);
		ck_assert_int_eq(spu_wait(&child, 0, NULL), -ECHILD);
		spu_child_release(&child);
		assert_unchanged(open_before);
	}
}
END_TEST

START_TEST(a_detached_child_that_fails_is_reported)
{
	int pass;

	for (pass = 0; pass < 2; pass++) {
		ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT,
			     SPU_STEP_EXEC, 0, "exec /nowhere");
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH, .cwd = "/nowhere"),
			     ENOENT, SPU_STEP_CWD, -1, "chdir /nowhere");
	}
}
END_TEST

/* Where the caller is the one to whom orphans go, a failed launch must not leave it one. */
static void fail_detached_as_subreaper(void)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT, SPU_STEP_EXEC,
		     0, "/nowhere");
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.flags = SPU_DETACH), ENOENT, SPU_STEP_EXEC,
		     0, "/nowhere");
}

START_TEST(a_detached_child_that_fails_leaves_a_subreaper_no_zombie)
{
	in_own_process(fail_detached_as_subreaper);
}
END_TEST

/*
 * ---- Ways to make a process that are refused
 */

struct refusal {
	int number;		/* of the system call */
	uint32_t mask, value; /* of its first argument: refused where (argument & mask) == value */
	int err;
};

static void refuse_call(const struct refusal *refusal)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refusal->number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, refusal->mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refusal->value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)refusal->err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Each line adds to the one before: what kernels and sandboxes are known to refuse. */
static const struct refusal refusals[][4] = {
	{{SYS_clone3, 0, 0, ENOSYS}},
	{{SYS_clone3, 0, 0, EPERM}},
	{{SYS_clone3, 0, 0, EINVAL}},
	{{SYS_clone3, 0, 0, E2BIG}},
	{{SYS_clone3, 0, 0, ENOSYS}, {SYS_clone, 0x1000, 0x1000, EINVAL}},
	{{SYS_clone3, 0, 0, ENOSYS},
	 {SYS_clone, 0x1000, 0x1000, EINVAL},
	 {SYS_clone, 0xff, 0, EINVAL}},
	{{SYS_close_range, 0, 0, ENOSYS}},
	{{SYS_close_range, 0, 0, EPERM}},
	{{SYS_clone3, 0, 0, ENOSYS}, {SYS_close_range, 0, 0, ENOSYS}},
};

#define REFUSALS ((int)(sizeof(refusals) / sizeof(refusals[0])))

static int refused;

static void launch_refused(void)
{
	const char *file = report_file();
	struct state_report *report;
	size_t i, standard = 0;
	int pass, fd, null;

	for (fd = 0; fd <= 2; fd++)
		standard += fcntl(fd, F_GETFD) >= 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (fd = 100; fd < 200; fd++)
		ck_assert_int_eq(dup2(null, fd), fd);
	close(null);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMAX - 1, on_signal);
	for (pass = 0; pass < 3; pass++) {
		if (pass == 1)	/* it was learned before the filter came */
			for (i = 0; i < 4 && refusals[refused][i].err; i++)
				refuse_call(&refusals[refused][i]);
		report = report_of(SPU_ARGV(report_state(), file), file,
				   SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(150), SPU_NULL(0))));
		ck_assert_uint_eq(report->fd_count, standard + (fcntl(0, F_GETFD) < 0) + 1);
		ck_assert_ptr_nonnull(report_find(report, 150));
		ck_assert_uint_eq(report->caught & COMPARED, 0);
		ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGUSR2), SPU_SIGNAL(SIGUSR2));
		ck_assert_int_eq(report->ppid, getpid());
		ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), ENOENT, SPU_STEP_CWD,
			     -1, "chdir");
	}
}

static void launch_refused_from_the_first(void)
{
	size_t i;

	for (i = 0; i < 4 && refusals[refused][i].err; i++)
		refuse_call(&refusals[refused][i]);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
	launch_refused();
}

START_TEST(what_is_refused_is_done_another_way)
{
	if (IS_SANITIZED && _i == 5)
		SKIP(SUITE, "the leak sanitizer's own clone would be refused in the helper");
	refused = _i;
	report_state();
	in_own_process(launch_refused);
	in_own_process(launch_refused_from_the_first);
}
END_TEST

static void launch_without_any_clone(void)
{
	static const struct refusal all[] = {{SYS_clone3, 0, 0, EPERM}, {SYS_clone, 0, 0, EPERM}};

	refuse_call(&all[0]);
	refuse_call(&all[1]);
	ASSERT_FAILS(SPU_ARGV("true"), NULL, EPERM, SPU_STEP_CLONE, -1,
		     "clone: Operation not permitted");
}

START_TEST(no_way_left_is_said)
{
	in_own_process(launch_without_any_clone);
}
END_TEST

/*
 * ---- Threads
 */

static atomic_int atfork_calls, wrong_results;

static void count_atfork(void)
{
	atomic_fetch_add(&atfork_calls, 1);
}

static void *launch_many(void *argument)
{
	int i, status, rounds = is_under_valgrind() ? 5 : 50;

	for (i = 0; i < rounds; i++) {
		if (spu_run(SPU_ARGV("sh", "-c", argument), NULL, &status, NULL) != 0 ||
		    spu_exit_code(status) != atoi((char *)argument + 5))
			atomic_fetch_add(&wrong_results, 1);
		if (spu_run(SPU_ARGV("/nowhere"), NULL, &status, NULL) != -ENOENT)
			atomic_fetch_add(&wrong_results, 1);
	}
	return NULL;
}

START_TEST(threads_launch_in_parallel_and_no_atfork_handler_runs)
{
	static char *commands[] = {"exit 1", "exit 2", "exit 3", "exit 4", "exit 5", "exit 6"};
	size_t open_before = count_open(), i;
	pthread_t threads[6];

	pthread_atfork(count_atfork, count_atfork, count_atfork);
	for (i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, launch_many, commands[i]);
	for (i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&wrong_results), 0);
	ck_assert_int_eq(atomic_load(&atfork_calls), 0);
	assert_unchanged(open_before);
}
END_TEST

#define PAINTED (256 << 10)
#define PAINT 0xa5

static void *launch_all_kinds(void *argument)
{
	struct spu_error error;
	int failed = 0;

	(void)argument;
	failed += spu_run(SPU_ARGV("true"), NULL, NULL, &error) < 0;
	failed += spu_run(SPU_ARGV("no-such-program"), NULL, NULL, &error) < 0;
	failed += spu_run(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), NULL, &error) < 0;
	failed += spu_run(SPU_ARGV("true"), SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL), NULL, &error) < 0;
	failed += spu_run(SPU_ARGV(in_scratch("script")), NULL, NULL, &error) < 0;
	return (void *)(intptr_t)failed;
}

static size_t measure_stack(void *(*function)(void *))
{
	unsigned char *stack = aligned_alloc(4096, PAINTED);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t untouched = 0;

	memset(stack, PAINT, PAINTED);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, PAINTED);
	ck_assert_int_eq(pthread_create(&thread, &attributes, function, NULL), 0);
	pthread_join(thread, NULL);
	while (stack[untouched] == PAINT)
		untouched++;
	return PAINTED - untouched;
}

/* The header says about 12 KiB; compilers differ. libc's own thread start is measured apart. */
START_TEST(a_launch_needs_no_more_stack_than_promised)
{
	size_t empty, full;

	if (IS_SANITIZED)
		SKIP(SUITE, "sanitizers make stack frames of their own size");
	SKIP_UNDER_VALGRIND(SUITE, OWN_STACKS);
	write_file("script", "#!/no/such/interpreter\n", 0755);
	launch_all_kinds(NULL);	/* what the dynamic linker needs once isn't counted */
	empty = measure_stack(nothing);
	full = measure_stack(launch_all_kinds);
	ck_assert_msg(full - empty <= 20 << 10, "%zu bytes of stack", full - empty);
}
END_TEST

/*
 * ---- Two methods, one end state
 */

static void compare_methods(struct spu_options options)
{
	struct state_report *vfork_report, *posix_report;
	size_t i;

	options.method = SPU_METHOD_VFORK;
	vfork_report = run_report(&options);
	options.method = SPU_METHOD_POSIX_SPAWN;
	posix_report = run_report(&options);
	ck_assert_uint_eq(vfork_report->fd_count, posix_report->fd_count);
	for (i = 0; i < vfork_report->fd_count; i++) {
		const struct report_fd *one = &vfork_report->fds[i],
				       *other = report_find(posix_report, one->fd);

		ck_assert_ptr_nonnull(other);
		ck_assert(one->device == other->device && one->inode == other->inode);
		ck_assert_int_eq(one->flags, other->flags);
		ck_assert_int_eq(one->cloexec, other->cloexec);
	}
	ck_assert_uint_eq(vfork_report->mask, posix_report->mask);
	ck_assert_uint_eq(vfork_report->ignored & ~LIBC_SIGNALS,
			  posix_report->ignored & ~LIBC_SIGNALS);
	ck_assert_uint_eq(vfork_report->caught, posix_report->caught);
	ck_assert_str_eq(vfork_report->cwd, posix_report->cwd);
	ck_assert_uint_eq(vfork_report->umask, posix_report->umask);
	ck_assert_uint_eq(count_strings(vfork_report->env), count_strings(posix_report->env));
	for (i = 0; vfork_report->env && vfork_report->env[i]; i++)
		ck_assert_str_eq(vfork_report->env[i], posix_report->env[i]);
	ck_assert_int_eq(vfork_report->ppid, posix_report->ppid);
	ck_assert_int_eq(vfork_report->sid == vfork_report->pid,
			 posix_report->sid == posix_report->pid);
	ck_assert_int_eq(vfork_report->pgid == vfork_report->pid,
			 posix_report->pgid == posix_report->pid);
}

START_TEST(both_methods_make_the_same_child)
{
	ck_assert_int_ge(fcntl(open("/", O_RDONLY), F_DUPFD, 100), 100);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, on_signal);
	compare_methods(*SPU_OPTIONS(.flags = 0));
	compare_methods(*SPU_OPTIONS(.flags = SPU_SETSID | SPU_KEEP_MASK));
	compare_methods(*SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW, .pgroup = SPU_SET(0)));
	compare_methods(
		*SPU_OPTIONS(.cwd = scratch(), .env_set = SPU_LIST("A=1", "B=2"),
			     .env_unset = SPU_LIST("PATH"), .default_signals = SPU_SIGNAL(SIGUSR1),
			     .block_signals = SPU_SIGNAL(SIGINT) | SPU_SIGNAL(40),
			     .fds = SPU_FDS(SPU_NULL(0),
					    SPU_OPEN(1, "out", O_WRONLY | O_CREAT | O_APPEND),
					    SPU_SAME(2, 1), SPU_MAP(20, 100), SPU_CLOSE(5),
					    SPU_KEEP(100))));
	compare_methods(*SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
		.fds = SPU_FDS(SPU_MAP(0, 100), SPU_MAP(100, 0), SPU_SAME(30, 100), SPU_CLOSE(2))));
}
END_TEST

START_TEST(what_posix_spawn_cannot_do_is_refused_by_name)
{
#define REFUSED(name, ...) \
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN, __VA_ARGS__), \
		     ENOTSUP, SPU_STEP_OPTIONS, -1, name ": not with method posix_spawn")

	REFUSED("umask", .umask = SPU_SET(0));
	REFUSED("ctty 0", .flags = SPU_SETSID, .ctty = SPU_SET(0));
	REFUSED("ignore signal INT (2)", .ignore_signals = SPU_SIGNAL(SIGINT));
	REFUSED("detach", .flags = SPU_DETACH);
	REFUSED("path", .path = "/bin");
	REFUSED("chroot /", .root = "/");
	REFUSED("setuid 0", .uid = SPU_SET(0), .flags = SPU_KEEP_GROUPS);
	REFUSED("setgid 0", .gid = SPU_SET(0), .flags = SPU_KEEP_GROUPS);
	REFUSED("setgroups", .groups = (const gid_t[]){0});
	REFUSED("limit core", .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0)));
	REFUSED("nice 0", .nice = SPU_SET(0));
	REFUSED("cpus", .cpus = (const int[]){0}, .cpu_count = 1);
	REFUSED("pdeathsig TERM", .pdeathsig = SPU_SET(SIGTERM));
	REFUSED("no-new-privs", .flags = SPU_NO_NEW_PRIVS);
}
END_TEST

START_TEST(failures_of_posix_spawn_have_a_step_of_their_own)
{
	SKIP_UNDER_VALGRIND(SUITE, POSIX_SPAWN_LIES);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), ENOENT,
		     SPU_STEP_POSIX_SPAWN, -1, "posix_spawn /nowhere: No such file or directory");
	ASSERT_FAILS(SPU_ARGV(scratch()), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), EACCES,
		     SPU_STEP_POSIX_SPAWN, -1, "Permission denied");
}
END_TEST

/*
 * ---- In place
 */

static const char *exec_file;

static void exec_report(void)
{
	struct spu_error error;
	int fd = open("/", O_RDONLY), kept = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(dup2(fd, 100), 100);
	ck_assert_int_eq(dup2(fd, 101), 101);
	ck_assert_int_eq(dup2(kept, 102), 102);
	spu_exec(SPU_ARGV("self", exec_file, "x y"),
		 SPU_OPTIONS(.file = report_state(), .cwd = scratch(), .umask = SPU_SET(031),
			     .env = (char *const[]){"A=1", NULL}, .flags = SPU_SETSID,
			     .ignore_signals = SPU_SIGNAL(SIGHUP),
			     .block_signals = SPU_SIGNAL(SIGUSR1),
			     .fds = SPU_FDS(SPU_MAP(100, 102), SPU_KEEP(102), SPU_MAP(102 + 5, 101),
					    SPU_NULL(0), SPU_CLOSE(2), SPU_SAME(1, 0))),
		 &error);
	ck_abort_msg("%s", error.text);
}

START_TEST(exec_carries_the_options_out_in_place)
{
	struct state_report *report;
	char resolved[PATH_MAX];
	struct stat null, root;

	exec_file = report_file();
	in_own_process(exec_report);
	report = read_report(exec_file);
	stat("/dev/null", &null);
	stat("/", &root);
	ck_assert_int_eq(report->ppid, getpid());
	ck_assert_str_eq(report->args[0], "self");
	ck_assert_str_eq(report->args[2], "x y");
	ck_assert_uint_eq(count_strings(report->env), 1);
	ck_assert_str_eq(report->cwd, realpath(scratch(), resolved));
	ck_assert_uint_eq(report->umask, 031);
	ck_assert_uint_eq(report->mask, SPU_SIGNAL(SIGUSR1));
	ck_assert_int_eq(report->sid, report->pid);
	ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGHUP), SPU_SIGNAL(SIGHUP));
	ck_assert_uint_eq(report->fd_count, 5);
	ck_assert_uint_eq(report_find(report, 0)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 1)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 100)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 102)->inode, null.st_ino);
	ck_assert_uint_eq(report_find(report, 107)->inode, root.st_ino);
}
END_TEST

static void exec_allowing(void)
{
	struct spu_error error;
	int fd = open("/", O_RDONLY);

	dup2(fd, 100);
	dup3(fd, 101, O_CLOEXEC);
	spu_exec(SPU_ARGV(report_state(), exec_file), SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
		.fds = SPU_FDS(SPU_MAP(50, 101))), &error);
	ck_abort_msg("%s", error.text);
}

START_TEST(exec_allows_what_the_policy_allows)
{
	struct state_report *report;

	exec_file = report_file();
	in_own_process(exec_allowing);
	report = read_report(exec_file);
	ck_assert_ptr_nonnull(report_find(report, 100));
	ck_assert_ptr_nonnull(report_find(report, 50));
	ck_assert_ptr_null(report_find(report, 101));
}
END_TEST

static void exec_what_fails(void)
{
	struct spu_error error;
	sigset_t before, after;
	int fd = open("/", O_RDONLY), in, r;

	dup2(fd, 100);
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	sigprocmask(SIG_SETMASK, &before, NULL);
	r = spu_exec(SPU_ARGV("/nowhere"), NULL, &error);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_uint_eq(error.step, SPU_STEP_EXEC);
	ck_assert_ptr_nonnull(strstr(error.text, "exec /nowhere: No such file or directory"));
	/* marked, not closed: whoever has the message to write still can */
	ck_assert_int_eq(fcntl(100, F_GETFD), FD_CLOEXEC);
	sigprocmask(SIG_BLOCK, NULL, &after);
	ck_assert_int_eq(memcmp(&before, &after, 8), 0);

	r = spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), &error);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_uint_eq(error.step, SPU_STEP_CWD);
	r = spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(180))), &error);
	ck_assert_int_eq(r, -EBADF);
	ck_assert_uint_eq(error.step, SPU_STEP_MOVE);

	in = -7;
	r = spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_PIPE_IN(0, &in))), &error);
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_uint_eq(error.step, SPU_STEP_OPTIONS);
	ck_assert_int_eq(in, -7);
	ck_assert_int_eq(spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.flags = SPU_DETACH), &error),
			 -EINVAL);
	ck_assert_int_eq(
		spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN), &error),
		-EINVAL);
	ck_assert_int_eq(spu_exec(SPU_ARGV("true"), SPU_OPTIONS(.flags = 1u << 20), &error),
			 -EINVAL);
}

START_TEST(exec_that_fails_returns_and_says_why)
{
	in_own_process(exec_what_fails);
}
END_TEST

/*
 * ---- Rights and resources
 */

/* The lines of the child's /proc/self/status and the like, by a program in sh. */
static const char *tell(const char *command, const struct spu_options *options)
{
	struct spu_options mine = *options;
	struct spu_fd fds[8] = {SPU_OPEN(1, in_scratch("told"), O_WRONLY)};
	struct spu_error error;
	int status, r, i;

	write_file("told", "", 0666);
	for (i = 0; options->fds && options->fds[i].kind; i++)
		fds[i + 1] = options->fds[i];
	mine.fds = fds;
	r = spu_run(SPU_ARGV("/bin/sh", "-c", command), &mine, &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(status, 0);
	return read_all(open(in_scratch("told"), O_RDONLY | O_CLOEXEC));
}

#define ASSERT_TELLS(text, command, ...) \
	ck_assert_str_eq(tell(command, SPU_OPTIONS(__VA_ARGS__)), text)

START_TEST(limits_are_the_childs_alone)
{
	struct rlimit before, after;

	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	getrlimit(RLIMIT_NOFILE, &before);
	ASSERT_TELLS("7\n9\n0\n", "ulimit -Sn; ulimit -Hn; ulimit -Sc",
		     .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 7, 9),
					  SPU_LIMIT(RLIMIT_CORE, 0, 0)));
	getrlimit(RLIMIT_NOFILE, &after);
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
}
END_TEST

/* What is given stays, above the limit too. */
START_TEST(the_limit_of_open_files_does_not_hinder_what_is_opened)
{
	int fd = fcntl(open("/dev/zero", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 600);

	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	ck_assert_int_ge(fd, 600);
	ASSERT_TELLS("4\n/dev/null\n/dev/zero\n",
		     "ulimit -n; readlink /proc/$$/fd/20; readlink /proc/$$/fd/21",
		     .limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_NOFILE, 4, 4)),
		     .fds = SPU_FDS(SPU_NULL(20), SPU_MAP(21, fd)));
}
END_TEST

START_TEST(a_limit_that_is_refused_is_named)
{
	if (geteuid() != 0)
		SKIP(SUITE, "needs root, who may lower and not raise beyond the kernel's");
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0),
						      SPU_LIMIT(RLIMIT_NOFILE, 9, RLIM_INFINITY))),
		     EPERM, SPU_STEP_LIMIT, 1, "limit nofile: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.limits = SPU_LIMITS(SPU_LIMIT(99, 0, 0))), EINVAL,
		     SPU_STEP_LIMIT, 0, "Invalid argument");
}
END_TEST

START_TEST(nice_is_added_to_the_callers)
{
	int before = getpriority(PRIO_PROCESS, 0);
	char wanted[16];

	if (before > 14)
		SKIP(SUITE, "this process is nice itself: %d", before);
	snprintf(wanted, sizeof(wanted), "%d\n", before + 5);
	ASSERT_TELLS(wanted, "cut -d' ' -f19 /proc/self/stat", .nice = SPU_SET(5));
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), before);
}
END_TEST

START_TEST(cpus_are_the_childs_alone)
{
	char command[64], own[64], told[64];
	cpu_set_t before, after;
	int cpu = 0;

	sched_getaffinity(0, sizeof(before), &before);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	snprintf(command, sizeof(command), "sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status");
	snprintf(told, sizeof(told), "%d\n", cpu);
	snprintf(own, sizeof(own), "%s", tell(command, SPU_OPTIONS(.cpus = &cpu, .cpu_count = 1)));
	ck_assert_str_eq(own, told);
	sched_getaffinity(0, sizeof(after), &after);
	ck_assert(CPU_EQUAL(&before, &after));
	ASSERT_FAILS(SPU_ARGV("true"),
		     SPU_OPTIONS(.cpus = (const int[]){8000}, .cpu_count = 1), EINVAL,
		     SPU_STEP_CPUS, -1, "cpus: Invalid argument");
}
END_TEST

START_TEST(no_new_privs_is_the_childs_alone)
{
	const char *command = "sed -n 's/^NoNewPrivs:.//p' /proc/self/status";
	int before = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	ASSERT_TELLS("1\n", command, .flags = SPU_NO_NEW_PRIVS);
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), before);
	ck_assert_str_eq(tell(command, SPU_OPTIONS(.flags = 0)), before ? "1\n" : "0\n");
}
END_TEST

#define NEED_ROOT() \
	do { \
		if (geteuid() != 0) \
			SKIP(SUITE, "needs root"); \
	} while (0)

static const gid_t two_groups[] = {7, 65533};

START_TEST(ids_are_real_effective_and_saved)
{
	const char *command = "sed -n 's/^[UG]id:.//p; s/^Groups:.\\([0-9 ]*[0-9]\\).*/\\1/p' "
			      "/proc/self/status";

	NEED_ROOT();
	chmod(scratch(), 0755);
	ASSERT_TELLS("65534\t65534\t65534\t65534\n65532\t65532\t65532\t65532\n7 65533\n", command,
		     .uid = SPU_SET(65534), .gid = SPU_SET(65532), .groups = two_groups,
		     .group_count = 2);
	ASSERT_TELLS("65534\t65534\t65534\t65534\n65532\t65532\t65532\t65532\n", command,
		     .uid = SPU_SET(65534), .gid = SPU_SET(65532), .groups = two_groups);
	ASSERT_TELLS("0\t0\t0\t0\n0\t0\t0\t0\n7\n", command, .groups = two_groups,
		     .group_count = 1);
	ck_assert_int_eq(geteuid(), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
END_TEST

/* With the new ids, the umask, in the new root and from the new directory. */
START_TEST(files_are_opened_after_all_that_they_depend_on)
{
	struct spu_error error;
	struct stat st;
	int status, r;

	NEED_ROOT();
	chmod(scratch(), 0755);
	ck_assert_int_eq(mkdir(in_scratch("below"), 0777), 0);
	chmod(in_scratch("below"), 0777);
	write_file("secret", "", 0600);
	r = spu_run(SPU_ARGV("/bin/true"),
		    SPU_OPTIONS(.uid = SPU_SET(65534), .gid = SPU_SET(65532), .groups = two_groups,
				.umask = SPU_SET(027), .cwd = in_scratch("below"),
				.fds = SPU_FDS(SPU_OPEN(1, "made", O_WRONLY | O_CREAT))),
		    &status, &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(stat(in_scratch("below/made"), &st), 0);
	ck_assert_uint_eq(st.st_uid, 65534);
	ck_assert_uint_eq(st.st_gid, 65532);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.uid = SPU_SET(65534), .groups = two_groups, .cwd = scratch(),
				 .fds = SPU_FDS(SPU_OPEN(0, "secret", O_RDONLY))),
		     EACCES, SPU_STEP_OPEN, 0, "open 0<secret: Permission denied");
	/* in the other root there is the file, and no program */
	ASSERT_FAILS(SPU_ARGV("/bin/true"),
		     SPU_OPTIONS(.root = scratch(), .cwd = "/below",
				 .fds = SPU_FDS(SPU_OPEN(0, "/below/made", O_RDONLY),
						SPU_OPEN(1, "../secret", O_RDONLY))),
		     ENOENT, SPU_STEP_EXEC, 0, "exec /bin/true");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.root = "/nowhere"), ENOENT, SPU_STEP_ROOT,
		     -1, "chroot /nowhere: No such file or directory");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.root = "/", .cwd = "/nowhere"), ENOENT,
		     SPU_STEP_CWD, -1, "chdir /nowhere: No such file or directory");
	ASSERT_TELLS("/\n", "pwd", .root = "/");
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
END_TEST

static void fail_without_rights(void)
{
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.groups = two_groups), EPERM,
		     SPU_STEP_GROUPS, -1, "setgroups: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.gid = SPU_SET(0), .flags = SPU_KEEP_GROUPS),
		     EPERM, SPU_STEP_GID, -1, "setgid 0: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.uid = SPU_SET(1), .flags = SPU_KEEP_GROUPS),
		     EPERM, SPU_STEP_UID, -1, "setuid 1: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.root = "/"), EPERM, SPU_STEP_ROOT, -1,
		     "chroot /: Operation not permitted");
	ASSERT_FAILS(SPU_ARGV("/bin/true"), SPU_OPTIONS(.nice = SPU_SET(-5)), EACCES,
		     SPU_STEP_NICE, -1, "nice -5: Permission denied");
}

START_TEST(what_needs_rights_says_so)
{
	NEED_ROOT();
	if (getpriority(PRIO_PROCESS, 0) != 0)
		SKIP(SUITE, "this process is nice itself");
	in_own_process(fail_without_rights);
}
END_TEST

static struct spu_child orphan;

static void *launch_and_end(void *options)
{
	struct spu_error error;
	int r = spu_spawn(&orphan, SPU_ARGV("/bin/sleep", "100"), options, &error);

	ASSERT_OK(r, error);
	return NULL;
}

/* It follows the thread, not the process; changed ids would have cleared it. */
START_TEST(the_child_is_told_when_its_launching_thread_ends)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	pthread_t thread;
	int status;

	options.pdeathsig = SPU_SET(SIGUSR2);
	if (_i) {
		NEED_ROOT();
		options.uid = options.gid = SPU_SET(65534);
		options.flags = SPU_KEEP_GROUPS;
	}
	pthread_create(&thread, NULL, launch_and_end, &options);
	pthread_join(thread, NULL);
	ck_assert_int_eq(spu_wait(&orphan, 60000, &status), 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2);
	spu_child_release(&orphan);
}
END_TEST

/*
 * ---- Names
 */

START_TEST(every_step_has_a_name)
{
	static const unsigned known[] = {
		SPU_STEP_OPTIONS,     SPU_STEP_PREPARE,	     SPU_STEP_AUDIT,	SPU_STEP_CLONE,
		SPU_STEP_POSIX_SPAWN, SPU_STEP_WAIT,	     SPU_STEP_HANDLERS, SPU_STEP_CLOSE,
		SPU_STEP_SIGNAL,      SPU_STEP_SETSID,	     SPU_STEP_PGROUP,	SPU_STEP_UMASK,
		SPU_STEP_CWD,	      SPU_STEP_MOVE,	     SPU_STEP_OPEN,	SPU_STEP_CTTY,
		SPU_STEP_FOREGROUND,  SPU_STEP_STOP_PENDING, SPU_STEP_MASK,	SPU_STEP_READY,
		SPU_STEP_EXEC,	      SPU_STEP_DETACH,	     SPU_STEP_LIMIT,	SPU_STEP_NICE,
		SPU_STEP_CPUS,	      SPU_STEP_ROOT,	     SPU_STEP_GROUPS,	SPU_STEP_GID,
		SPU_STEP_UID,	      SPU_STEP_NO_NEW_PRIVS, SPU_STEP_PDEATHSIG,
		SPU_STEP_PARENT_ALIVE,
	};
	size_t i, j;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		ck_assert_ptr_nonnull(spu_step_name(known[i]));
		for (j = 0; j < i; j++)
			ck_assert_str_ne(spu_step_name(known[i]), spu_step_name(known[j]));
	}
	ck_assert_ptr_null(spu_step_name(0));
	ck_assert_ptr_null(spu_step_name(7));
	ck_assert_ptr_null(spu_step_name(4096));
	ck_assert_str_eq(spu_version(), SPU_VERSION);
}
END_TEST

static void add_programs(TCase *tests)
{
	add_for_both(tests, arguments_arrive_byte_for_byte);
	add_for_both(tests, the_environment_is_the_callers_unless_given);
	add_for_both(tests, changes_to_the_environment_leave_the_callers_alone);
	tcase_add_test(tests, a_caller_without_environment_launches);
	tcase_add_test(tests, path_is_searched_in_order);
	add_for_both(tests, relative_names_count_from_the_childs_directory);
	tcase_add_test(tests, a_long_path_is_searched_to_its_end);
}

static void add_failures(TCase *tests)
{
	tcase_add_test(tests, a_missing_program_is_named);
	tcase_add_test(tests, a_directory_is_told_from_a_file_without_permission);
	tcase_add_test(tests, a_missing_interpreter_is_told_from_a_missing_file);
	tcase_add_test(tests, a_missing_loader_is_told_from_a_missing_file);
	tcase_add_test(tests, what_a_file_lacks_to_be_a_program_is_said);
	tcase_add_test(tests, a_name_that_shows_badly_is_quoted);
	tcase_add_test(tests, what_is_no_program_is_not_handed_to_a_shell);
	tcase_add_test(tests, too_much_is_said_to_be_too_much);
	add_for_both(tests, a_hundred_thousand_arguments_arrive);
	tcase_add_test(tests, a_loop_of_links_is_named);
	tcase_add_test(tests, names_that_are_too_long_are_cut_in_the_text);
	add_for_both(tests, a_program_that_stays_busy_is_retried_and_reported);
	add_for_both(tests, a_program_that_is_busy_for_a_moment_is_launched);
	tcase_add_test(tests, a_missing_directory_is_named);
	tcase_add_test(tests, what_needs_a_group_or_a_terminal_says_so);
	tcase_add_test(tests, no_room_for_a_process_is_said_to_be_that);
	tcase_add_test(tests, a_failed_launch_raises_no_signal_and_no_waiter_sees_it);
	tcase_add_test(tests, failures_are_told_with_sigchld_ignored_too);
}

static void add_children(TCase *tests)
{
	add_for_both(tests, the_child_is_ours_and_its_pidfd_close_on_exec);
	add_for_both(tests, without_a_pidfd_the_child_is_waited_for_by_number);
	tcase_add_test(tests, cwd_and_umask_are_the_childs_alone);
	add_for_both(tests, a_session_or_a_group_of_its_own);
	tcase_add_test(tests, a_terminal_becomes_the_sessions);
	tcase_add_test(tests, the_childs_group_comes_to_the_foreground);
}

static void add_signals(TCase *tests)
{
	add_for_both(tests, ignored_stays_ignored_and_caught_becomes_default);
	tcase_add_test(tests, signals_are_ignored_on_request);
	add_for_both(tests, the_mask_is_empty_kept_or_given);
	add_for_both(tests, handlers_never_run_in_a_child);
	add_for_both(tests, a_signal_sent_right_after_the_launch_arrives);
	tcase_add_loop_test(tests, a_stop_that_is_pending_does_not_hang_the_caller, 0, 3);
	tcase_add_test(tests, a_child_killed_in_its_set_up_is_told_from_one_that_ran);
	tcase_add_test(tests, a_signal_that_waits_behind_the_mask_ends_the_child_before_exec);
	tcase_add_test(tests, a_caller_that_catches_stops_goes_on_launching);
}

static void add_detached(TCase *tests)
{
	tcase_add_test(tests, a_detached_child_is_nobodys);
	tcase_add_test(tests, a_detached_child_that_fails_is_reported);
	tcase_add_test(tests, a_detached_child_that_fails_leaves_a_subreaper_no_zombie);
}

static void add_refused(TCase *tests)
{
	tcase_add_loop_test(tests, what_is_refused_is_done_another_way, 0, REFUSALS);
	tcase_add_test(tests, no_way_left_is_said);
}

static void add_threads(TCase *tests)
{
	tcase_add_test(tests, threads_launch_in_parallel_and_no_atfork_handler_runs);
	tcase_add_test(tests, a_launch_needs_no_more_stack_than_promised);
}

static void add_methods(TCase *tests)
{
	tcase_add_test(tests, both_methods_make_the_same_child);
	tcase_add_test(tests, what_posix_spawn_cannot_do_is_refused_by_name);
	tcase_add_test(tests, failures_of_posix_spawn_have_a_step_of_their_own);
}

static void add_in_place(TCase *tests)
{
	tcase_add_test(tests, exec_carries_the_options_out_in_place);
	tcase_add_test(tests, exec_allows_what_the_policy_allows);
	tcase_add_test(tests, exec_that_fails_returns_and_says_why);
}

static void add_rights(TCase *tests)
{
	tcase_add_test(tests, limits_are_the_childs_alone);
	tcase_add_test(tests, the_limit_of_open_files_does_not_hinder_what_is_opened);
	tcase_add_test(tests, a_limit_that_is_refused_is_named);
	tcase_add_test(tests, nice_is_added_to_the_callers);
	tcase_add_test(tests, cpus_are_the_childs_alone);
	tcase_add_test(tests, no_new_privs_is_the_childs_alone);
	tcase_add_test(tests, ids_are_real_effective_and_saved);
	tcase_add_test(tests, files_are_opened_after_all_that_they_depend_on);
	tcase_add_test(tests, what_needs_rights_says_so);
	tcase_add_loop_test(tests, the_child_is_told_when_its_launching_thread_ends, 0, 2);
	tcase_add_test(tests, every_step_has_a_name);
}

/* CK_RUN_CASE picks one. */
static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
	tcase_add_checked_fixture(tests, settle, NULL);
	suite_add_tcase(suite, tests);
	return tests;
}

int main(void)
{
	Suite *suite = suite_create(SUITE);

	add_programs(add_case(suite, "programs"));
	add_failures(add_case(suite, "failures"));
	add_children(add_case(suite, "children"));
	add_signals(add_case(suite, "signals"));
	add_detached(add_case(suite, "detached"));
	add_refused(add_case(suite, "refused"));
	add_threads(add_case(suite, "threads"));
	add_methods(add_case(suite, "methods"));
	add_in_place(add_case(suite, "in_place"));
	add_rights(add_case(suite, "rights"));
	return run_suite(suite);
}
