/* SPDX-License-Identifier: MIT */
/*
 * No memory: each allocation of each call fails in turn, alone and with all that
 * follow. The call fails with -ENOMEM or does what it does otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "launches.h"

#define SUITE "memory"

#if defined(__GLIBC__) && !IS_SANITIZED
#define CAN_FAIL 1

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static int is_armed, keeps_failing, maps_fail;
static long allocations, from_malloc, first_to_fail;

static int fails(void)
{
	if (!is_armed || ++allocations < first_to_fail ||
	    (!keeps_failing && allocations > first_to_fail))
		return 0;
	errno = ENOMEM;
	return 1;
}

static int malloc_fails(void)
{
	from_malloc += is_armed;
	return fails();
}

void *malloc(size_t size)
{
	return malloc_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return malloc_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return malloc_fails() ? NULL : __libc_realloc(old, size);
}

/* The library's, in a test that wants it; glibc's own malloc calls it by another name. */
void *mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (maps_fail && fails())
		return MAP_FAILED;
	return map_past_libc(start, size, protection, flags, fd, offset);
}

static void arm(long first, int keeps)
{
	allocations = from_malloc = 0;
	first_to_fail = first;
	keeps_failing = keeps;
	is_armed = 1;
}

static int disarm(void)
{
	is_armed = 0;
	return allocations >= first_to_fail;
}

#else
#define CAN_FAIL 0

static const long from_malloc = 0;
static int maps_fail;

static void arm(long first, int keeps)
{
	(void)first, (void)keeps;
}

static int disarm(void)
{
	return 0;
}
#endif

#define NEED_FAILURES() \
	do { \
		SKIP_UNDER_VALGRIND(SUITE, "valgrind's own malloc takes the place of ours"); \
		if (!CAN_FAIL) \
			SKIP(SUITE, "another malloc can't be put in place here"); \
	} while (0)

/*
 * Each returns what the call does, which is "otherwise" when nothing fails; WRONG
 * where it has done what it must not. No assertions in there: they allocate, too.
 */
#define WRONG (-EPROTO)

struct call {
	const char *name;
	int (*make)(struct spu_error *error);
	int otherwise;
	const char *text;	/* of the error then */
	int without_malloc;	/* as promised, where there is memory */
};

static const struct spu_options *many_options(void)
{
	static const char *const set[] = {"B=2", "A=1", "A=3", NULL};
	static const char *const unset[] = {"C", "D", NULL};
	static struct spu_fd fds[200];
	static struct spu_options options;
	int i;

	for (i = 0; i < 100; i++)
		fds[i] = (struct spu_fd)SPU_MAP(3 + i, 100 + i % 2);
	fds[i++] = (struct spu_fd)SPU_OPEN(0, "/dev/null", O_RDONLY);
	fds[i++] = (struct spu_fd)SPU_SAME(1, 0);
	options = *SPU_OPTIONS(.cwd = "/", .fds = fds, .env_set = set, .env_unset = unset);
	return &options;
}

static int launch(struct spu_error *error)
{
	return spu_run(SPU_ARGV("true"), many_options(), NULL, error);
}

static int launch_with_pipes(struct spu_error *error)
{
	struct spu_child child;
	int in = -7, out = -7;
	int r = spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
		.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out))), error);

	if (r < 0)
		return in == -7 && out == -7 ? r : WRONG;
	close(in);
	close(out);
	spu_wait(&child, -1, NULL);
	spu_child_release(&child);
	return 0;
}

static int launch_by_posix_spawn(struct spu_error *error)
{
	return spu_run(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_POSIX_SPAWN,
		.fds = SPU_FDS(SPU_NULL(0), SPU_MAP(7, 100), SPU_CLOSE(2))), NULL, error);
}

static int miss_a_program(struct spu_error *error)
{
	return spu_run(SPU_ARGV("no-such-program"), NULL, NULL, error);
}

