/* SPDX-License-Identifier: MIT */
/*
 * What threads share, begun and reset while others come: threads, and fork children
 * that are made in between.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* The room itself in place of the archive's; what it calls comes by here. */
static int begin_wiping(void *start, size_t size, int advice);
static void *set_bytes(void *start, int value, size_t size);
static int let_others_run(void);

#define madvise begin_wiping
#define memset set_bytes
#define sched_yield let_others_run
#include "lib/state.c"
#undef madvise
#undef memset
#undef sched_yield

#include "launches.h"

#define SUITE "state"

static void nothing(void)
{
}

static int wipes = 1;	/* 0: as qemu-user */
static void (*before_wiping)(void) = nothing, (*after_wiping)(void) = nothing,
	(*at_reset)(void) = nothing;
static atomic_int yielded, was_reset;

/* Each is called once. */
static void call(void (**hook)(void))
{
	void (*function)(void) = *hook;

	*hook = nothing;
	function();
}

static int begin_wiping(void *start, size_t size, int advice)
{
	int r = -1;

	call(&before_wiping);
	if (wipes)
		r = madvise(start, size, advice);
	call(&after_wiping);
	return r;
}

static void *set_bytes(void *start, int value, size_t size)
{
	call(&at_reset);
	memset(start, value, size);
	atomic_store(&was_reset, 1);
	return start;
}

static int let_others_run(void)
{
	atomic_store(&yielded, 1);
	return sched_yield();
}

/* This process's own, free, with nothing in it. */
static void find_own(void)
{
	struct process_state *state = spu__process_state();

	ck_assert_int_eq(atomic_load(&state->owner), getpid());
	ck_assert_uint_eq(state->systems, 0);
	ck_assert_int_eq(pthread_mutex_trylock(&state->lock), 0);
	state->systems = 1;
}

/* One that waits for who isn't there is ended. */
static void find_own_in_time(void)
{
	alarm(patience(20));
	find_own();
}

static void find_own_in_a_fork(void)
{
	in_own_process(find_own_in_time);
}

/* The state is locked here from now on; fork children don't find it so. */
static void check_forks(void)
{
	find_own();
	in_own_process(find_own_in_time);
	in_own_process(find_own_in_a_fork);
}

START_TEST(a_fork_child_made_at_the_first_use_finds_its_own)
{
	*(_i ? &before_wiping : &after_wiping) = find_own_in_a_fork;
	check_forks();
	ck_assert_ptr_eq(_i ? before_wiping : after_wiping, nothing);
}
END_TEST

START_TEST(a_copy_that_was_not_wiped_is_reset)
{
	wipes = 0;
	check_forks();
}
END_TEST

static void be_forked_at_reset(void)
{
	alarm(patience(20));
	at_reset = find_own_in_a_fork;
	find_own();
	ck_assert_ptr_eq(at_reset, nothing);
}

START_TEST(a_fork_child_made_while_a_copy_is_reset_finds_its_own)
{
	wipes = 0;
	find_own();
	in_own_process(be_forked_at_reset);
}
END_TEST

/*
 * ---- Two threads at once
 */

static pthread_t thread;
static atomic_int found;

static void await(atomic_int *flag)
{
	while (!atomic_load(flag))
		usleep(1000);
}

static void *find_and_leave(void *unused)
{
	struct process_state *state = spu__process_state();

	pthread_mutex_lock(&state->lock);
	ck_assert_uint_eq(state->systems, 0);
	state->systems = 1;
	pthread_mutex_unlock(&state->lock);
	atomic_store(&found, atomic_load(&was_reset) ? 2 : 1);
	return unused;
}

static void be_overtaken(void)
{
	pthread_create(&thread, NULL, find_and_leave, NULL);
	await(&found);
}

START_TEST(threads_that_come_at_once_do_not_wait_or_undo)
{
	alarm(patience(20));
	*(_i ? &before_wiping : &after_wiping) = be_overtaken;
	ck_assert_uint_eq(spu__process_state()->systems, 1);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&spu__process_state()->owner), getpid());
	in_own_process(find_own_in_time);
}
END_TEST

static void be_waited_for(void)
{
	pthread_create(&thread, NULL, find_and_leave, NULL);
	await(&yielded);
}

static void reset_beside_a_thread(void)
{
	alarm(patience(20));
	at_reset = be_waited_for;
	spu__process_state();
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&found), 2);
	ck_assert_uint_eq(spu__process_state()->systems, 1);
}

START_TEST(a_thread_waits_for_the_one_that_resets)
{
	wipes = 0;
	spu__process_state()->systems = 1;
	in_own_process(reset_beside_a_thread);
}
END_TEST

/*
 * ---- Another process, the same memory
 */

static void use_in_vfork_child(void)
{
	pid_t pid = vfork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		spu__process_state();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Also while it isn't known yet whether memory is shared. */
static const int knowledge[] = {1, -1};

START_TEST(a_child_in_our_memory_leaves_our_state)
{
	spu__learn_memory(knowledge[_i]);
	find_own();
	use_in_vfork_child();
	ck_assert_int_eq(atomic_load(&whole.state.owner), getpid());
	ck_assert_uint_eq(spu__process_state()->systems, 1);
	in_own_process(find_own_in_time);
}
END_TEST

START_TEST(a_child_in_our_memory_may_be_the_first)
{
	struct process_state *state;

	spu__learn_memory(knowledge[_i]);
	use_in_vfork_child();
	state = spu__process_state();
	ck_assert_int_eq(pthread_mutex_trylock(&state->lock), 0);
	state->systems = 1;
	ck_assert_uint_eq(spu__process_state()->systems, 1);
	in_own_process(find_own_in_time);
}
END_TEST

static unsigned stamp_of_the_parent;
static int generations;

static void have_another_stamp(void)
{
	unsigned stamp = spu__process_stamp();

	ck_assert_uint_ne(stamp, 0);
	ck_assert_uint_ne(stamp, stamp_of_the_parent);
	ck_assert_uint_eq(spu__process_stamp(), stamp);
	if (generations-- > 0) {
		stamp_of_the_parent = stamp;
		in_own_process(have_another_stamp);
	}
}

/* Even one whose parent had none yet */
START_TEST(each_copy_has_a_stamp_of_its_own)
{
	wipes = _i;
	generations = 3;
	in_own_process(have_another_stamp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, a_fork_child_made_at_the_first_use_finds_its_own, 0, 2);
	tcase_add_test(tests, a_copy_that_was_not_wiped_is_reset);
	tcase_add_test(tests, a_fork_child_made_while_a_copy_is_reset_finds_its_own);
	tcase_add_loop_test(tests, threads_that_come_at_once_do_not_wait_or_undo, 0, 2);
	tcase_add_test(tests, a_thread_waits_for_the_one_that_resets);
	tcase_add_loop_test(tests, a_child_in_our_memory_leaves_our_state, 0, 2);
	tcase_add_loop_test(tests, a_child_in_our_memory_may_be_the_first, 0, 2);
	tcase_add_loop_test(tests, each_copy_has_a_stamp_of_its_own, 0, 2);
	return run_suite(suite);
}
