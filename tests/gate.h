/* SPDX-License-Identifier: MIT */
/*
 * A child held in its set-up: it opens a FIFO there that the library doesn't see
 * to be one, and waits until the gate is opened. Its cwd is scratch().
 */
#ifndef GATE_H
#define GATE_H

#include <dirent.h>
#include <fcntl.h>

#include "support.h"

/* The FIFO as such a child knows it. */
#define GATE "/proc/self/cwd/gate"

static inline const char *gate_path(void)
{
	static char path[PATH_MAX + 16];

	if (!path[0])
		snprintf(path, sizeof(path), "%s/gate", scratch());
	return path;
}

/* Before any thread uses it; any user may come through. */
static inline void make_gate(void)
{
	ck_assert_int_eq(mkfifo(gate_path(), 0666), 0);
	ck_assert_int_eq(chmod(gate_path(), 0666), 0);
}

/* Both ends: whoever opens it now or until this is closed goes on. */
static inline int open_gate(void)
{
	return open(gate_path(), O_RDWR | O_CLOEXEC);
}

/* Of a process in that state (0: in any), else -1. */
static inline pid_t parent_of(const char *pid, char wanted)
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
	return !wanted || state == wanted ? parent : -1;
}

/* It is a child, too. */
static inline int is_own_server(pid_t pid)
{
#ifdef BY_SERVER
	return pid == own_server()->process.pid;
#else
	(void)pid;
	return 0;
#endif
}

/* 0: there is none. */
static inline pid_t find_child(pid_t parent, char state)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (directory && !found && (entry = readdir(directory)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    !is_own_server(atoi(entry->d_name)) &&
		    parent_of(entry->d_name, state) == parent)
			found = atoi(entry->d_name);
	if (directory)
		closedir(directory);
	return found;
}

/* It sleeps, as one does that waits in open. */
static inline pid_t await_child_at_gate(pid_t parent)
{
	pid_t child;

	while (!(child = find_child(parent, 'S')))
		usleep(1000);
	return child;
}

#endif
