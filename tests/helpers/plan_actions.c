/* SPDX-License-Identifier: MIT */
/*
 * plan_actions NTH SEEDS PROGRAM
 *
 * As plan_launch random, for posix_spawn's file actions: for each of the numbers in
 * SEEDS (as "0-99") one generated list whose first two actions are of the kinds that
 * the number stands for; the plan, with "set NUMBER" before and "child PID" after it,
 * and the launch. Each list can be carried out: what is read is open then.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/launch/flight.h"
#include "lib/plan/shown.h"
#include "lib/spawn.h"
#include "names.h"

#define KINDS 6	/* all but the terminal's */
#define MOST 8

static char *arguments[2];
static char *nothing[] = {NULL};
static char null[] = "/dev/null", usr[] = "/usr", made[] = "plan.made";

/* xorshift: the same everywhere */
static unsigned random_state;

static unsigned next_random(unsigned below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

static const int numbers[] = {0, 1, 2, 5, 6, 7, 8, 13, 70, 600, 700};
static const int directory = 9;

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* Which of them are open, after the actions so far */
static int is_open[NUMBERS], has_directory;

static void hold(const char *path, int number)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, number) < 0)
		exit(2);
	if (fd != number)
		close(fd);
}

static size_t pick_open(void)
{
	size_t i = next_random(NUMBERS), tries;

	for (tries = 0; tries < NUMBERS && !is_open[i]; tries++)
		i = (i + 1) % NUMBERS;
	return i;
}

static void close_from(int from)
{
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		if (numbers[i] >= from)
			is_open[i] = 0;
	if (directory >= from)
		has_directory = 0;
}

static struct action generate(enum action_kind kind)
{
	size_t to = next_random(NUMBERS), from = pick_open();
	struct action action = {.kind = kind, .fd = numbers[to]};

	switch (kind) {
	case ACTION_CLOSE:
		is_open[to] = 0;
		break;
	case ACTION_COPY:
		if (!is_open[from])
			return generate(ACTION_OPEN);
		action.source = numbers[from];
		is_open[to] = 1;
		break;
	case ACTION_OPEN:
		action.path = next_random(3) ? null : made;
		action.flags = action.path == null ? O_RDWR : O_WRONLY | O_CREAT | O_TRUNC;
		action.flags |= next_random(4) ? 0 : O_CLOEXEC;
		action.mode = 0600;
		is_open[to] = 1;
		break;
	case ACTION_FCHDIR:
		if (!has_directory)
			return generate(ACTION_CHDIR);
		action.fd = directory;
		break;
	case ACTION_CHDIR:
		action.path = usr;
		break;
	default:
		close_from(action.fd);
	}
	return action;
}

/* A file is made where we are, which an action may have left */
static size_t generate_list(unsigned seed, struct action *list)
{
	size_t count, i;
	int has_moved = 0;

	random_state = 2463534242u + seed * 2654435761u;
	next_random(2);
	count = 2 + next_random(MOST - 1);
	for (i = 0; i < NUMBERS; i++)
		is_open[i] = numbers[i] != 70;
	has_directory = 1;
	for (i = 0; i < count; i++) {
		unsigned kind = i == 0 ? seed / KINDS % KINDS : i == 1 ? seed % KINDS
								     : next_random(KINDS);

		list[i] = generate((enum action_kind)kind);
		if (list[i].path == made && has_moved)
			list[i].path = null, list[i].flags = O_RDONLY;
		has_moved |= list[i].kind == ACTION_CHDIR || list[i].kind == ACTION_FCHDIR;
	}
	return count;
}

static int explain(const struct spu_options *options, const struct actions *actions)
{
	static const struct flag_name names[] = {CLONE_FLAG_NAMES(NAME_ROW)};
	struct launch launch;
	struct text text = {0};
	struct spu_error error;
	uint64_t flags;
	int exit_signal;
	char *shown;

	if (spu__open_launch(&launch, arguments, options, actions, FOR_EXPLAIN, NULL, &error) < 0 ||
	    spu__plan_launch(&launch) < 0)
		return -1;
	spu__add_text(&text, "method vfork\n   %-13s%s(", "clone",
		      spu__clone_flags(&launch, &flags, &exit_signal) ? "clone3" : "clone");
	spu__show_flags(&text, flags, names, sizeof(names) / sizeof(names[0]), "");
	spu__add_text(&text, ", exit_signal=%s)\n", exit_signal ? "SIGCHLD" : "0");
	launch.plan.start = (flags & KERNEL_CLONE_CLEAR_SIGHAND) != 0;
	spu__show_plan(&text, &launch.plan);
	spu__close_launch(&launch, 0);
	if (spu__take_text(&text, &shown) < 0)
		return -1;
	fputs(shown, stderr);
	free(shown);
	return 0;
}

static int launch(const struct spu_options *options, const struct actions *actions)
{
	struct spu_child child = SPU_CHILD_INIT;

	if (spu__spawn_by_actions(&child, arguments, options, actions) < 0)
		return 0;
	waitpid(child.pid, NULL, 0);
	return (int)child.pid;
}

int main(int argc, char *argv[])
{
	struct action list[MOST];
	struct actions actions = {.list = list};
	struct spu_options options = {.size = sizeof(options), .env = nothing,
				      .method = SPU_METHOD_VFORK, .leaks = SPU_LEAKS_ALLOW,
				      .flags = SPU_NO_PIDFD | SPU_KEEP_MASK};
	unsigned first, last;
	int before;
	size_t i;

	if (argc != 4 || sscanf(argv[2], "%u-%u", &first, &last) != 2)
		return 2;
	arguments[0] = argv[3];
	actions.path = argv[3];
	for (before = atoi(argv[1]); before > 1; before--)
		launch(&options, &actions);
	for (i = 3; i < NUMBERS; i++)
		if (numbers[i] != 70)
			hold("/dev/null", numbers[i]);
	hold("/", directory);
	for (; first <= last; first++) {
		actions.count = generate_list(first, list);
		options.leaks = next_random(2) ? SPU_LEAKS_ALLOW : SPU_LEAKS_CLOSE;
		options.pgroup = next_random(3) ? (struct spu_value){0, 0} : SPU_SET(0);
		fprintf(stderr, "set %u\n", first);
		if (explain(&options, &actions) != 0)
			return 1;
		fprintf(stderr, "child %d\n", launch(&options, &actions));
	}
	return 0;
}
