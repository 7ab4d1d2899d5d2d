/* SPDX-License-Identifier: MIT */
/*
 * plan_launch list
 * plan_launch NAME explain|launch|explain-exec|exec NTH PROGRAM
 * plan_launch random NTH SEEDS PROGRAM
 *
 * Makes the options that NAME stands for in the table below and prints what
 * spu_explain() says about a launch of PROGRAM with them, or launches it and
 * prints the child's pid (0 when the launch failed, as one option set wants).
 * NTH - 1 launches of PROGRAM with no options go before that, because the first
 * of a process differs. Both runs do the same up to the last call, so that
 * numbers agree. With "exec" in place: spu_explain_exec() and spu_exec().
 *
 * random: for each of the numbers in SEEDS (as "0-99") one random set of options
 * whose first two descriptor entries are the number's digits; explained, with
 * "set NUMBER" before and "child PID" after it, and launched.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/arch.h"
#include "kernel.h"
#include "spawnutil.h"

static char *arguments[8];
static char *environment[] = {"ONE=1", "TWO=two words", NULL};
static const char *const set[] = {"PLAN=yes", "HOME=/", NULL};
static const char *const unset[] = {"LC_ALL", "NOSUCH", NULL};
static int ends[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
static struct spu_fd fds[9];
static struct spu_options options = SPU_OPTIONS_INIT;

static void give(int index, struct spu_fd fd)
{
	fds[index] = fd;
	options.fds = fds;
}

#define GIVE(index, ...) give(index, (struct spu_fd)__VA_ARGS__)

/* A file of the parent's, under this number, without close-on-exec. */
static void hold(int number)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, number) < 0)
		exit(2);
	if (fd != number)
		close(fd);
}

static void plain(void) {}

static void cwd_and_umask(void)
{
	options.cwd = "/usr";
	options.umask = SPU_SET(027);
}

static void umask_of_nothing(void)
{
	options.umask = SPU_SET(0);
}

static void swap(void)
{
	GIVE(0, SPU_MAP(1, 2));
	GIVE(1, SPU_MAP(2, 1));
}

static void cycle_of_three(void)
{
	GIVE(0, SPU_MAP(0, 1));
	GIVE(1, SPU_MAP(1, 2));
	GIVE(2, SPU_MAP(2, 0));
}

static void two_cycles_and_a_chain(void)
{
	hold(5);
	hold(6);
	hold(7);
	hold(8);
	GIVE(0, SPU_MAP(1, 2));
	GIVE(1, SPU_MAP(2, 1));
	GIVE(2, SPU_MAP(5, 6));
	GIVE(3, SPU_MAP(6, 5));
	GIVE(4, SPU_MAP(9, 8));
	GIVE(5, SPU_MAP(8, 7));
}

static void append_and_same(void)
{
	GIVE(0, SPU_OPEN(1, "plan.log", O_WRONLY | O_CREAT | O_APPEND));
	GIVE(1, SPU_SAME(2, 1));
}

static void null(void)
{
	GIVE(0, SPU_NULL(0));
}

/* The child's openat gives the number that is wanted: what follows is left out. */
static void open_in_place(void)
{
	close(0);
	GIVE(0, SPU_OPEN(0, "/dev/zero", O_RDONLY));
	GIVE(1, SPU_OPEN(9, "/dev/full", O_WRONLY | O_NONBLOCK | O_NOFOLLOW));
}

