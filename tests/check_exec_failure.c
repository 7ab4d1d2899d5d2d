/* SPDX-License-Identifier: MIT */
/* Why a program can't be executed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

#include "launches.h"

#define SUITE "exec_failure"

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

static void write_script(const char *name, const char *interpreter)
{
	char line[2 * PATH_MAX];

	snprintf(line, sizeof(line), "#!%s\n", interpreter);
	write_file(name, line, 0755);
}

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
		     "loaderless: its loader /");
	ASSERT_FAILS(SPU_ARGV(in_scratch("loaderless")), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "/Xd-linux");
	write_script("script", in_scratch("loaderless"));
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "script: its interpreter's loader /");
}
END_TEST

START_TEST(what_a_file_lacks_to_be_a_program_is_said)
{
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
	write_script("script", in_scratch("text"));
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "/text: no \"#!\" line: Exec format error");
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, ENOEXEC, SPU_STEP_EXEC, 0,
		     "script: its interpreter ");
}
END_TEST

/* The file that stands in the way is named, and not the first on the way there. */
START_TEST(an_interpreter_that_is_there_is_not_said_to_be_missing)
{
	char name[32];
	int fd;

	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	write_script("inner", "/no/such/interpreter");
	write_script("outer", in_scratch("inner"));
	ASSERT_FAILS(SPU_ARGV(in_scratch("outer")), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     "outer: its interpreter /no/such/interpreter: No such file");
	write_file("plain", "#!/bin/sh\n", 0644);
	write_script("outer", in_scratch("plain"));
	ASSERT_FAILS(SPU_ARGV(in_scratch("outer")), NULL, EACCES, SPU_STEP_EXEC, 0,
		     "/plain: not executable: Permission denied");
	write_script("outer", scratch());
	ASSERT_FAILS(SPU_ARGV(in_scratch("outer")), NULL, EACCES, SPU_STEP_EXEC, 0,
		     ": a directory: Permission denied");
	write_script("itself", in_scratch("itself"));
	ASSERT_FAILS(SPU_ARGV(in_scratch("itself")), NULL, ELOOP, SPU_STEP_EXEC, 0,
		     "itself: too many interpreters that are scripts: ");
	SKIP_BY_SERVER(SUITE, SERVERS_NUMBERS);
	/* what the child doesn't have */
	write_script("script", "/bin/sh");
	fd = fcntl(open(in_scratch("script"), O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 3);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENOENT, SPU_STEP_EXEC, 0,
		     ": not open in the child: No such file");
	close(fd);
}
END_TEST

static void execute_from_a_noexec_mount(void)
{
	ck_assert(make_own_mounts());
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", MS_NOEXEC, NULL), 0);
	ck_assert_int_eq(system("cp /bin/true /mnt/true"), 0);
	ASSERT_FAILS(SPU_ARGV("/mnt/true"), NULL, EACCES, SPU_STEP_EXEC, 0,
		     "exec /mnt/true: on a file system mounted noexec: Permission denied");
	write_script("script", "/mnt/true");
	ASSERT_FAILS(SPU_ARGV(in_scratch("script")), NULL, EACCES, SPU_STEP_EXEC, 0,
		     "its interpreter /mnt/true: on a file system mounted noexec");
}

START_TEST(where_nothing_may_be_executed_is_said)
{
	SKIP_UNDER_VALGRIND(SUITE, NO_FAILED_EXEC);
	SKIP_BY_SERVER(SUITE, SERVERS_MOUNTS);
	NEED_OWN_MOUNTS();
	in_own_process(execute_from_a_noexec_mount);
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
		     "\\n\\n\"...: ");
	memset(name, 'n', sizeof(name) - 1);
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "nnn...: ");
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
		     "loop: ");
}
END_TEST

START_TEST(names_that_are_too_long_are_cut_in_the_text)
{
	char name[6000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "...: ");
	name[0] = '/';
	ASSERT_FAILS(SPU_ARGV(name), NULL, ENAMETOOLONG, SPU_STEP_EXEC, 0,
		     "...: ");
	ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = name), ENAMETOOLONG, SPU_STEP_CWD, -1,
		     "...: ");
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

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, a_missing_program_is_named);
	tcase_add_test(tests, a_directory_is_told_from_a_file_without_permission);
	tcase_add_test(tests, a_missing_interpreter_is_told_from_a_missing_file);
	tcase_add_test(tests, a_missing_loader_is_told_from_a_missing_file);
	tcase_add_test(tests, an_interpreter_that_is_there_is_not_said_to_be_missing);
	tcase_add_test(tests, where_nothing_may_be_executed_is_said);
	tcase_add_test(tests, what_a_file_lacks_to_be_a_program_is_said);
	tcase_add_test(tests, a_name_that_shows_badly_is_quoted);
	tcase_add_test(tests, what_is_no_program_is_not_handed_to_a_shell);
	tcase_add_test(tests, too_much_is_said_to_be_too_much);
	add_for_both(tests, a_hundred_thousand_arguments_arrive);
	tcase_add_test(tests, a_loop_of_links_is_named);
	tcase_add_test(tests, names_that_are_too_long_are_cut_in_the_text);
	add_for_both(tests, a_program_that_stays_busy_is_retried_and_reported);
	add_for_both(tests, a_program_that_is_busy_for_a_moment_is_launched);
	return run_suite(suite);
}
