/* SPDX-License-Identifier: MIT */
/*
 * Prints a plan in strace's notation. Knows how steps look, not how they are
 * made or carried out.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "launch.h"

struct flag {
	uint64_t bit;
	const char *name;
};

static const char *const step_names[] = {
#define ENTRY(kind, number, name) name,
	STEPS(ENTRY)
#undef ENTRY
};

static void print_string(FILE *out, const char *text)
{
	static const char escaped[] = "\"\\\t\n\v\f\r", letters[] = "\"\\tnvfr";

	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		const char *found = strchr(escaped, c);

		if (found)
			fprintf(out, "\\%c", letters[found - escaped]);
		else if (c < ' ' || c > '~')
			fprintf(out, text[1] >= '0' && text[1] <= '9' ? "\\%03o" : "\\%o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* What the table doesn't name is printed as a number, in octal or hex. */
static void print_flags(FILE *out, uint64_t flags, const struct flag *names, size_t count,
			const char *separator)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if ((flags & names[i].bit) != names[i].bit)
			continue;
		fprintf(out, "%s%s", separator, names[i].name);
		flags &= ~names[i].bit;
		separator = "|";
	}
	if (flags)
		fprintf(out, "%s%#llx", separator, (unsigned long long)flags);
}

static void print_open_flags(FILE *out, int flags)
{
	static const char *const modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
	static const struct flag names[] = {
#define FLAG(name) {name, #name}
		FLAG(O_CREAT), FLAG(O_EXCL), FLAG(O_NOCTTY), FLAG(O_TRUNC), FLAG(O_APPEND),
		FLAG(O_NONBLOCK), FLAG(O_SYNC), FLAG(O_DSYNC), FLAG(O_ASYNC), FLAG(O_DIRECT),
		/* musl's O_LARGEFILE is 0100000, glibc's 0 on 64-bit machines */
		{0100000, "O_LARGEFILE"},
		FLAG(O_NOFOLLOW), FLAG(O_NOATIME), FLAG(O_CLOEXEC), FLAG(O_PATH),
		FLAG(O_TMPFILE), FLAG(O_DIRECTORY),
	};

	fputs(modes[flags & O_ACCMODE], out);
	print_flags(out, (uint64_t)(flags & ~O_ACCMODE), names, sizeof(names) / sizeof(names[0]),
		    "|");
}

static void print_signal(FILE *out, int number)
{
	const char *name = spu__signal_name(number);

	if (*name)
		fprintf(out, "SIG%s", name);
	else if (number == 32)
		fputs("SIGRTMIN", out);	/* the kernel's: glibc keeps two for itself */
	else
		fprintf(out, "SIGRT_%d", number - 32);
}

static void print_mask(FILE *out, uint64_t mask)
{
	const char *separator = "";
	int number;

	/* strace shows a set with most bits on by what is missing in it */
	if (__builtin_popcountll(mask) >= KERNEL_SIGNALS * 2 / 3) {
		fputc('~', out);
		mask = ~mask;
	}
	fputc('[', out);
	for (number = 1; number <= KERNEL_SIGNALS; number++) {
		const char *name = spu__signal_name(number);

		if (!(mask & SPU_SIGNAL(number)))
			continue;
		fputs(separator, out);
		separator = " ";
		if (*name)
			fputs(name, out);
		else if (number == 32)
			fputs("RTMIN", out);
		else
			fprintf(out, "RT_%d", number - 32);
	}
	fputc(']', out);
}

static void print_argv(FILE *out, char *const *argv)
{
	const char *separator = "";

	fputc('[', out);
	for (; *argv; argv++) {
		fputs(separator, out);
		print_string(out, *argv);
		separator = ", ";
	}
	fputc(']', out);
}

static void print_exec(FILE *out, const struct plan *plan)
{
	size_t variables = 0, i;

	while (plan->env && plan->env[variables])
		variables++;
	for (i = 0; plan->candidates[i]; i++) {
		if (i > 0)
			fprintf(out, "   %-13s", "or");
		fputs("execve(", out);
		print_string(out, plan->candidates[i]);
		fputs(", ", out);
		print_argv(out, plan->argv);
		fprintf(out, ", /* %zu vars */)%s", variables, plan->candidates[i + 1] ? "\n" : "");
	}
}

/* The descriptor that openat or F_DUPFD gave, which isn't known beforehand, is N. */
static void print_fd(FILE *out, const struct step *step)
{
	if (step->link == LINK_SAVED)
		fputc('N', out);
	else
		fprintf(out, "%ld", step->arg[0]);
}

static void print_fcntl(FILE *out, const struct step *step)
{
	if (step->arg[1] == F_SETFD)
		fprintf(out, "fcntl(%ld, F_SETFD, %ld)", step->arg[0], step->arg[2]);
	else
		fprintf(out, "fcntl(%ld, F_DUPFD_CLOEXEC, %ld) = N", step->arg[0], step->arg[2]);
}