static void open_flags(void)
{
	struct spu_fd made = SPU_OPEN(3, "plan.made", O_RDWR | O_CREAT | O_TRUNC | O_DSYNC);

	made.mode = 0;
	GIVE(0, SPU_OPEN(0, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	GIVE(1, SPU_OPEN(1, ".", O_WRONLY | O_TMPFILE));
	GIVE(2, SPU_OPEN(2, "plan.new", O_WRONLY | O_CREAT | O_EXCL | O_SYNC | O_NOATIME));
	give(3, made);
	GIVE(4, SPU_SAME(70, 3));
}

static void close_one(void)
{
	GIVE(0, SPU_CLOSE(2));
}

static void keep_high(void)
{
	hold(200);
	hold(13);
	GIVE(0, SPU_KEEP(200));
	GIVE(1, SPU_MAP(7, 200));
}

static void pipes(void)
{
	GIVE(0, SPU_PIPE_IN(0, &ends[0]));
	GIVE(1, SPU_PIPE_OUT(4, &ends[1]));
}

static void fifo(void)
{
	int reader;

	mkfifo("plan.fifo", 0600);
	reader = open("plan.fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (reader < 0 || dup3(reader, 30, O_CLOEXEC) < 0)
		exit(2);
	close(reader);
	GIVE(0, SPU_OPEN(1, "plan.fifo", O_WRONLY));
}

static void session_and_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		exit(2);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || dup3(slave, 20, O_CLOEXEC) < 0)
		exit(2);
	options.flags = SPU_SETSID;
	options.ctty = SPU_SET(0);
	options.foreground = SPU_SET(0);
	GIVE(0, SPU_MAP(0, 20));
}

static void own_terminal(void)
{
	options.foreground = SPU_SET(1);
	GIVE(0, SPU_PTY(1, &ends[0]));
	GIVE(1, SPU_SAME(0, 1));
}

static void group(void)
{
	options.pgroup = SPU_SET(0);
}

static void dispositions(void)
{
	options.default_signals = SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(SIGCHLD) | SPU_SIGNAL(32) |
				  SPU_SIGNAL(35);
	options.ignore_signals = SPU_SIGNAL(SIGPIPE) | SPU_SIGNAL(SIGHUP) | SPU_SIGNAL(34) |
				 SPU_SIGNAL(64);
}

static void blocked_signals(void)
{
	options.block_signals = SPU_SIGNAL(SIGUSR1) | SPU_SIGNAL(SIGIO) | SPU_SIGNAL(SIGPWR) |
				SPU_SIGNAL(32) | SPU_SIGNAL(33) | SPU_SIGNAL(64);
}

static void most_signals_blocked(void)
{
	options.block_signals = ~(SPU_SIGNAL(SIGTERM) | SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(40));
}

static void mask_of_the_thread(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGWINCH);
	sigaddset(&mask, SIGRTMIN + 3);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	options.flags = SPU_KEEP_MASK;
	options.block_signals = SPU_SIGNAL(SIGURG);
}

static void whole_environment(void)
{
	options.env = environment;
}

static void changed_environment(void)
{
	options.env_set = set;
	options.env_unset = unset;
}

/* Three misses, one in an empty entry, and more directories that aren't reached. */
static void search(void)
{
	static char path[4096];
	char *slash = strrchr(arguments[0], '/');

	snprintf(path, sizeof(path), "/nonexistent::/dev/null:%.*s:/usr/bin",
		 (int)(slash - arguments[0]), arguments[0]);
	options.path = path;
	arguments[0] = slash + 1;
}

static void long_search_in_vain(void)
{
	static char path[8192];
	size_t length = 0;
	int i;

	for (i = 0; i < 60; i++)
		length += (size_t)snprintf(path + length, sizeof(path) - length,
					   "%s/nonexistent/%0*d", i ? ":" : "", 1 + i, i);
	options.path = path;
	arguments[0] = "nosuchprogram";
}

static void inherit(void)
{
	hold(13);
	hold(14);
	options.leaks = SPU_LEAKS_ALLOW;
	GIVE(0, SPU_MAP(5, 13));
	GIVE(1, SPU_CLOSE(14));
}

static void detached(void)
{
	options.flags = SPU_DETACH | SPU_SETSID;
	options.cwd = "/";
	GIVE(0, SPU_NULL(0));
}

static void odd_strings(void)
{
	options.cwd = "./a \"quoted\" \\ \t\n\r\001\0012 \303\251 name";
	mkdir(options.cwd, 0700);
	arguments[1] = "";
	arguments[2] = "two words";
	arguments[3] = "\"'$`\\\v\f\a\b\033[0m\1779";
	arguments[4] = "\n";
}

static void another_file(void)
{
	options.file = arguments[0];
	arguments[0] = "-a name";
}

static void everything(void)
{
	hold(11);
	options.cwd = "/";
	options.umask = SPU_SET(077);
	options.pgroup = SPU_SET(0);
	options.default_signals = ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP));
	options.block_signals = SPU_SIGNAL(SIGUSR2);
	options.env_set = set;
	GIVE(0, SPU_NULL(0));
	GIVE(1, SPU_MAP(2, 1));
	GIVE(2, SPU_MAP(1, 2));
	GIVE(3, SPU_KEEP(11));
	GIVE(4, SPU_PIPE_OUT(3, &ends[0]));
	GIVE(5, SPU_OPEN(12, "/dev/null", O_RDONLY | O_SYNC));
}

