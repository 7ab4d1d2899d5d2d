/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "exit_status.h"

/* What a process's own directory in /proc says; that stays its own, whoever has the number. */
struct process {
	int directory;
	struct identity identity;
	pid_t parent;
	char state;
};

static void *grow(void *array, size_t count, size_t size)
{
	/* By doubling: at each power of two */
	if (count & (count - 1))
		return array;
	array = reallocarray(array, count ? 2 * count : 1, size);
	if (!array)
		die_errno(EXIT_SETUP, ENOMEM, "list of processes");
	return array;
}

static void add(struct identities *to, const struct identity *identity)
{
	to->items = grow(to->items, to->count, sizeof(*to->items));
	to->items[to->count++] = *identity;
}

static int has(const struct identities *identities, const struct identity *identity)
{
	for (size_t i = 0; i < identities->count; i++)
		if (identities->items[i].pid == identity->pid &&
		    identities->items[i].start == identity->start)
			return 1;
	return 0;
}

/* ---- /proc ---- */

/* Fields 3, 4 and 22, behind a name that may hold anything. */
static int parse_stat(const char *stat, struct process *process)
{
	const char *end = strrchr(stat, ')');

	return end && sscanf(end + 1, " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			     "%*s %*s %*s %*s %llu", &process->state, &process->parent,
			     &process->identity.start) == 3 ? 0 : -1;
}

/* 0 and an open directory, or -1: it has ended. */
static int open_process(pid_t pid, struct process *ret)
{
	char path[32], stat[1024];
	ssize_t size = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	*ret = (struct process){.identity.pid = pid};
	ret->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->directory < 0)
		return -1;
	fd = openat(ret->directory, "stat", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = read(fd, stat, sizeof(stat) - 1);
		close(fd);
	}
	stat[size < 0 ? 0 : size] = '\0';
	if (parse_stat(stat, ret) == 0)
		return 0;
	close(ret->directory);
	return -1;
}

/* -1: it has ended. */
static pid_t parent_of(pid_t pid)
{
	struct process process;

	if (open_process(pid, &process) < 0)
		return -1;
	close(process.directory);
	return process.parent;
}

/* All numbers, ascending. */
static int list_processes(pid_t **ret, size_t *ret_count)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	long pid;

	*ret = NULL;
	*ret_count = 0;
	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		if (parse_long(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		*ret = grow(*ret, *ret_count, sizeof(**ret));
		(*ret)[(*ret_count)++] = (pid_t)pid;
	}
	closedir(proc);
	return 0;
}

/*
 * From the process up to us. Who loses its parent on the way is begun with again;
 * not for ever, since among numbers that are taken anew there can be a circle. Who
 * descends from one from before is remembered: it may be our child the next time.
 */
static int descends(struct tree *tree, const struct process *process)
{
	struct identity child = process->identity;
	pid_t self = getpid(), parent = process->parent;

	for (int steps = 0; steps < 10000; steps++) {
		struct process next;

		if (has(&tree->before, &child)) {
			if (child.pid != process->identity.pid)
				add(&tree->before, &process->identity);
			return 0;
		}
		if (parent == self)
			return 1;
		if (parent <= 1)
			return 0;
		if (open_process(parent, &next) < 0) {
			child = process->identity;
			parent = parent_of(child.pid);
			continue;
		}
		close(next.directory);
		child = next.identity;
		parent = next.parent;
	}
	return 0;
}

/* ---- Signals ---- */

/* A directory of /proc can be signalled (since Linux 5.1). */
static int signal_process(const struct process *process, int number)
{
	if (syscall(SYS_pidfd_send_signal, process->directory, number, NULL, 0) == 0)
		return 0;
	if (errno == ENOSYS && kill(process->identity.pid, number) == 0)
		return 0;
	return -errno;
}

/* Whether it was news to it. */
static int tell(struct tree *tree, const struct process *process, struct tree_left *left)
{
	int r;

	if (has(&tree->told, &process->identity))
		return 0;
	r = signal_process(process, tree->number);
	if (r == 0 && tree->number != SIGKILL)
		signal_process(process, SIGCONT);
	if (r == -EPERM) {
		left->refused++;
		left->one = process->identity.pid;
		return 0;
	}
	add(&tree->told, &process->identity);
	return 1;
}

