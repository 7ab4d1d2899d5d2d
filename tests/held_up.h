/* SPDX-License-Identifier: MIT */
/* A spawn server, or a child of one, that doesn't go on. */
#ifndef HELD_UP_H
#define HELD_UP_H

#include <stdatomic.h>
#include <sys/syscall.h>

#include "gate.h"
#include "lib/server/server.h"
#include "served.h"

static inline void stop_server(const struct spu_server *server)
{
	siginfo_t info;

	ck_assert_int_eq(kill(server->process.pid, SIGSTOP), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)server->process.pid, &info, WSTOPPED | WNOWAIT), 0);
}

/* Of that process a child that is none of these, and sleeps; 0. */
static inline pid_t find_other_child(pid_t parent, pid_t server, pid_t other)
{
	char path[64], text[32];
	pid_t found = 0;
	FILE *children;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	children = fopen(path, "re");
	ck_assert_ptr_nonnull(children);
	while (!found && fscanf(children, "%31s", text) == 1)
		if (atoi(text) != server && atoi(text) != other &&
		    parent_of(text, 'S') == parent)
			found = atoi(text);
	fclose(children);
	return found;
}

/* Where the kernel doesn't tell, it is taken for granted. */
static inline int is_in_open(pid_t pid)
{
	char path[64], call[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "re");
	if (file && !fgets(call, sizeof(call), file))
		call[0] = '\0';
	if (file)
		fclose(file);
	return !call[0] || atoi(call) == SYS_openat;
}

/* A served child that waits at the gate; 0, where the launch is over. */
static inline pid_t await_served_child_at_gate(const struct spu_server *server, pid_t other,
					       atomic_int *is_over)
{
	pid_t child;

	while (!(child = find_other_child(getpid(), server->process.pid, other)) ||
	       !is_in_open(child)) {
		if (atomic_load(is_over))
			return 0;
		usleep(1000);
	}
	return child;
}

#endif