static void other_options(void)
{
	static const gid_t groups[] = {0, 5, 70000};
	static const int cpus[] = {0};
	static const struct spu_limit limits[] = {SPU_LIMIT(RLIMIT_NOFILE, 200, 300),
						  SPU_LIMIT(RLIMIT_CORE, 0, 1024),
						  SPU_LIMIT(RLIMIT_FSIZE, 8192, ~(uint64_t)0),
						  {0, 0, 0, 0}};

	hold(600);
	options.root = "/";
	options.nice = SPU_SET(1);
	options.cpus = cpus;
	options.cpu_count = 1;
	options.limits = limits;
	options.flags = SPU_NO_NEW_PRIVS;
	options.pdeathsig = SPU_SET(SIGUSR1);
	options.uid = SPU_SET(getuid());
	options.gid = SPU_SET(getgid());
	options.groups = groups;
	options.group_count = 3;
	GIVE(0, SPU_MAP(3, 600));
	if (geteuid() == 0)
		return;
	options.root = NULL;
	options.groups = NULL;
	options.group_count = 0;
	options.flags |= SPU_KEEP_GROUPS;
}

static void no_groups(void)
{
	static const gid_t none[1];

	if (geteuid() == 0)
		options.groups = none;
}

/* One that any kernel has: who writes there stays where it was. */
static const char *control_group(void)
{
	mkdir("plan.group", 0700);
	close(open("plan.group/cgroup.procs", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return "plan.group";
}

static void own_number(void)
{
	options.cwd = "/";
	options.pid_variable = "TWO";
	options.pid_file = "plan.pid";
	options.cgroup = control_group();
	options.env = environment;
}

static void within_time(void)
{
	options.timeout_ms = 86400000;
	options.flags = SPU_DETACH;
	options.cwd = "/";
}

static void by_descriptor(void)
{
	int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup3(fd, 7, O_CLOEXEC) < 0)
		exit(2);
	close(fd);
	options.program_fd = SPU_SET(7);
	GIVE(0, SPU_NULL(7));
	GIVE(1, SPU_NULL(3));
}

static void capabilities(void)
{
	if (geteuid() != 0)
		return;
	options.ambient_caps = SPU_SET(SPU_CAP(10) | SPU_CAP(40));
	options.bounding_set = SPU_SET(SPU_CAP(10) | SPU_CAP(12));
	options.securebits = SPU_SET(0xef);
	options.uid = SPU_SET(65534);
	options.flags = SPU_KEEP_GROUPS;
}

/* All may pass. */
static void filter(void)
{
	static const uint64_t pass = UINT64_C(0x7fff000000000006);

	options.seccomp = &pass;
	options.seccomp_count = 1;
	options.flags = SPU_NO_NEW_PRIVS;
}

/* No right is taken that anybody here needs: the kernel may be too old for it. */
static void rules(void)
{
	static const struct spu_landlock nothing[] = {SPU_BENEATH("/", 1 << 6), {0, 0, 0, NULL}};

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		return;
	options.landlock_access = 1 << 6 | 1 << 11;
	options.landlock_rules = nothing;
	options.flags = SPU_NO_NEW_PRIVS;
	GIVE(0, SPU_NULL(3));
}

/* Where the root of the control groups is mounted that there are now */
static void born_in_group(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
	struct statfs system;
	size_t i;

	for (i = 0; i < 2 && geteuid() == 0; i++)
		if (statfs(roots[i], &system) == 0 && system.f_type == KERNEL_CGROUP2_MAGIC) {
			options.cgroup = roots[i];
			return;
		}
}

static void scheduled(void)
{
	options.scheduler = SPU_SET(SCHED_BATCH);
	options.ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_IDLE, 0));
}

static void priority_alone(void)
{
	options.sched_priority = SPU_SET(0);
}

static void parents_end(void)
{
	options.flags = SPU_NO_NEW_PRIVS;
	options.pdeathsig = SPU_SET(34);
}

static void fetched(void)
{
	hold(600);
	hold(700);
	GIVE(0, SPU_MAP(3, 600));
	GIVE(1, SPU_MAP(4, 700));
	GIVE(2, SPU_MAP(0, 600));
	GIVE(3, SPU_KEEP(700));
	GIVE(4, SPU_SAME(6, 3));
}