static void print_ioctl(FILE *out, const struct step *step)
{
	if (step->arg[1] == TIOCSCTTY)
		fprintf(out, "ioctl(%ld, TIOCSCTTY, 0)", step->arg[0]);
	else
		fprintf(out, "ioctl(%ld, TIOCSPGRP, [group])", step->arg[0]);
}

static void print_sigaction(FILE *out, const struct step *step)
{
	const struct kernel_sigaction *action = (const void *)step->arg[1];

	fputs("rt_sigaction(", out);
	print_signal(out, step->index);
	fprintf(out, ", {sa_handler=%s, sa_mask=[], sa_flags=0}, NULL, 8)",
		action->handler == (void *)SIG_IGN ? "SIG_IGN" : "SIG_DFL");
}

static void print_mode(FILE *out, long mode)
{
	fprintf(out, mode ? "%#03lo" : "000", mode);
}

static void print_openat(FILE *out, const struct step *step)
{
	fputs("openat(AT_FDCWD, ", out);
	print_string(out, (const char *)step->arg[1]);
	fputs(", ", out);
	print_open_flags(out, (int)step->arg[2]);
	if (step->arg[2] & O_CREAT || (step->arg[2] & O_TMPFILE) == O_TMPFILE) {
		fputs(", ", out);
		print_mode(out, step->arg[3]);
	}
	fputs(") = N", out);
}

static void print_cpus(FILE *out, const struct step *step)
{
	const uint64_t *cpus = (const uint64_t *)step->arg[2];
	const char *separator = "";
	int number;

	fprintf(out, "sched_setaffinity(0, %zu, [", CPU_WORDS * sizeof(*cpus));
	for (number = 0; number < CPU_WORDS * 64; number++) {
		if (!(cpus[number / 64] >> number % 64 & 1))
			continue;
		fprintf(out, "%s%d", separator, number);
		separator = " ";
	}
	fputs("])", out);
}

/* As strace has it: a multiple of 1024 is shown as one. */
static void print_limit_value(FILE *out, uint64_t value)
{
	if (value == UINT64_MAX)
		fputs("RLIM64_INFINITY", out);
	else if (value > 1024 && value % 1024 == 0)
		fprintf(out, "%llu*1024", (unsigned long long)value / 1024);
	else
		fprintf(out, "%llu", (unsigned long long)value);
}

static void print_limit(FILE *out, const struct step *step)
{
	const struct kernel_rlimit64 *limit = (const void *)step->arg[2];
	const char *name = spu__limit_name((int)step->arg[1]);

	fputs("prlimit64(0, RLIMIT_", out);
	for (; *name; name++)
		fputc(toupper((unsigned char)*name), out);
	fputs(", {rlim_cur=", out);
	print_limit_value(out, limit->current);
	fputs(", rlim_max=", out);
	print_limit_value(out, limit->max);
	fputs("}, NULL)", out);
}

static void print_groups(FILE *out, const struct step *step)
{
	const gid_t *groups = (const gid_t *)step->arg[1];
	const char *separator = "";
	long i;

	fprintf(out, "setgroups(%ld, [", step->arg[0]);
	for (i = 0; i < step->arg[0]; i++) {
		fprintf(out, "%s%u", separator, groups[i]);
		separator = ", ";
	}
	fputs("])", out);
}

static void print_prctl(FILE *out, const struct step *step)
{
	if (step->arg[0] == PR_SET_NO_NEW_PRIVS) {
		fputs("prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)", out);
		return;
	}
	fputs("prctl(PR_SET_PDEATHSIG, ", out);
	print_signal(out, (int)step->arg[1]);
	fputc(')', out);
}

static void print_close_range(FILE *out, const struct step *step)
{
	const char *flags = "0";

	if (step->arg[2] == KERNEL_CLOSE_RANGE_CLOEXEC)
		flags = "CLOSE_RANGE_CLOEXEC";
	else if (step->arg[2] == KERNEL_CLOSE_RANGE_UNSHARE)
		flags = "CLOSE_RANGE_UNSHARE";
	fprintf(out, "close_range(%ld, %ld, %s)", step->arg[0], step->arg[1], flags);
}

static void print_dup(FILE *out, const struct step *step)
{
	fputs("dup3(", out);
	print_fd(out, step);
	fprintf(out, ", %ld, %s)", step->arg[1], step->arg[2] ? "O_CLOEXEC" : "0");
}

