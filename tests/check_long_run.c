/* SPDX-License-Identifier: MIT */
/*
 * suite: long
 * What a service does for weeks: sixteen threads launch, by every option and every
 * call in turn, and look at their descriptors every hundredth time. Nothing grows.
 *
 * RACES_PERCENT=5000 makes a million launches. LONG_RUN_TABLE=FILE gets a line for each
 * hundredth of them: launches made, seconds, memory in use by malloc and by the
 * process in kB, descriptors, microseconds of the median launch and of the slowest
 * of 100. As a picture:
 *	gnuplot -p -e 'set logscale y; plot for [i=3:7] "FILE" using 1:i with lines
 *		title columnhead(i) noenhanced'
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <malloc.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <time.h>

#include "races.h"

#define SUITE "long_run"

enum { THREADS = 16, ROUNDS = 100, WARM = 10 };

static const struct sock_filter all_allowed[] = {BPF_STMT(BPF_RET | BPF_K, 0x7fff0000)};
static const int first_cpu[] = {0};

/* By both methods what both carry, then what one does. */
/* SPU_SET() is no constant. */
#define SET(number) {1, (number)}

static const struct spu_options *const by_both[] = {
	SPU_OPTIONS(.flags = 0),
	SPU_OPTIONS(.flags = SPU_SETSID),
	SPU_OPTIONS(.flags = SPU_KEEP_MASK),
	SPU_OPTIONS(.flags = SPU_NO_PIDFD),
	SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW),
	SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL),
	SPU_OPTIONS(.cwd = "/"),
	SPU_OPTIONS(.env_set = SPU_LIST("A=1", "B=2"), .env_unset = SPU_LIST("HOME")),
	SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(3))),
	SPU_OPTIONS(.fds = SPU_FDS(SPU_OPEN(3, "/dev/null", O_RDONLY))),
	SPU_OPTIONS(.fds = SPU_FDS(SPU_MAP(0, 2), SPU_SAME(2, 1))),
	SPU_OPTIONS(.pgroup = SET(0)),
	SPU_OPTIONS(.default_signals = SPU_SIGNAL(SIGPIPE), .block_signals = SPU_SIGNAL(SIGUSR1)),
};

static const struct spu_options *const by_vfork[] = {
	SPU_OPTIONS(.timeout_ms = 200000),
	SPU_OPTIONS(.flags = SPU_DETACH),
	SPU_OPTIONS(.flags = SPU_NO_NEW_PRIVS),
	SPU_OPTIONS(.path = "/nonesuch:/bin"),
	SPU_OPTIONS(.pid_variable = "CHILD"),
	SPU_OPTIONS(.pid_file = "/dev/null"),
	SPU_OPTIONS(.limits = SPU_LIMITS(SPU_LIMIT(RLIMIT_CORE, 0, 0))),
	SPU_OPTIONS(.cpus = first_cpu, .cpu_count = 1),
	SPU_OPTIONS(.seccomp = all_allowed, .seccomp_count = 1, .flags = SPU_NO_NEW_PRIVS),
	SPU_OPTIONS(.nice = SET(1)),
	SPU_OPTIONS(.oom_score_adj = SET(1000)),
	SPU_OPTIONS(.scheduler = SET(SCHED_BATCH)),
	SPU_OPTIONS(.ioprio = SET(SPU_IOPRIO(2, 7))),
	SPU_OPTIONS(.inheritable_caps = SET(0), .ambient_caps = SET(0)),
	SPU_OPTIONS(.pdeathsig = SET(SIGKILL)),
	SPU_OPTIONS(.umask = SET(077)),
	SPU_OPTIONS(.ignore_signals = SPU_SIGNAL(SIGHUP)),
};

#define COUNT(list) ((unsigned)(sizeof(list) / sizeof(*(list))))

/* Launches, and waits unless it is nobody's child. */
static int run(const struct spu_options *options)
{
	struct spu_error error;
	struct spu_child child;
	int r, status = 0;

	r = spu_spawn(&child, SPU_ARGV(child_path), options, &error);
	/* what the runner has left open */
	if (r == -EBADFD && options->leaks == SPU_LEAKS_FAIL)
		return 0;
	if (r < 0) {
		fault("a launch: %s", error.text);
		return r;
	}
	if (!(options->flags & SPU_DETACH))
		r = spu_wait(&child, -1, &status);
	spu_child_release(&child);
	return r < 0 ? r : !WIFEXITED(status);
}

static int run_by_posix_spawn(unsigned turn)
{
	struct spu_options options = *by_both[turn % COUNT(by_both)];

	options.method = SPU_METHOD_POSIX_SPAWN;
	return run(&options);
}

static int run_by_vfork(unsigned turn)
{
	return run(by_both[turn % COUNT(by_both)]);
}

static int run_by_vfork_only(unsigned turn)
{
	return run(by_vfork[turn % COUNT(by_vfork)]);
}

static int of_a_program_that_is_missing(unsigned turn)
{
	int r = spu_run(SPU_ARGV("/nonesuch"), by_both[turn % 4], NULL, NULL);

	return r == -ENOENT ? 0 : r;
}

static int with_pipes(unsigned turn)
{
	struct spu_output output = {0};
	int r = spu_capture(SPU_ARGV(child_path), NULL, "input", turn % 6, &output, NULL, NULL, NULL);

	free(output.data);
	return r == -EPIPE ? 0 : r;
}

