/* SPDX-License-Identifier: MIT */
#include "permission.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

/* 0 where there is no Yama. */
static int read_yama(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	return scope;
}

/* The kernel gives the files of a process that isn't dumpable to root. */
static int is_undumpable(pid_t pid, const struct process_status *status)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return stat(path, &st) == 0 && st.st_uid != status->effective_uid;
}

void permission_explain(pid_t pid, char *ret, size_t size)
{
	struct process_status status, tracer;
	struct process process;
	int yama = read_yama();

	if (process_status(pid, 0, &status) < 0 || process_read(pid, &process) < 0 ||
	    !process_living(pid))
		snprintf(ret, size, "it has ended");
	else if (process.flags & PROCESS_KERNEL_THREAD)
		snprintf(ret, size, "it is a kernel thread");
	else if (pid == getpid())
		snprintf(ret, size, "it is the one that asks");
	else if (status.tracer && process_status(status.tracer, 0, &tracer) == 0 &&
		 tracer.group != getpid())	/* it is a thread that traces */
		snprintf(ret, size, "process %d traces it already", (int)tracer.group);
	else if (geteuid() != 0 && status.uid != geteuid())
		snprintf(ret, size, "it belongs to user %u: ask as that user or as root",
			 (unsigned)status.uid);
	else if (yama == 3)
		snprintf(ret, size,
			 "kernel.yama.ptrace_scope is 3: nobody may, until the next boot");
	else if (geteuid() != 0 && is_undumpable(pid, &status))
		snprintf(ret, size,
			 "it isn't dumpable (set-user-ID, or its own wish): ask as root");
	else if (yama && geteuid() != 0)
		snprintf(ret, size, "kernel.yama.ptrace_scope is %d: ask as root, or allow it with "
			 "sysctl kernel.yama.ptrace_scope=0", yama);
	else
		snprintf(ret, size, "refused by the kernel: CAP_SYS_PTRACE is missing, or a "
			 "sandbox or security module forbids it");
}