static int miss_an_interpreter(struct spu_error *error)
{
	return spu_run(SPU_ARGV(in_scratch("script")), NULL, NULL, error);
}

static int miss_a_directory(struct spu_error *error)
{
	return spu_run(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/no where"), NULL, error);
}

static int find_leaks(struct spu_error *error)
{
	return spu_run(SPU_ARGV("true"), SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL), NULL, error);
}

static int capture(struct spu_error *error)
{
	struct spu_output out = {0};
	int r = spu_capture(SPU_ARGV("cat"), NULL, "through", 7, &out, NULL, NULL, error);

	if (r == 0 && (out.size != 7 || strcmp(out.data, "through") != 0))
		r = WRONG;
	free(out.data);
	return r;
}

static int call_shell(struct spu_error *error)
{
	return spu_system_with("exit 0", NULL, NULL, error);
}

/* libc's convention */
static int call_system(struct spu_error *error)
{
	int status = spu_system("exit 3");

	error->err = status < 0 ? errno : status == 3 << 8 ? 0 : -WRONG;
	return -error->err;
}

static int call_popen(struct spu_error *error)
{
	FILE *stream = spu_popen("exit 3", "r");

	error->err = stream ? 0 : errno;
	if (stream && spu_pclose(stream) != 3 << 8)
		error->err = -WRONG;
	return -error->err;
}

static const struct call calls[] = {
	{"a launch", launch, 0, "", 0},
	{"with pipes", launch_with_pipes, 0, "", 0},
	{"posix_spawn", launch_by_posix_spawn, 0, "", 0},
	{"no program", miss_a_program, -ENOENT, "exec no-such-program: not in PATH: No such", 0},
	{"no interpreter", miss_an_interpreter, -ENOENT, "/no/such/interpreter: No such file", 0},
	{"no directory", miss_a_directory, -ENOENT, "chdir \"/no where\": No such file", 0},
	{"leaks", find_leaks, -EBADFD, " would leak, the first is ", 0},
	{"capture", capture, 0, "", 0},
	{"shell", call_shell, 0, "", 0},
	{"system", call_system, 0, "", 1},
	{"popen", call_popen, 0, "", 0},
};

#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

static void check(const struct call *call, long first, int r, const struct spu_error *error)
{
	ck_assert_msg(r == call->otherwise || r == -ENOMEM, "%s, allocation %ld: %d, %s",
		      call->name, first, r, r < 0 ? error->text : "");
	if (r == 0)
		return;
	ck_assert_int_eq(error->err, -r);
	ck_assert_msg(r == -ENOMEM || strstr(error->text, call->text) ||
		      (is_by_libc() && error->step == SPU_STEP_POSIX_SPAWN), "%s, allocation %ld: %s",
		      call->name, first, error->text);
}

START_TEST(a_call_without_memory_says_so_or_does_without)
{
	const struct call *call = &calls[_i];
	struct spu_error error;
	size_t open_before;
	long first;
	int r, keeps, failed;

	NEED_FAILURES();
	maps_fail = 1;
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	write_file("script", "#!/no/such/interpreter\n", 0755);
	ck_assert_int_eq(dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 100), 100);
	ck_assert_int_eq(dup2(100, 101), 101);
	ck_assert_int_eq(call->make(&error), call->otherwise);
	open_before = count_open();
	arm(LONG_MAX, 0);
	r = call->make(&error);
	disarm();
	ck_assert_int_eq(r, call->otherwise);
	ck_assert_int_eq(from_malloc == 0, call->without_malloc);
	for (keeps = 0; keeps < 2; keeps++)
		for (failed = 1, first = 1; failed; first++) {
			memset(&error, 0, sizeof(error));
			arm(first, keeps);
			r = call->make(&error);
			failed = disarm();
			check(call, first, r, &error);
			assert_unchanged(open_before);
		}
	/* at least one has failed, of those who ask for any */
	ck_assert_int_eq(first > 2, !call->without_malloc);
}
END_TEST

