/* SPDX-License-Identifier: MIT */
/*
 * Runs a command and its first fork child by single steps, up to the child's exec: a line
 * "FILE OFFSET" for each instruction of a file that was executed there, each once. What
 * breakpoints find is compared with it.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/arch.h"

#define SLOTS (1u << 20)
#define STEPS_MAX 2000000

static uint64_t seen[SLOTS];
static struct {
	uint64_t start, end, offset;
	char name[256];
} maps[256];
static int map_count;

static void read_maps(pid_t pid)
{
	char path[32], line[512], rights[8];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	file = fopen(path, "re");
	while (file && map_count < 256 && fgets(line, sizeof(line), file))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %255s",
			   &maps[map_count].start, &maps[map_count].end, rights,
			   &maps[map_count].offset, maps[map_count].name) == 5 && rights[2] == 'x' &&
		    maps[map_count].name[0] == '/')
			map_count++;
	if (file)
		fclose(file);
}

static void note(uint64_t pc)
{
	size_t slot = (size_t)(pc * UINT64_C(0x9e3779b97f4a7c15) >> 44) & (SLOTS - 1);

	while (seen[slot] && seen[slot] != pc)
		slot = (slot + 1) & (SLOTS - 1);
	if (seen[slot])
		return;
	seen[slot] = pc;
	for (int i = 0; i < map_count; i++)
		if (pc >= maps[i].start && pc < maps[i].end)
			printf("%s %" PRIu64 "\n", maps[i].name,
			       pc - maps[i].start + maps[i].offset);
}

static uint64_t pc_of(pid_t pid)
{
#ifdef ARCH_PC
	struct user_regs_struct registers;
	struct iovec vector = {&registers, sizeof(registers)};

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector) < 0 ? 0 : registers.ARCH_PC;
#else
	(void)pid;
	return 0;
#endif
}

int main(int argc, char **argv)
{
	const long events = PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
			    PTRACE_O_EXITKILL;
	pid_t command, child = 0, pid;
	long steps = 0;
	int status;

	if (argc < 2)
		return 2;
	command = fork();
	if (command == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	waitpid(command, &status, 0);
	ptrace(PTRACE_SETOPTIONS, command, 0, events);
	ptrace(PTRACE_CONT, command, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		unsigned long message;
		int number = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

		if (pid < 0 || !WIFSTOPPED(status))
			continue;
		if (status >> 16 == PTRACE_EVENT_FORK && !child) {
			ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
			child = (pid_t)message;
			read_maps(child);
		}
		if (pid == child && status >> 16 == PTRACE_EVENT_EXEC)
			child = -1;
		if (status >> 16 || number == SIGTRAP || number == SIGSTOP)
			number = 0;
		if (pid == child) {
			note(pc_of(pid));
			if (++steps > STEPS_MAX)
				return 3;
		}
		ptrace(pid == child ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, 0, number);
	}
	return 0;
}
