/* SPDX-License-Identifier: MIT */
/*
 * What must hold when threads launch while other threads do as they please:
 * nothing leaks, no handler runs in a child, nothing hangs, nothing is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "races.h"

/* Launches the child with one descriptor or none, and judges its exit status. */
static void launch_one(int given, unsigned method, int wants_pidfd)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error = {0};
	struct spu_child child;
	int r, status = 0;

	options.method = method;
	options.fds = SPU_FDS(SPU_MAP(3, given));
	if (given < 0)
		options.fds = NULL;
	r = spu_spawn(&child, given < 0 ? SPU_ARGV(child_path) : SPU_ARGV(child_path, "one"),
		      &options, &error);
	if (r < 0) {
		fault("launch: %s", error.text);
		return;
	}
	if (wants_pidfd && child.pidfd < 3)
		fault("pidfd %d", child.pidfd);
	r = spu_wait(&child, -1, &status);
	if (r < 0)
		fault("wait: %d", r);
	else if (status != 0)
		fault(WIFEXITED(status) && WEXITSTATUS(status) > 2
		      ? "the child of method %u holds descriptor %d"
		      : "the child of method %u: %#x",
		      method, WIFEXITED(status) ? WEXITSTATUS(status) : status);
	spu_child_release(&child);
}

/*
 * ---- Descriptors
 */

/* Opens, duplicates and closes without close-on-exec, in all ways that give a number. */
static void *juggle_descriptors(void *argument)
{
	int mine = 128 + 8 * (int)(intptr_t)argument, held[8], i;

	while (!atomic_load(&stop)) {
		int pair[2] = {-1, -1}, count = 0;

		held[count++] = open("/dev/null", O_RDWR);
		held[count++] = dup(held[0]);
		held[count++] = fcntl(held[0], F_DUPFD, mine + 4);
		held[count++] = dup2(held[0], mine);
		if (pipe(pair) == 0) {
			held[count++] = pair[0];
			held[count++] = pair[1];
		}
		held[count++] = socket(AF_UNIX, SOCK_STREAM, 0);
		for (i = 0; i < count; i++)
			if (held[i] >= 0)
				close(held[i]);
	}
	return NULL;
}

struct launches {
	atomic_int vfork, posix_spawn;
};

static void *launch_many(void *argument)
{
	struct launches *left = argument;
	int given = open("/dev/zero", O_RDONLY | O_CLOEXEC), turn = 0;

	for (;; turn++) {
		if (atomic_fetch_sub(&left->vfork, 1) > 0)
			launch_one(turn % 2 ? given : -1, SPU_METHOD_VFORK, 1);
		else
			break;
		if (turn % 9 == 0 && atomic_fetch_sub(&left->posix_spawn, 1) > 0)
			launch_one(turn % 2 ? given : -1, SPU_METHOD_POSIX_SPAWN, 1);
	}
	close(given);
	return NULL;
}

static void lower_limit(rlim_t numbers)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur > numbers)
		limit.rlim_cur = numbers;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(children_hold_nothing_that_was_not_given)
{
	struct launches left = {.vfork = share(18000), .posix_spawn = share(2000)};
	struct team jugglers = {.count = 0}, launchers = {.count = 0};
	size_t open_before;

	lower_limit(HIGHEST);	/* the child looks no further */
	open_before = count_open();
	start(&jugglers, 4, juggle_descriptors, NULL);
	start(&launchers, 4, launch_many, &left);
	join(&launchers);
	stop = 1;
	join(&jugglers);
	assert_no_fault();
	ck_assert_uint_eq(count_open(), open_before);
	assert_no_child();
}
END_TEST