#define NAMES(X) \
	X(plain) X(cwd_and_umask) X(umask_of_nothing) X(swap) X(cycle_of_three) \
	X(two_cycles_and_a_chain) X(append_and_same) X(null) X(open_in_place) X(open_flags) \
	X(close_one) X(keep_high) X(pipes) X(fifo) X(session_and_terminal) X(own_terminal) X(group) X(dispositions) \
	X(blocked_signals) X(most_signals_blocked) X(mask_of_the_thread) X(whole_environment) \
	X(changed_environment) X(search) X(long_search_in_vain) X(inherit) X(detached) \
	X(odd_strings) X(another_file) X(everything) X(other_options) X(no_groups) X(parents_end) \
	X(fetched) X(own_number) X(within_time) X(by_descriptor) X(capabilities) X(filter) X(rules) X(born_in_group) X(scheduled) X(priority_alone)

static const struct {
	const char *name;
	void (*set_up)(void);
} sets[] = {
#define ENTRY(name) {#name, name},
	NAMES(ENTRY)
#undef ENTRY
};

#define COUNT (sizeof(sets) / sizeof(sets[0]))

static int launch(char *const argv[], const struct spu_options *how)
{
	struct spu_error error;
	struct spu_child child;
	int r = spu_spawn(&child, argv, how, &error);

	if (r < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 0;
	}
	if (!how || !(how->flags & SPU_DETACH))
		spu_wait(&child, -1, NULL);
	spu_child_release(&child);
	return child.pid;
}