/* Whether it got the signal, and for the first time. */
static int visit(struct tree *tree, pid_t pid, int number, struct tree_left *left)
{
	struct process process;
	int is_news = 0;

	if (open_process(pid, &process) < 0)
		return 0;
	if (descends(tree, &process)) {
		left->all++;
		if (process.state != 'Z' && process.state != 'X') {
			left->living++;
			is_news = number && tell(tree, &process, left);
		}
	}
	close(process.directory);
	return is_news;
}

/*
 * Parents first, so that none begins its next step when one has ended. Not for
 * ever: what forks and ends faster than all are looked at is met newest first.
 */
#define LOOKS_PARENTS_FIRST 3

/* How many got it for the first time. */
static int look(struct tree *tree, int number, struct tree_left *ret)
{
	int is_reversed = tree->looks++ >= LOOKS_PARENTS_FIRST, news = 0;
	pid_t *all;
	size_t count;

	*ret = (struct tree_left){.all = list_processes(&all, &count) < 0};
	for (size_t i = 0; i < count; i++)
		news += visit(tree, all[is_reversed ? count - 1 - i : i], number, ret);
	free(all);
	return news;
}

/* At once, whoever they belong to and however fast they fork. */
static void kill_group(struct tree *tree)
{
	if (tree->group_kill < 0)
		return;
	tree->is_group_killed = write(tree->group_kill, "1", 1) == 1;
	close(tree->group_kill);
	tree->group_kill = -1;
}

void tree_signal(struct tree *tree, int number, struct tree_left *ret)
{
	if (number == SIGKILL)
		kill_group(tree);
	if (number && number != tree->number) {
		tree->number = number;
		tree->told.count = 0;
		tree->looks = 0;
	}
	while (look(tree, number, ret) && tree->looks < LOOKS_PARENTS_FIRST)
		;
}

/* ---- The beginning ---- */

/* Is /proc there, and of our own pid namespace? */
static int proc_is_ours(void)
{
	char target[24];
	ssize_t length = readlink("/proc/self", target, sizeof(target) - 1);
	long pid;

	target[length < 0 ? 0 : length] = '\0';
	return parse_long(target, 1, INT32_MAX, &pid) == 0 && pid == getpid();
}

/* As a rule there are none, which costs no look at all processes. */
static void find_those_before(struct tree *tree)
{
	pid_t *all;
	struct process process;
	siginfo_t info;
	size_t count;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    list_processes(&all, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (open_process(all[i], &process) < 0)
			continue;
		if (descends(tree, &process))
			add(&tree->before, &process.identity);
		close(process.directory);
	}
	free(all);
}

/* Where in version 2's hierarchy we are, as /proc says it: "/a/b"; "" where it isn't there. */
static void find_own_group(char *ret, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[4096];

	*ret = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			snprintf(ret, size, "%s", line + 3);
	}
	if (file)
		fclose(file);
}

/*
 * Are we in the group, or below it? Where the hierarchy is mounted isn't asked: a
 * name that ends like that of a group around us is enough.
 */
static int is_around_us(const char *cgroup)
{
	char own[4096], *path = realpath(cgroup, NULL);
	size_t length = path ? strlen(path) : 0, end;
	int found = !path;

	find_own_group(own, sizeof(own));
	for (end = strlen(own); end > 1 && !found; end = (size_t)(strrchr(own, '/') - own)) {
		own[end] = '\0';
		found = length >= end && strcmp(path + length - end, own) == 0;
	}
	free(path);
	return found;
}

/* Version 2 has it since Linux 5.14. Without it they are ended one by one. */
static int open_group_kill(const char *cgroup)
{
	char path[PATH_MAX];

	if (!cgroup || is_around_us(cgroup) ||
	    snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup) >= (int)sizeof(path))
		return -1;
	return open(path, O_WRONLY | O_CLOEXEC);
}

int tree_begin(struct tree *tree, const char *cgroup)
{
	*tree = (struct tree){.group_kill = open_group_kill(cgroup)};
	if (!proc_is_ours()) {
		say("--kill-tree needs /proc, to find processes");
		return -ENOENT;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		say_errno(errno, "--kill-tree");
		return -EINVAL;
	}
	/* Now that none of their orphans gets away unseen */
	find_those_before(tree);
	return 0;
}