/* The look is worth something: what is inherited it finds. */
START_TEST(the_child_finds_leaks)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	int fd = open("/dev/null", O_RDWR), status = 0;
	struct spu_error error;

	ck_assert_int_gt(fd, 2);
	ck_assert_int_eq(dup2(fd, 77), 77);
	close(fd);
	options.leaks = SPU_LEAKS_ALLOW;
	options.fds = SPU_FDS(SPU_MAP(3, 77));
	ASSERT_OK(spu_run(SPU_ARGV(child_path), &options, &status, &error), error);
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ASSERT_OK(spu_run(SPU_ARGV(child_path), NULL, &status, &error), error);
	ck_assert_int_eq(status, 0);
	ASSERT_OK(spu_run(SPU_ARGV(child_path, "one"), NULL, &status, &error), error);
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	options.leaks = SPU_LEAKS_CLOSE;
	ASSERT_OK(spu_run(SPU_ARGV(child_path, "one"), &options, &status, &error), error);
	ck_assert_int_eq(status, 0);
}
END_TEST

/*
 * golang/go#22315: one thread's child holds for a moment what another thread
 * has just written and wants to launch. On each path: a short copy of the
 * table, the whole of it, libc's function.
 */
static const struct {
	unsigned leaks, method;
} writer_paths[] = {
	{SPU_LEAKS_CLOSE, SPU_METHOD_VFORK},
	{SPU_LEAKS_ALLOW, SPU_METHOD_VFORK},
	{SPU_LEAKS_CLOSE, SPU_METHOD_POSIX_SPAWN},
};

static struct spu_options writer_options = SPU_OPTIONS_INIT;

static void *write_and_launch(void *argument)
{
	char path[sizeof(child_path) + 16];
	struct spu_error error;
	int i, r;

	snprintf(path, sizeof(path), "%s.%d", child_path, (int)(intptr_t)argument);
	for (i = 0; i < share(4000) / 8; i++) {
		write_child(path);
		r = spu_run(SPU_ARGV(path), &writer_options, NULL, &error);
		if (r < 0)
			fault("%s", error.text);
		unlink(path);
	}
	return NULL;
}

START_TEST(what_was_just_written_can_be_launched)
{
	struct team team = {.count = 0};

	writer_options.leaks = writer_paths[_i].leaks;
	writer_options.method = writer_paths[_i].method;
	start(&team, 8, write_and_launch, NULL);
	join(&team);
	assert_no_fault();
	assert_no_child();
}
END_TEST

/*
 * ---- Handlers that libraries leave behind, and locks
 */
struct shared {
	atomic_int atfork;
	atomic_int stop;
	atomic_int in_child;	/* handlers that ran in a child */
	atomic_long sent, handled[2];
	pid_t host;
};

static struct shared *shared;