/* A text, in which $ stands before a kind and the number of an argument, or a function. */
static const struct call {
	short number;
	const char *text;
	void (*print)(FILE *out, const struct step *step);
} calls[] = {
	{SYS_chdir, "chdir($s0)", NULL},
	{SYS_chroot, "chroot($s0)", NULL},
	{SYS_clone, "clone(flags=CLONE_VM|CLONE_VFORK|CLONE_CHILD_SETTID|SIGCHLD), "
		    "and that child goes on", NULL},
	{SYS_close, "close($n0)", NULL},
	{SYS_close_range, NULL, print_close_range},
	{SYS_dup3, NULL, print_dup},
	{SYS_fcntl, NULL, print_fcntl},
	{SYS_getppid, "getppid() is $d0 or 0", NULL},
	{SYS_ioctl, NULL, print_ioctl},
	{SYS_openat, NULL, print_openat},
	{SYS_pidfd_getfd, "pidfd_getfd($d0, $d1, 0) = N", NULL},
	{SYS_pidfd_open, "pidfd_open($d0, 0) = N", NULL},
	{SYS_prctl, NULL, print_prctl},
	{SYS_prlimit64, NULL, print_limit},
	{SYS_rt_sigaction, NULL, print_sigaction},
	{SYS_rt_sigpending, "rt_sigpending([], 8)", NULL},
	{SYS_rt_sigprocmask, "rt_sigprocmask(SIG_SETMASK, $b1, NULL, 8)", NULL},
	{SYS_sched_setaffinity, NULL, print_cpus},
	{SYS_setgroups, NULL, print_groups},
	{SYS_setpgid, "setpgid($d0, $d1)", NULL},
	{SYS_setpriority, "setpriority(PRIO_PROCESS, 0, $d2)", NULL},
	{SYS_setresgid, "setresgid($d0, $d1, $d2)", NULL},
	{SYS_setresuid, "setresuid($d0, $d1, $d2)", NULL},
	{SYS_setsid, "setsid()", NULL},
	{SYS_umask, "umask($m0)", NULL},
	{SYS_write, "write($d0, report, $d2)", NULL},
};

static void print_text(FILE *out, const struct step *step, const char *text)
{
	for (; *text; text++) {
		if (*text != '$') {
			fputc(*text, out);
			continue;
		}
		long argument = step->arg[text[2] - '0'];

		switch (text[1]) {
		case 'b':
			print_mask(out, *(const uint64_t *)argument);
			break;
		case 'm':
			print_mode(out, argument);
			break;
		case 'n':
			print_fd(out, step);
			break;
		case 's':
			print_string(out, (const char *)argument);
			break;
		default:
			fprintf(out, "%ld", argument);
		}
		text += 2;
	}
}

static void print_call(FILE *out, const struct plan *plan, const struct step *step)
{
	const struct call *call = calls;

	if (step->kind == STEP_EXEC) {
		print_exec(out, plan);
		return;
	}
	if (step->kind == STEP_HANDLERS) {
		fputs("rt_sigaction for each caught signal: SIG_DFL", out);
		return;
	}
	while (call->number != step->number)
		call++;
	if (call->print)
		call->print(out, step);
	else
		print_text(out, step, call->text);
	/* left out by the child where openat gave the right number at once */
	if (step->link == LINK_SAVED && step->arg[1] >= 0 && step->kind != STEP_MOVE)
		fprintf(out, " unless N is %ld", step->arg[1]);
}

static int print_clone(FILE *out, const struct launch *launch)
{
	static const struct flag names[] = {
		{KERNEL_CLONE_VM, "CLONE_VM"},
		{KERNEL_CLONE_FILES, "CLONE_FILES"},
		{KERNEL_CLONE_PIDFD, "CLONE_PIDFD"},
		{KERNEL_CLONE_VFORK, "CLONE_VFORK"},
		{KERNEL_CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID"},
		{KERNEL_CLONE_CLEAR_SIGHAND, "CLONE_CLEAR_SIGHAND"},
	};
	uint64_t flags;
	int exit_signal, is_clone3 = spu__clone_flags(launch, &flags, &exit_signal);

	fprintf(out, "   %-13s%s(", "clone", is_clone3 ? "clone3" : "clone");
	print_flags(out, flags, names, sizeof(names) / sizeof(names[0]), "");
	fprintf(out, ", exit_signal=%s)\n", exit_signal ? "SIGCHLD" : "0");
	return (flags & KERNEL_CLONE_CLEAR_SIGHAND) != 0;
}

static int print_plan(const struct launch *launch, FILE *out)
{
	const struct plan *plan = &launch->plan;
	int i, first;

	if (launch->options.method == SPU_METHOD_POSIX_SPAWN) {
		fputs("method posix_spawn\n", out);
		return spu__explain_posix_spawn(launch, out);
	}
	fputs("method vfork\n", out);
	first = print_clone(out, launch);
	for (i = first; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		fprintf(out, "%2d %-13s", i - first + 1, step_names[step->kind]);
		print_call(out, plan, step);
		fputc('\n', out);
	}
	return 0;
}

static int explain(char *const argv[], const struct spu_options *options, char **ret_text,
		   struct spu_error *ret_error)
{
	struct launch launch;
	char *text = NULL;
	size_t size;
	FILE *out;
	int r;

	r = spu__prepare(&launch, argv, options, FOR_EXPLAIN, ret_error);
	if (r < 0)
		return r;
	out = open_memstream(&text, &size);
	if (out) {
		r = print_plan(&launch, out);
		if (fclose(out) != 0 && r == 0)
			r = spu__error(ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "text");
	} else {
		r = spu__error(ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "text");
	}
	spu__dispose(&launch, 0);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	return 0;
}

int spu_explain(char *const argv[], const struct spu_options *options, char **ret_text,
		struct spu_error *ret_error)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = explain(argv, options, ret_text, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}