/* The working directory has the program's name, and no memory is left for PATH. */
START_TEST(without_memory_for_path_no_program_is_looked_for)
{
	struct spu_error error;
	int r, found = 0;
	long first;

	NEED_FAILURES();
	write_file("tool", "#!/bin/sh\nexit 7\n", 0755);
	ck_assert_int_eq(chdir(scratch()), 0);
	setenv("PATH", "/nowhere", 1);
	for (first = 1; first < 20; first++) {
		arm(first, 0);
		r = spu_run(SPU_ARGV("tool"), NULL, NULL, &error);
		disarm();
		ck_assert(r == -ENOMEM || r == -ENOENT);
		found += r == -ENOMEM && error.step == SPU_STEP_PREPARE &&
			 strcmp(error.text, "PATH: Cannot allocate memory") == 0;
	}
	ck_assert_int_eq(found, 1);
	chdir("/");
}
END_TEST

/*
 * ---- Texts
 */

static int explain(char **ret_text)
{
	return spu_explain(SPU_ARGV("true"), many_options(), ret_text, NULL);
}

static int explain_posix_spawn(char **ret_text)
{
	struct spu_options options = *many_options();

	options.method = SPU_METHOD_POSIX_SPAWN;
	return spu_explain(SPU_ARGV("true"), &options, ret_text, NULL);
}

static int (*const texts[])(char **ret_text) = {explain, explain_posix_spawn, spu_probe};

#define TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

START_TEST(a_text_is_whole_or_there_is_none)
{
	static char nothing[] = "untouched";
	char *whole, *text;
	int r, keeps, failed;
	size_t open_before;
	long first;

	NEED_FAILURES();
	/* the sources of many_options() */
	ck_assert_int_eq(dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 100), 100);
	ck_assert_int_eq(dup2(100, 101), 101);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), NULL, NULL, NULL), 0);
	ck_assert_int_eq(texts[_i](&whole), 0);
	open_before = count_open();
	for (keeps = 0; keeps < 2; keeps++)
		for (failed = 1, first = 1; failed; first++) {
			text = nothing;
			arm(first, keeps);
			r = texts[_i](&text);
			failed = disarm();
			ck_assert(r == 0 || r == -ENOMEM);
			ck_assert_msg(strcmp(text ? text : "NULL", r == 0 ? whole : nothing) == 0,
				      "allocation %ld: %d, another text", first, r);
			if (r == 0)
				free(text);
			assert_unchanged(open_before);
		}
	ck_assert_int_gt(first, 2);
	free(whole);
}
END_TEST

START_TEST(an_audit_is_whole_or_there_is_none)
{
	struct spu_audit *whole, *audit;
	int r, failed;
	long first;

	NEED_FAILURES();
	ck_assert_int_eq(spu_audit(0, SPU_AUDIT_NAMES | SPU_AUDIT_ALL, &whole), 0);
	for (failed = 1, first = 1; failed; first++) {
		audit = whole;
		arm(first, 0);
		r = spu_audit(0, SPU_AUDIT_NAMES | SPU_AUDIT_ALL, &audit);
		failed = disarm();
		ck_assert(r == 0 || r == -ENOMEM);
		if (r < 0) {
			ck_assert_ptr_eq(audit, whole);
			continue;
		}
		ck_assert_uint_eq(audit->count, whole->count);
		spu_audit_free(audit);
	}
	ck_assert_int_gt(first, 2);
	spu_audit_free(whole);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, a_call_without_memory_says_so_or_does_without, 0, CALLS);
	tcase_add_test(tests, without_memory_for_path_no_program_is_looked_for);
	tcase_add_loop_test(tests, a_text_is_whole_or_there_is_none, 0, TEXTS);
	tcase_add_test(tests, an_audit_is_whole_or_there_is_none);
	return run_suite(suite);
}