static void share_memory(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void record_fork(void)
{
	atomic_fetch_add(&shared->atfork, 1);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What a fork child of this host could hang on. */
static void *hold_locks(void *argument)
{
	FILE *null = fopen("/dev/null", "we");
	struct tm tm;
	time_t now = 0;

	while (!atomic_load(&stop)) {
		void *block;

		switch ((int)(intptr_t)argument % 5) {
		case 0:
			pthread_mutex_lock(&lock);
			sched_yield();
			pthread_mutex_unlock(&lock);
			break;
		case 1:
			block = malloc(1 << (now++ % 16));
			__asm__ volatile("" : : "r"(block) : "memory");
			free(block);
			break;
		case 2:
			localtime_r(&now, &tm);
			break;
		case 3:
			fprintf(null, "%ld\n", random());
			break;
		case 4:
			fflush(NULL);
			setenv("RACE_BUSY", "of one length", 1);
		}
	}
	fclose(null);
	return NULL;
}

static void *launch_in_turn(void *argument)
{
	atomic_int *left = argument;
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_error error;
	int number, status;

	options.method = SPU_METHOD_POSIX_SPAWN;
	while ((number = atomic_fetch_sub(left, 1)) > 0) {
		if (number % 10 == 0) {
			if ((status = spu_system("exit 7")) != 7 << 8)
				fault("spu_system: %#x, %m", status);
		} else if (number % 10 < 4) {
			if (spu_run(SPU_ARGV(child_path), number % 10 == 1 ? &options : NULL,
				    &status, &error) < 0)
				fault("spu_run: %s", error.text);
		} else {
			launch_one(-1, SPU_METHOD_VFORK, 1);
		}
	}
	return NULL;
}

START_TEST(no_atfork_handler_runs_and_no_lock_matters)
{
	atomic_int left = share(5000);
	struct team busy = {.count = 0}, launchers = {.count = 0};
	size_t open_before = count_open();
	pid_t pid;

	share_memory();
	setenv("RACE_BUSY", "of one length", 1);
	ck_assert_int_eq(pthread_atfork(record_fork, record_fork, record_fork), 0);
	start(&busy, 8, hold_locks, NULL);
	start(&launchers, 4, launch_in_turn, &left);
	join(&launchers);
	stop = 1;
	join(&busy);
	assert_no_fault();
	ck_assert_int_eq(shared->atfork, 0);
	ck_assert_uint_eq(count_open(), open_before);
	assert_no_child();
	/* they do record */
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(shared->atfork, 3);
}
END_TEST

/*
 * ---- Signals to the group
 */
static void handle(int number)
{
	if (getpid() != shared->host)
		atomic_fetch_add(&shared->in_child, 1);
	else if (number == SIGRTMIN)
		atomic_fetch_add(&shared->handled[0], 1);
	else if (number == SIGRTMIN + 5)
		atomic_fetch_add(&shared->handled[1], 1);
}

static int signals(int i)
{
	const int all[] = {SIGRTMIN, SIGRTMIN + 5, SIGUSR1, SIGCHLD};

	return all[i];
}

static void for_all_signals(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	int i;

	for (i = 0; i < 4; i++)
		sigaction(signals(i), &action, NULL);
}

/* Sends as fast as the host takes them, so that no queue overflows. */
static void send_signals(void)
{
	int i;

	for_all_signals(SIG_IGN);
	for (;;) {
		long waiting = shared->sent - shared->handled[0];

		/* told that it is enough, or alone */
		if (atomic_load(&shared->stop) || getppid() != shared->host)
			_exit(0);
		/* the host must get on between its handlers */
		nanosleep(&(struct timespec){0, 20000}, NULL);
		if (waiting > 64)
			continue;
		for (i = 0; i < 4; i++)
			kill(0, signals(i));
		atomic_fetch_add(&shared->sent, 1);
	}
}

static uint64_t signal_bits(void)
{
	uint64_t bits = 0;
	int i;

	for (i = 0; i < 4; i++)
		bits |= SPU_SIGNAL(signals(i));
	return bits;
}

/* A member of a group of its own, so that the runner is spared. Returns how many went wrong. */
static int launch_under_signals(int launches)
{
	struct spu_options options[5] = {SPU_OPTIONS_INIT, SPU_OPTIONS_INIT, SPU_OPTIONS_INIT,
					 SPU_OPTIONS_INIT, SPU_OPTIONS_INIT};
	struct spu_error error = {0};
	int i, r, status, wrong = 0;

	/* 0, 2 and 3 share the descriptor table, 4 doesn't */
	options[0].block_signals = options[1].block_signals = signal_bits();
	options[1].method = SPU_METHOD_POSIX_SPAWN;
	options[2].ignore_signals = options[4].ignore_signals = signal_bits();
	options[4].leaks = SPU_LEAKS_ALLOW;
	/* 3: the signal is the child's death, before exec or after */
	for (i = 0; i < launches; i++) {
		status = 0;
		r = spu_run(SPU_ARGV(child_path), &options[i % 5], &status, &error);
		/* what 4 inherits is the child's status */
		if (i % 5 == 3 ? r != 0 && r != -ECANCELED
			       : r != 0 || (i % 5 == 4 ? WIFSIGNALED(status) : status != 0)) {
			fprintf(stderr, "launch %d: %d, status %#x, %s\n", i, r, status, error.text);
			wrong++;
		}
	}
	return wrong;
}

/* close_range(CLOSE_RANGE_UNSHARE) of nothing */
static int can_share(void)
{
	return syscall(SYS_close_range, ~0u, ~0u, 2) == 0;
}

static int be_signalled_host(void)
{
	pid_t sender;
	int wrong, tries;

	setpgid(0, 0);
	shared->host = getpid();
	wrong = !shares_table() && can_share();
	for_all_signals(handle);
	sender = fork();
	if (sender == 0)
		send_signals();
	wrong += launch_under_signals(share(2000));
	atomic_store(&shared->stop, 1);
	while (waitpid(sender, NULL, 0) < 0 && errno == EINTR)
		;
	for (tries = 0; tries < 1000 && shared->handled[0] < shared->sent; tries++)
		usleep(1000);
	return wrong != 0;
}

START_TEST(signals_reach_the_parent_only_and_none_is_lost)
{
	int status;
	pid_t host;

	NEED_OWN_CHILD("check_races");
	share_memory();
	host = fork();
	ck_assert_int_ge(host, 0);
	if (host == 0)
		_exit(be_signalled_host());
	ck_assert_int_eq(waitpid(host, &status, 0), host);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(shared->in_child, 0);
	ck_assert_int_gt(shared->sent, 0);
	/* ThreadSanitizer hands them on by itself, and merges them */
	if (THREAD_SANITIZER)
		return;
	ck_assert_int_eq(shared->handled[0], shared->sent);
	ck_assert_int_eq(shared->handled[1], shared->sent);
}
END_TEST

/*
 * ---- First launches, all at once
 */
static pthread_barrier_t barrier;

static void *launch_first(void *argument)
{
	struct spu_error error;
	int r;

	pthread_barrier_wait(&barrier);
	if ((intptr_t)argument % 3 == 2) {
		r = spu_run(SPU_ARGV("/nonexistent/program"), NULL, NULL, &error);
		if (r != -ENOENT)
			fault("a missing program: %d", r);
	}
	launch_one(-1, SPU_METHOD_VFORK, 1);
	return NULL;
}

START_TEST(first_launches_of_a_process_at_once)
{
	int i, status;
	pid_t host;

	NEED_OWN_CHILD("check_races");
	for (i = 0; i < share(100) + 5; i++) {
		host = fork();
		ck_assert_int_ge(host, 0);
		if (host == 0) {
			struct team team = {.count = 0};

			pthread_barrier_init(&barrier, NULL, 8);
			start(&team, 8, launch_first, NULL);
			join(&team);
			if (faults)
				fprintf(stderr, "%s\n", first_fault);
			_exit(faults != 0);
		}
		ck_assert_int_eq(waitpid(host, &status, 0), host);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/*
 * ---- What other threads see of a launch that fails
 */
static void *reap_everybody(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop)) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid > 0)
			fault("waitpid(-1) in another thread got %d", (int)pid);
		else if (errno != ECHILD)
			fault("waitpid(-1) in another thread: %m");
	}
	return NULL;
}

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&shared->in_child, 1);
}

