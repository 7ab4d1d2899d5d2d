/* SPDX-License-Identifier: MIT */
/* Launches of many threads, and of threads with little stack. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "launches.h"

#define SUITE "threads"

static void *nothing(void *argument)
{
	return argument;
}

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

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_test(tests, threads_launch_in_parallel_and_no_atfork_handler_runs);
	tcase_add_test(tests, a_launch_needs_no_more_stack_than_promised);
	return run_suite(suite);
}
