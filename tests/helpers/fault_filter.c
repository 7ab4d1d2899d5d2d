/* SPDX-License-Identifier: MIT */
/*
 * fault_filter CALL=ERRNO... -- PROGRAM [ARG...]
 *
 * Runs PROGRAM where these system calls are refused, by a filter as sandboxes
 * have them; with KILL for ERRNO they end the process that makes them.
 * A name with a hyphen refuses the call with that argument only, "waitid-pidfd"
 * waitid(P_PIDFD); "clone3-ours" those that pass the structure's first size, as
 * our library does and glibc doesn't. Status 77: no filter can be had.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "arch/arch.h"

#if defined(__has_include)
#if __has_include(<linux/seccomp.h>) && __has_include(<linux/filter.h>)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#define HAS_FILTERS 1
#endif
#endif

#ifndef HAS_FILTERS

int main(void)
{
	return 77;
}

#else

#ifndef SYS_fork	/* newer processors have only clone */
#define SYS_fork 1079
#endif
#ifndef SYS_vfork
#define SYS_vfork 1071
#endif

static const struct {
	const char *name;
	unsigned number;
	int argument;		/* which of them is looked at, or -1 */
	unsigned mask, value;	/* what its bits must be */
} calls[] = {
	{"clone", SYS_clone, -1, 0, 0},
	{"clone-pidfd", SYS_clone, 0, 0x1000, 0x1000},
	{"clone3", SYS_clone3, -1, 0, 0},
	{"clone3-ours", SYS_clone3, 1, ~0u, 64},
	{"close_range", SYS_close_range, -1, 0, 0},
	{"close_range-cloexec", SYS_close_range, 2, 4, 4},
	{"close_range-unshare", SYS_close_range, 2, 2, 2},
	{"fork", SYS_fork, -1, 0, 0},
	{"getdents64", SYS_getdents64, -1, 0, 0},
	{"kcmp", SYS_kcmp, -1, 0, 0},
	{"landlock_create_ruleset", SYS_landlock_create_ruleset, -1, 0, 0},
	{"pidfd_getfd", SYS_pidfd_getfd, -1, 0, 0},
	{"pidfd_open", SYS_pidfd_open, -1, 0, 0},
	{"pidfd_send_signal", SYS_pidfd_send_signal, -1, 0, 0},
	{"process_vm_readv", SYS_process_vm_readv, -1, 0, 0},
	{"ptrace", SYS_ptrace, -1, 0, 0},
	{"ptrace-call", SYS_ptrace, 0, ~0u, 0x420e},	/* PTRACE_GET_SYSCALL_INFO */
	{"rt_sigpending", SYS_rt_sigpending, -1, 0, 0},
	{"setsid", SYS_setsid, -1, 0, 0},
	{"vfork", SYS_vfork, -1, 0, 0},
	{"waitid", SYS_waitid, -1, 0, 0},
	{"waitid-pidfd", SYS_waitid, 0, ~0u, 3},
};

static const struct {
	const char *name;
	unsigned answer;
} answers[] = {
	{"EPERM", SECCOMP_RET_ERRNO | EPERM}, {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
	{"EINVAL", SECCOMP_RET_ERRNO | EINVAL}, {"E2BIG", SECCOMP_RET_ERRNO | E2BIG},
	{"ENOMEM", SECCOMP_RET_ERRNO | ENOMEM}, {"EMFILE", SECCOMP_RET_ERRNO | EMFILE},
	{"KILL", SECCOMP_RET_KILL_PROCESS},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct sock_filter program[128];
static unsigned short length;

static void add(struct sock_filter instruction)
{
	program[length++] = instruction;
}

static void load(size_t offset)
{
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static int refuse(const char *text)
{
	const char *sign = strchr(text, '=');
	size_t call, answer, name_length = sign ? (size_t)(sign - text) : 0;

	for (call = 0; call < COUNT(calls); call++)
		if (strlen(calls[call].name) == name_length &&
		    strncmp(calls[call].name, text, name_length) == 0)
			break;
	for (answer = 0; answer < COUNT(answers); answer++)
		if (sign && strcmp(answers[answer].name, sign + 1) == 0)
			break;
	if (call == COUNT(calls) || answer == COUNT(answers))
		return -1;
	load(offsetof(struct seccomp_data, nr));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[call].number, 0,
					 calls[call].argument < 0 ? 1 : 4));
	if (calls[call].argument >= 0) {
		/* its lower half, which comes first on the machines that we know */
		load(offsetof(struct seccomp_data, args) + 8 * (size_t)calls[call].argument);
		add((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, calls[call].mask));
		add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[call].value, 0,
						 1));
	}
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answers[answer].answer));
	return 0;
}

int main(int argc, char *argv[])
{
	struct sock_fprog filter = {.filter = program};
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (refuse(argv[i]) < 0) {
			fprintf(stderr, "fault_filter: %s\n", argv[i]);
			return 2;
		}
	if (i + 1 >= argc)
		return 2;
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	filter.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return 77;
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}

#endif