START_TEST(failed_launches_are_invisible)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
	struct team reaper = {.count = 0};
	struct spu_options options = SPU_OPTIONS_INIT;
	size_t open_before = count_open();
	int i, status;

	NEED_OWN_CHILD("check_races");
	share_memory();
	sigaction(SIGCHLD, &action, NULL);
	start(&reaper, 1, reap_everybody, NULL);
	options.cwd = "/nonexistent";
	for (i = 0; i < share(2000); i++) {
		ck_assert_int_eq(spu_run(SPU_ARGV("/nonexistent/program"), NULL, NULL, NULL),
				 -ENOENT);
		ck_assert_int_eq(spu_run(SPU_ARGV(child_path), &options, NULL, NULL), -ENOENT);
	}
	stop = 1;
	join(&reaper);
	assert_no_fault();
	ck_assert_int_eq(shared->in_child, 0);
	ck_assert_uint_eq(count_open(), open_before);
	/* a child that runs does send it */
	ck_assert_int_eq(spu_run(SPU_ARGV(child_path), NULL, &status, NULL), 0);
	ck_assert_int_eq(shared->in_child, 1);
}
END_TEST

/*
 * ---- Threads that wait, are cancelled, send signals
 */
static void *run_for_long(void *argument)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	unsigned kind = (unsigned)(intptr_t)argument;

	if (kind & 1)
		options.timeout_ms = 60000;
	if (kind & 2)
		options.flags = SPU_SETSID;
	for (;;) {
		/* short ones and long ones, so that a cancellation finds all that can be found */
		if (spu_run(kind & 4 ? SPU_ARGV("/bin/sleep", "100") : SPU_ARGV(child_path),
			    &options, NULL, NULL) < 0)
			fault("spu_run failed");
	}
	return NULL;
}