static int with_a_terminal(unsigned turn)
{
	int ends[2] = {-1, -1}, r;
	struct spu_options options = SPU_OPTIONS_INIT;

	(void)turn;
	options.fds = SPU_FDS(SPU_PTY(0, &ends[0]), SPU_PIPE_OUT(1, &ends[1]));
	options.flags = SPU_SETSID;
	options.ctty = SPU_SET(0);
	r = run(&options);
	close(ends[0]);
	close(ends[1]);
	return r;
}

static int by_a_shell(unsigned turn)
{
	FILE *stream;

	if (turn % 2)
		return spu_system("exit 0");
	stream = spu_popen("exit 0", "re");
	return stream ? spu_pclose(stream) : -errno;
}

static int as_posix_says(unsigned turn)
{
	posix_spawn_file_actions_t actions;
	char *const argv[] = {child_path, NULL};
	pid_t pid;
	int r, status = 0;

	(void)turn;
	r = spu_posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = spu_posix_spawn_file_actions_addopen(&actions, 3, "/dev/null", O_RDONLY, 0);
		if (r == 0)
			r = spu_posix_spawn_file_actions_adddup2(&actions, 3, 0);
		if (r == 0)
			r = spu_posix_spawn(&pid, child_path, &actions, NULL, argv, environ);
		if (r == 0 && waitpid(pid, &status, 0) != pid)
			r = errno;
		spu_posix_spawn_file_actions_destroy(&actions);
	}
	return r;
}

static int (*const ways[])(unsigned turn) = {
	run_by_vfork, run_by_vfork_only, run_by_posix_spawn, run_by_vfork, as_posix_says,
	run_by_vfork_only, with_pipes, of_a_program_that_is_missing, with_a_terminal, by_a_shell,
};

/* ---- A round: the launches of all threads, and what is left when they have ended. */
static atomic_uint turns;
static unsigned round_end;
static float *took_us;
static unsigned round_start;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void look(void)
{
	struct spu_audit *audit;
	int r = spu_audit(0, 0, &audit);

	if (r < 0)
		fault("audit: %d", r);
	else
		spu_audit_free(audit);
}

static void *launch(void *argument)
{
	unsigned turn;

	(void)argument;
	while ((turn = atomic_fetch_add(&turns, 1)) < round_end) {
		double start = seconds();
		unsigned way = turn % COUNT(ways);
		int r = ways[way](turn / COUNT(ways));

		if (r != 0)
			fault("way %u in turn %u: %d", way, turn, r);
		took_us[turn - round_start] = (float)((seconds() - start) * 1e6);
		if (turn % 100 == 0)
			look();
	}
	return NULL;
}

static int compare_floats(const void *left, const void *right)
{
	float a = *(const float *)left, b = *(const float *)right;

	return (a > b) - (a < b);
}

static long resident_kb(void)
{
	char line[128] = "";
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fgets(line, sizeof(line), file))
		sscanf(line, "%*s %ld", &pages);
	if (file)
		fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

struct sample {
	size_t in_use, open;
};

static struct sample make_round(unsigned launches)
{
	struct team team = {.count = 0};
	struct sample sample;

	round_start = round_end;
	round_end += launches;
	turns = round_start;
	start(&team, THREADS, launch, NULL);
	join(&team);
	assert_no_fault();
	assert_no_child();
	sample.in_use = mallinfo2().uordblks;
	sample.open = count_open();
	return sample;
}

START_TEST(a_long_run_leaves_nothing_behind)
{
	const char *path = getenv("LONG_RUN_TABLE");
	unsigned launches = (unsigned)share(20000) / ROUNDS, i;
	FILE *table = path ? fopen(path, "we") : NULL;
	struct sample warm = {0}, last = {0};
	double begun = seconds();

	SKIP_UNDER_VALGRIND(SUITE, TOO_SLOW);
	ck_assert(!path || table);
	ck_assert_uint_gt(launches, 0);
	took_us = calloc(launches, sizeof(*took_us));
	if (table)
		fprintf(table, "launches seconds in_use_kb resident_kb descriptors median_us p99_us\n");
	for (i = 1; i <= ROUNDS; i++) {
		last = make_round(launches);
		if (i == WARM)
			warm = last;
		if (!table)
			continue;
		qsort(took_us, launches, sizeof(*took_us), compare_floats);
		fprintf(table, "%u %.1f %zu %ld %zu %.1f %.1f\n", round_end, seconds() - begun,
			last.in_use / 1024, resident_kb(), last.open, took_us[launches / 2],
			took_us[launches - 1 - launches / 100]);
		fflush(table);
	}
	ck_assert_uint_eq(last.open, warm.open);
	/* a block lost in every hundredth launch would be more */
	ck_assert_msg(last.in_use < warm.in_use + launches * (ROUNDS - WARM) / 10 + 4096,
		      "%zu bytes of memory in use, %zu after the first launches", last.in_use,
		      warm.in_use);
	if (table)
		fclose(table);
	free(took_us);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	int failed;

	make_child();
	ADD(a_long_run_leaves_nothing_behind);
	failed = run_suite(suite);
	remove_child();
	return failed;
}
