/* SPDX-License-Identifier: MIT */
/*
 * Something happens to a child in its set-up. It opens a FIFO there that
 * the library doesn't see to be one, and waits until we let it go on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "launches.h"

#define SUITE "set_up"

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

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, a_stop_that_is_pending_does_not_hang_the_caller, 0, 3);
	tcase_add_test(tests, a_child_killed_in_its_set_up_is_told_from_one_that_ran);
	tcase_add_test(tests, a_signal_that_waits_behind_the_mask_ends_the_child_before_exec);
	tcase_add_test(tests, a_caller_that_catches_stops_goes_on_launching);
	return run_suite(suite);
}