START_TEST(a_cancelled_run_leaves_nothing)
{
	size_t open_before = count_open();
	int i, round;

	if (ADDRESS_SANITIZER)
		SKIP("check_races", "AddressSanitizer takes a cancelled thread's frames for live");
	for (round = 0; round < share(60) + 5; round++) {
		struct team team = {.count = 0};

		for (i = 0; i < 8; i++)
			start(&team, 1, run_for_long, (void *)(intptr_t)(i + 8));
		usleep(1000 + (useconds_t)round * 37 % 3000);
		for (i = 0; i < 8; i++)
			pthread_cancel(team.threads[i]);
		join(&team);
		ck_assert_uint_eq(count_open(), open_before);
		assert_no_child();
	}
	assert_no_fault();
}
END_TEST

static void *wait_for_it(void *argument)
{
	struct spu_child *child = argument;
	int status, r = spu_wait(child, -1, &status);

	if (r < 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fault("wait: %d, status %#x", r, status);
	return NULL;
}

START_TEST(a_signal_beside_a_wait)
{
	struct spu_error error;
	int i, r;

	for (i = 0; i < share(200) + 5; i++) {
		struct team team = {.count = 0};
		struct spu_child child;

		ASSERT_OK(spu_spawn(&child, SPU_ARGV("/bin/sleep", "100"), NULL, &error), error);
		start(&team, 1, wait_for_it, &child);
		ck_assert_int_eq(spu_kill(&child, SIGKILL, 0), 0);
		while ((r = spu_kill(&child, SIGKILL, 0)) == 0)
			sched_yield();
		ck_assert_int_eq(r, -ESRCH);
		join(&team);
		spu_child_release(&child);
	}
	assert_no_fault();
}
END_TEST

/*
 * ---- Beside fork
 */
static void *fork_and_launch(void *argument)
{
	int i, status;

	(void)argument;
	for (i = 0; i < share(50) + 5; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGALRM, SIG_DFL);
			alarm(patience(60));	/* a hang is a death */
			if (spu_run(SPU_ARGV(child_path), NULL, &status, NULL) < 0 || status)
				_exit(1);
			_exit(spu_system("exit 3") == 3 << 8 ? 0 : 2);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			fault("the fork child: %#x", status);
	}
	return NULL;
}

START_TEST(fork_children_launch_at_once)
{
	atomic_int left = share(1000);
	struct team team = {.count = 0};

	if (ADDRESS_SANITIZER)
		SKIP("check_races", "AddressSanitizer's malloc may be locked in a fork child");
	start(&team, 2, launch_in_turn, &left);
	start(&team, 2, fork_and_launch, NULL);
	join(&team);
	assert_no_fault();
	assert_no_child();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("races");
	int failed;

	make_child();
	ADD(the_child_finds_leaks);
	ADD(children_hold_nothing_that_was_not_given);
	ADD_LOOP(what_was_just_written_can_be_launched, 3);
	ADD(no_atfork_handler_runs_and_no_lock_matters);
	ADD(signals_reach_the_parent_only_and_none_is_lost);
	ADD(first_launches_of_a_process_at_once);
	ADD(failed_launches_are_invisible);
	ADD(a_cancelled_run_leaves_nothing);
	ADD(a_signal_beside_a_wait);
	ADD(fork_children_launch_at_once);
	failed = run_suite(suite);
	remove_child();
	return failed;
}