static int explain(char *const argv[], int in_place)
{
	struct spu_error error;
	char *text;

	if ((in_place ? spu_explain_exec : spu_explain)(argv, &options, &text, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	fputs(text, stderr);
	free(text);
	return 0;
}

/*
 * ---- Random sets
 */

static uint32_t random_state;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

static int held_number(void)
{
	static const int held[] = {0, 1, 2, 5, 6, 7, 8, 13, 600, 700};

	return held[next_random(10)];
}

static int is_target(int count, int fd)
{
	while (count-- > 0)
		if (fds[count].fd == fd)
			return 1;
	return 0;
}

/* Returns how many entries there are then. */
static int add_random_entry(int count, int kind)
{
	int number = (int)next_random(15), other = (int)next_random(15);

	if (kind == 0)
		number = held_number();
	if (is_target(count, number))
		return count;
	switch (kind) {
	case 0:
		GIVE(count, SPU_KEEP(number));
		break;
	case 1:
		GIVE(count, SPU_MAP(number, held_number()));
		break;
	case 2:	/* a swap */
		if (is_target(count, 5) || is_target(count, 6))
			return count;
		GIVE(count, SPU_MAP(5, 6));
		GIVE(count + 1, SPU_MAP(6, 5));
		return count + 2;
	case 3:
		if (count == 0 || fds[0].kind == SPU_FD_CLOSE)
			return count;
		GIVE(count, SPU_SAME(number, fds[0].fd));
		break;
	case 4:
		GIVE(count, SPU_OPEN(number, other % 2 ? "/dev/zero" : "/dev/null", O_RDWR));
		break;
	case 5:
		GIVE(count, SPU_NULL(number));
		break;
	case 6:
		GIVE(count, SPU_CLOSE(number));
		break;
	case 7:
		GIVE(count, SPU_PIPE_IN(number, &ends[count]));
		break;
	case 8:
		GIVE(count, SPU_PIPE_OUT(number, &ends[count]));
		break;
	default:
		GIVE(count, SPU_MAP(number, next_random(2) ? 600 : 700));
	}
	return count + 1;
}

static void add_random_rights(void)
{
	static const gid_t groups[] = {65534, 7};
	static const int cpus[] = {0};
	static const struct spu_limit limits[] = {SPU_LIMIT(RLIMIT_NOFILE, 64, 128),
						  SPU_LIMIT(RLIMIT_CPU, 1000, ~(uint64_t)0),
						  SPU_LIMIT(RLIMIT_CORE, 0, 0), {0, 0, 0, 0}};

	if (next_random(4) == 0)
		options.timeout_ms = 86400000;
	if (next_random(4) == 0)
		options.flags |= SPU_NO_NEW_PRIVS;
	if (next_random(4) == 0)
		options.pdeathsig = SPU_SET(1 + next_random(64));
	if (next_random(4) == 0)
		options.nice = SPU_SET(next_random(3));
	if (next_random(4) == 0)
		options.cpus = cpus, options.cpu_count = 1;
	if (next_random(4) == 0)
		options.oom_score_adj = SPU_SET(500 + next_random(500));
	if (next_random(4) == 0)
		options.scheduler = SPU_SET(next_random(2) ? SCHED_BATCH : SCHED_IDLE);
	if (next_random(4) == 0)
		options.ioprio = SPU_SET(SPU_IOPRIO(SPU_IOPRIO_BEST_EFFORT, next_random(8)));
	if (next_random(3) == 0)
		options.limits = limits + next_random(3);
	if (options.flags & SPU_NO_NEW_PRIVS && next_random(2))
		filter();
	if (geteuid() == 0 && next_random(3) == 0)
		options.ambient_caps = SPU_SET(SPU_CAP(next_random(14)));
	if (geteuid() == 0 && next_random(4) == 0)
		options.bounding_set = SPU_SET(SPU_CAP(next_random(14)));
	if (geteuid() == 0 && next_random(4) == 0)
		options.securebits = SPU_SET(3);
	if (geteuid() != 0 || next_random(3))
		return;
	options.root = next_random(2) ? "/" : NULL;
	options.groups = groups;
	options.group_count = next_random(3);
	if (next_random(2))
		options.gid = SPU_SET(next_random(2) ? 65534 : 0);
	if (next_random(2))
		options.uid = SPU_SET(next_random(2) ? 65534 : 0);
}

static void make_random_set(unsigned seed)
{
	int count, more;

	random_state = 2463534242u + seed * 2654435761u;
	next_random(2);
	memset(fds, 0, sizeof(fds));
	options = (struct spu_options)SPU_OPTIONS_INIT;
	count = add_random_entry(0, (int)(seed / 10 % 10));
	count = add_random_entry(count, (int)(seed % 10));
	for (more = (int)next_random(3); more > 0; more--)
		count = add_random_entry(count, (int)next_random(10));
	add_random_rights();
	options.leaks = next_random(5) ? SPU_LEAKS_CLOSE : SPU_LEAKS_ALLOW;
	options.cwd = next_random(3) ? NULL : "/usr";
	if (next_random(3) == 0)
		options.umask = SPU_SET(next_random(01000));
	if (next_random(4) == 0)
		options.flags |= SPU_SETSID;
	else if (next_random(3) == 0)
		options.pgroup = SPU_SET(0);
	if (next_random(3) == 0)
		options.default_signals = SPU_SIGNAL(1 + next_random(8));
	if (next_random(3) == 0)
		options.ignore_signals = SPU_SIGNAL(10 + next_random(9));
	if (next_random(3) == 0)
		options.block_signals = (uint64_t)next_random(1u << 31) << next_random(32);
	if (next_random(3) == 0)
		options.env_set = set;
	options.pid_variable = next_random(3) ? NULL : "PLAN";
	options.pid_file = next_random(3) ? NULL : "plan.pid";
	options.cgroup = next_random(3) ? NULL : control_group();
}

static int launch_random_sets(unsigned first, unsigned last)
{
	size_t i;
	int pid;

	hold(5), hold(6), hold(7), hold(8), hold(13), hold(600), hold(700);
	for (; first <= last; first++) {
		make_random_set(first);
		fprintf(stderr, "set %u\n", first);
		if (explain(arguments, 0) != 0)
			return 1;
		pid = launch(arguments, &options);
		fprintf(stderr, "child %d\n", pid);
		for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			if (ends[i] >= 0)
				close(ends[i]);
			ends[i] = -1;
		}
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct spu_error error;
	size_t i;
	int before, pid;

	if (argc == 2) {
		for (i = 0; i < COUNT; i++)
			puts(sets[i].name);
		return 0;
	}
	if (argc == 5 && strcmp(argv[1], "random") == 0) {
		unsigned first, last;

		arguments[0] = argv[4];
		for (before = atoi(argv[2]); before > 1; before--)
			launch(arguments, NULL);
		return sscanf(argv[3], "%u-%u", &first, &last) == 2
			? launch_random_sets(first, last) : 2;
	}
	for (i = 0; i < COUNT && strcmp(sets[i].name, argv[1]) != 0; i++)
		;
	if (argc != 5 || i == COUNT)
		return 2;
	/* on 2 both speak: 0 and 1 may be closed by then */
	arguments[0] = argv[4];
	for (before = atoi(argv[3]); before > 1; before--)
		launch(arguments, NULL);
	sets[i].set_up();
	if (strncmp(argv[2], "explain", 7) == 0)
		return explain(arguments, strcmp(argv[2], "explain-exec") == 0);
	if (strcmp(argv[2], "exec") == 0) {
		spu_exec(arguments, &options, &error);
		return 1;
	}
	pid = launch(arguments, &options);
	fprintf(stderr, "child %d\n", pid);
	return 0;
}
